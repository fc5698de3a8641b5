"""The commands, each imported when it is run: `mayabook --help` loads none of them."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

SUMMARIES = {
    "make": "Turn a book into an audiobook and check every sentence.",
    "studio": "Open the studio in a browser: narrate, review and listen to books.",
    "serve": "Serve the studio and its REST API without opening a browser.",
    "inspect": "Show what would be narrated, what is left out and why, and how long it takes.",
    "review": "Go through the flagged chunks of an audiobook and decide.",
    "verify": "Find what is wrong in an audiobook that any tool made.",
    "doctor": "Show what this machine has and which engine it would use.",
    "voices": "List the voices for --voice, and the fields that describe others for Maya1.",
    "tune": "Find the best settings of a model on this machine.",
    "models": "Fetch, import, convert, check and remove speech models.",
    "engines": "Install, list and remove the environments of engines and tools.",
    "lab": "Run experiments on engines, formats and settings.",
}
"""Name of a command -> the first sentence of its help. Its module in this package has the same name, and holds a
function of that name or, for a group of commands, `app`."""


class _Commands(Mapping[str, TyperCommand | TyperGroup]):
    """Loads a command when it is asked for by name."""

    def __getitem__(self, name: str) -> Any:
        if name not in SUMMARIES:
            raise KeyError(name)
        module = import_module(f"mayabook.cli.{name}")
        group = getattr(module, "app", None)
        if group is None:
            group = typer.Typer(add_completion=False, rich_markup_mode=None)
            group.command(name)(getattr(module, name))
        return get_command(group)

    def __iter__(self) -> Iterator[str]:
        return iter(SUMMARIES)

    def __len__(self) -> int:
        return len(SUMMARIES)


COMMANDS = _Commands()


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = COMMANDS  # type: ignore[assignment]  # none is added later

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


app = typer.Typer(
    name="mayabook",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from mayabook.core.version import __version__

        print(f"mayabook {__version__}")
        raise typer.Exit


_VERSION = typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")


@app.callback()
def mayabook(version: Annotated[bool, _VERSION] = False) -> None:
    """Turn a book into an audiobook and prove that every sentence was spoken once, as written."""
