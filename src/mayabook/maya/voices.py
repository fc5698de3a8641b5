"""Maya1's voices: presets by name, fields, and descriptions in a user's own words."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mayabook.core.errors import EngineError
from mayabook.maya.anchor import AnchoredVoice
from mayabook.maya.defaults import default
from mayabook.maya.saved_voices import read_saved_voice, save_voice, saved_names
from mayabook.maya.voice_fields import build_description, parse_fields

DEFAULT_VOICE: str = default("voice")
VERSION = 2
"""Version of the presets, which a job keeps: 1 are those of MayaBook 0.1."""
NO_VOICES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Voice:
    """A preset voice."""

    name: str
    genre: str
    """What it suits."""
    fields: Mapping[str, str]
    """Its fields, of those in `voice_fields`; `context` may be absent."""

    @property
    def description(self) -> str:
        """The description in Maya1's prompt; ends with a full stop."""
        return build_description(self.fields)


def voices() -> dict[str, Voice]:
    """Every preset by name."""
    return {name: Voice(name, table.pop("genre"), table) for name, table in _read("voices.toml").items()}


def descriptions(version: int = VERSION) -> dict[str, str]:
    """What the names of the presets stand for."""
    return _read("voices_0_1.toml") if version == 1 else {name: voice.description for name, voice in voices().items()}


def describe(voice: str, version: int = VERSION, own: Mapping[str, str] = NO_VOICES) -> str:
    """The description of a preset, a saved voice, or of fields; other text of several words is a description itself.

    Fields (`gender=male accent=british`) change a preset: the one that stands before them, else the default voice.
    version: of the presets. own: voices of the model itself, which come before the presets. Raises EngineError, which
    lists the voices, for a single word that is not one of them, and for fields that are not right.
    """
    name, fields = parse_fields(voice)
    known = {**descriptions(version), **own}
    if fields:
        presets = voices()
        if name and name not in presets:
            raise EngineError(f"Unknown voice {name!r} before the fields; choose one of: {', '.join(presets)}.")
        return build_description({**presets[name or DEFAULT_VOICE].fields, **fields})
    if voice in known:
        return known[voice]
    saved = read_saved_voice(voice)
    if saved is not None:
        return saved.description
    if len(voice.split()) < 2:
        names = ", ".join([*known, *saved_names()])
        raise EngineError(
            f"Unknown voice {voice!r}; choose one of: {names}; or describe one: "
            '--voice "gender=female age=30s accent=british"; see mayabook voices.'
        )
    return name


def save(name: str, voice: AnchoredVoice, *, replace: bool = False) -> Path:
    """Saves a voice and returns its file. Raises EngineError for what cannot be a name or is taken."""
    if name in voices():
        raise EngineError(f"The voice {name!r} is a preset; choose another name.")
    return save_voice(name, voice, replace=replace)


def _read(file: str) -> dict[str, Any]:
    return tomllib.loads(files("mayabook.maya").joinpath(file).read_text(encoding="utf-8"))
