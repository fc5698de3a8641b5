"""Plans: the settings of an experiment. A plan file is TOML with these names at its top level."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mayabook.core.errors import LabError
from mayabook.engines.sampler_settings import DEFAULT_PRESET
from mayabook.maya.voices import DEFAULT_VOICE


class Plan(BaseModel):
    """Settings that all experiments have."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    memoises: ClassVar[bool] = True
    """Whether takes with equal codes are decoded and checked only once."""
    caches_logits: ClassVar[bool] = True
    """Whether takes of a prompt that sample the same tokens share their logits, which are then computed once."""

    model: str = ""
    """Maya1 model: a name from `mayabook models list`, a folder or a .gguf file; empty takes the one that is here."""
    book: str = ""
    """EPUB whose chunks are spoken; empty takes the texts of the truth."""
    truth: str = ""
    """Archive of texts and their true codes (texts, frames, lengths); empty takes reference.npz beside the model."""
    voice: str = DEFAULT_VOICE
    """Maya1 voice: a name from `mayabook voices`, or a description in words."""
    preset: str = DEFAULT_PRESET
    """Sampler preset of takes whose settings are not what is varied."""
    cap: int = Field(default=0, ge=0)
    """Cap of these takes in tokens; 0 leaves the preset's."""
    takes: int = Field(default=200, ge=1, le=100_000)
    """Takes of each cell. Where the book has fewer chunks, they are spoken again with other seeds."""
    seed: int = Field(default=0, ge=0, lt=1 << 31)
    """Other numbers give all takes other seeds."""
    slots: int = Field(default=8, ge=1, le=1024)
    """Takes at once."""
    context: int = Field(default=4096, ge=256, le=131072)
    """Tokens of a slot, prompt and speech together."""
    asr_model: str = "tiny.en"
    """Whisper model that takes are heard with."""
    keep_audio: bool = False
    """Keep the audio of all takes, not of rejected ones alone: `listen` needs it."""

    @classmethod
    def load(cls, file: Path | None, given: Mapping[str, Any]) -> Self:
        """Builds a plan from the defaults, overridden by the file, overridden by `given`; None counts as not given.

        Raises LabError if the file cannot be read, a name is unknown or a value is invalid.
        """
        values: dict[str, Any] = {}
        if file is not None:
            try:
                values = tomllib.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise LabError(f"Cannot read the plan {file} ({error}); give a TOML file.") from error
        values |= {name: value for name, value in given.items() if value is not None}
        unknown = sorted(values.keys() - cls.model_fields.keys())
        if unknown:
            names = ", ".join(cls.model_fields)
            raise LabError(f"This plan has no {', '.join(unknown)}; it takes: {names}.")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise LabError(f"Plan, {name}: {first['msg']} (given: {first['input']!r}); change it.") from error
