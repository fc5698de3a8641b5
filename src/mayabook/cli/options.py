"""Options that several commands share, and an option for each setting, generated from the settings models."""

import inspect
import logging
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from mayabook.core.events import Event, Note
from mayabook.core.setting_fields import SettingField, setting_fields
from mayabook.core.settings import Settings, load_settings
from mayabook.engines.registry import check_settings, other_settings_models

Command = Callable[..., None]

BookFile = Annotated[
    Path, typer.Argument(metavar="BOOK", help="The book: an EPUB or a plain text (.txt).", show_default=False)
]
Lexicon = Annotated[
    Path | None,
    typer.Option("--lexicon", metavar="FILE", help="TOML file whose table [words] says how words are pronounced."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line, for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Print a log of every step to stderr.")]
SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings", metavar="FILE", help="TOML file with settings; options on the command line take precedence."
    ),
]


def accept_settings(*tables: str, without: Collection[str] = ()) -> Callable[[Command], Command]:
    """Decorates a command that takes `settings: Settings`: gives it an option for each setting of `tables`.

    A flag that several tables have sets the setting of each of them. `--help` shows the options that most people use,
    `--help-all` every one with its range and default. Values are checked by the settings models. without: settings that
    get no option, such as `maya.model`.
    """
    every = [field for table in tables for field in setting_fields(table, settings_model(table))]
    fields = [field for field in every if field.full_name not in without]
    by_flag = _by_flag(fields)

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(*, settings_file: Path | None, help_all: bool, **given: Any) -> None:
            overrides: dict[str, dict[str, Any]] = {}
            for flag, sharing in by_flag.items():
                value = given.pop(_parameter_name(flag))
                for field in sharing if value not in (None, []) else ():
                    overrides.setdefault(field.table, {})[field.name] = value
            settings = load_settings(settings_file, overrides, _print_note)
            check_settings(settings)
            command(settings=settings, **given)

        generated = [
            *(_parameter(flag, sharing) for flag, sharing in by_flag.items()),
            _keyword("settings_file", SettingsFile, None),
            _keyword("help_all", _help_all(by_flag), False),
        ]
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in inspect.signature(command).parameters.values()
        ]
        at = next(place for place, parameter in enumerate(own) if parameter.name == "settings")
        run.__signature__ = inspect.Signature([*own[:at], *generated, *own[at + 1 :]])  # type: ignore[attr-defined]
        run.__annotations__ = {}
        return run

    return decorate


def log_to_stderr() -> None:
    """What --verbose does: prints the log of every module of MayaBook."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("mayabook")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _print_note(event: Event) -> None:
    if isinstance(event, Note):
        print(f"Note: {event.text}", file=sys.stderr)


def settings_model(table: str) -> Any:
    """The model of a table of settings."""
    own = Settings.model_fields.get(table)
    return own.annotation if own is not None else other_settings_models()[table]


def _by_flag(fields: Sequence[SettingField]) -> dict[str, list[SettingField]]:
    by_flag: dict[str, list[SettingField]] = {}
    for field in fields:
        by_flag.setdefault(field.flag, []).append(field)
    return by_flag


def _parameter_name(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _keyword(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _parameter(flag: str, sharing: Sequence[SettingField]) -> inspect.Parameter:
    """The option as a parameter that Typer reads; None and an empty list mean that it was not given."""
    field = sharing[0]
    option = typer.Option(
        f"{flag}/--no-{flag.removeprefix('--')}" if field.kind == "switch" else flag,
        help=_help(sharing),
        metavar=_metavar(field) or None,
        show_default=False,
        hidden=not any(each.common for each in sharing),
    )
    types: Mapping[str, Any] = {"switch": bool, "list": list[str]}
    return _keyword(_parameter_name(flag), Annotated[types.get(field.kind, str) | None, option], None)


def _metavar(field: SettingField) -> str:
    if field.kind == "switch":
        return ""
    return "NUMBER" if field.kind in ("number", "whole number") else "VALUE" if field.values else "TEXT"


def _help(sharing: Sequence[SettingField]) -> str:
    """The description, and in brackets the accepted values and the default; each table's where they differ."""
    field = sharing[0]
    defaults = {each.default for each in sharing}
    default = ", ".join(f"{each.default} ({each.table})" for each in sharing) if len(defaults) > 1 else field.default
    if field.kind == "switch" and default == "off":
        default = ""
    facts = ("repeatable" if field.kind == "list" else field.values, default and f"default {default}")
    in_brackets = "; ".join(filter(None, facts))
    return f"{field.description} [{in_brackets}]" if in_brackets else field.description


def _help_all(by_flag: Mapping[str, Sequence[SettingField]]) -> Any:
    def show(context: typer.Context, asked: bool) -> None:
        if asked:
            typer.echo(f"{context.get_help()}\n")
            typer.echo(_settings_help(context, [field for sharing in by_flag.values() for field in sharing]))
            raise typer.Exit

    return Annotated[
        bool,
        typer.Option(
            "--help-all", is_eager=True, callback=show, help="Show every setting with its range and default and exit."
        ),
    ]


def _settings_help(context: typer.Context, fields: Sequence[SettingField]) -> str:
    """Every setting, in a section for each table of a settings file."""
    formatter = context.make_formatter()
    tables = dict.fromkeys(field.table for field in fields)
    for table in tables:
        with formatter.section(f"[{table}] {' '.join(str(settings_model(table).__doc__).split()).rstrip('.')}"):
            rows = [(_usage(field), _help([field])) for field in fields if field.table == table]
            formatter.write_dl(rows)
    return formatter.getvalue()


def _usage(field: SettingField) -> str:
    if field.kind == "switch":
        return f"--[no-]{field.flag.removeprefix('--')}"
    return f"{field.flag} {_metavar(field)}"
