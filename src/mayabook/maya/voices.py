"""Voices by name, and voices described in one's own words."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from mayabook.core.errors import EngineError

DEFAULT_VOICE = "storyteller"


@dataclass(frozen=True, slots=True)
class Voice:
    """description: what Maya1 is told, ending with a full stop."""

    name: str
    genre: str
    description: str


def voices() -> dict[str, Voice]:
    """Every preset by name."""
    tables = tomllib.loads(files("mayabook.maya").joinpath("voices.toml").read_text(encoding="utf-8"))
    return {name: Voice(name, **table) for name, table in tables.items()}


def describe(voice: str) -> str:
    """The description of a preset, or the text itself where it is one: more than a word.

    Raises EngineError, naming the presets, for any other word.
    """
    known = voices()
    if voice in known:
        return known[voice].description
    if len(voice.split()) < 2:
        raise EngineError(
            f"There is no voice {voice!r}; choose one of: {', '.join(known)}; or describe one in a sentence."
        )
    return voice.strip()
