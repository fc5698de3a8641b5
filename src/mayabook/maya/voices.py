"""Maya1's voices: presets by name, and descriptions in a user's own words."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from mayabook.core.errors import EngineError

DEFAULT_VOICE = "storyteller"


@dataclass(frozen=True, slots=True)
class Voice:
    """A preset voice."""

    name: str
    genre: str
    """What it suits."""
    description: str
    """The description in Maya1's prompt; ends with a full stop."""


def voices() -> dict[str, Voice]:
    """Every preset by name."""
    tables = tomllib.loads(files("mayabook.maya").joinpath("voices.toml").read_text(encoding="utf-8"))
    return {name: Voice(name, **table) for name, table in tables.items()}


def describe(voice: str) -> str:
    """The description of a preset; any text of several words is a description itself.

    Raises EngineError, which lists the presets, for a single word that is not one of them.
    """
    known = voices()
    if voice in known:
        return known[voice].description
    if len(voice.split()) < 2:
        raise EngineError(f"Unknown voice {voice!r}; choose one of: {', '.join(known)}; or describe one in a sentence.")
    return voice.strip()
