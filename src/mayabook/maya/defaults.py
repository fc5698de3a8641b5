"""What is done with Maya1 where the settings leave it open, with the evidence for it: `defaults.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Default:
    """A default and why it is one."""

    value: Any
    evidence: str
    source: str
    """Where the evidence is from."""


@cache
def defaults() -> dict[str, Default]:
    """Every default by name."""
    tables = tomllib.loads(files("mayabook.maya").joinpath("defaults.toml").read_text(encoding="utf-8"))
    return {name: Default(**table) for name, table in tables.items()}


def default(name: str) -> Any:
    """The value of one default."""
    return defaults()[name].value
