"""What a settings model says of its fields: flag, meaning, range and default, for a command line, a form or a message.

A settings model documents each field by the text below it, and bounds it by pydantic's `Field`. All that a front end
needs is read from there, so a setting is described in one place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Option:
    """Written in the annotation of a field: `speed: Annotated[float, Option(common=True)] = 1.0`."""

    flag: str = ""
    """The command-line flag; empty for the field's name with dashes."""
    common: bool = False
    """Whether `--help` shows it; the other options are shown by `--help-all`."""


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting."""

    table: str
    """The table of a settings file that holds it."""
    name: str
    flag: str
    """Such as `--max-words`."""
    common: bool
    kind: Literal["switch", "list", "whole number", "number", "text"]
    values: str
    """What it takes, in words: `0.5 to 2`, `none, srt or vtt`; empty where any value of the kind is taken."""
    choices: tuple[str, ...]
    """The allowed values, if only certain values are allowed; else empty."""
    default: str
    """In words; empty where nothing is set by default."""
    description: str

    @property
    def full_name(self) -> str:
        """As in a settings file: `master.loudness`."""
        return f"{self.table}.{self.name}"

    @property
    def accepted(self) -> str:
        """The values that it takes, for a message: `a number, 0.5 to 2`."""
        if self.kind == "text":
            return self.values or "text"
        kinds = {"switch": "true or false", "list": "a list of texts"}
        return ", ".join(filter(None, (kinds.get(self.kind, f"a {self.kind}"), self.values)))


def setting_fields(table: str, model: type[BaseModel]) -> Iterator[SettingField]:
    """The fields of a settings model, in its order. table: its name in a settings file."""
    for name, field in model.model_fields.items():
        option = next((each for each in field.metadata if isinstance(each, Option)), Option())
        types = _types(field)
        yield SettingField(
            table=table,
            name=name,
            flag=option.flag or f"--{name.replace('_', '-')}",
            common=option.common,
            kind=_kind(types),
            values=", or ".join(filter(None, (_values(annotation, metadata) for annotation, metadata in types))),
            choices=_choices(types),
            default=_in_words(field.default),
            description=" ".join((field.description or "").split()),
        )


def _types(field: FieldInfo) -> list[tuple[Any, Sequence[Any]]]:
    """The types that a field takes, each with its bounds."""
    if get_origin(field.annotation) not in (Union, UnionType):
        return [(field.annotation, field.metadata)]
    members = [each for each in get_args(field.annotation) if each is not NoneType]
    return [
        (get_args(each)[0], _bounds(get_args(each)[1:])) if get_origin(each) is Annotated else (each, field.metadata)
        for each in members
    ]


def _bounds(metadata: Sequence[Any]) -> list[Any]:
    return [bound for each in metadata for bound in (each.metadata if isinstance(each, FieldInfo) else [each])]


def _kind(types: Sequence[tuple[Any, Sequence[Any]]]) -> Literal["switch", "list", "whole number", "number", "text"]:
    if len(types) > 1:
        return "text"
    annotation = types[0][0]
    if annotation is bool:
        return "switch"
    if get_origin(annotation) is tuple:
        return "list"
    return "whole number" if annotation is int else "number" if annotation is float else "text"


def _values(annotation: Any, metadata: Sequence[Any]) -> str:
    if get_origin(annotation) is Literal:
        return _or([str(value) for value in get_args(annotation)])
    low = high = ""
    for bound in metadata:
        if isinstance(bound, annotated_types.Ge):
            low = _in_words(bound.ge)
        elif isinstance(bound, annotated_types.Gt):
            low = f"more than {_in_words(bound.gt)}"
        elif isinstance(bound, annotated_types.Le):
            high = _in_words(bound.le)
    if low and high:
        return f"{low} to {high}" if low[0].isdigit() or low[0] == "-" else f"{low}, up to {high}"
    return f"{low} or more" if low and low[0] != "m" else low


def _choices(types: Sequence[tuple[Any, Sequence[Any]]]) -> tuple[str, ...]:
    if any(get_origin(annotation) is not Literal for annotation, _ in types):
        return ()
    return tuple(str(value) for annotation, _ in types for value in get_args(annotation))


def _or(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value in (None, "", ()):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
