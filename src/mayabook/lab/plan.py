"""Plans: the settings of an experiment. A plan file is TOML whose top-level keys are the field names."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mayabook.core.errors import LabError
from mayabook.engines.sampler_settings import DEFAULT_PRESET
from mayabook.maya.defaults import default
from mayabook.maya.voices import DEFAULT_VOICE


class Plan(BaseModel):
    """Settings that all experiments have."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    memoises: ClassVar[bool] = True
    """Whether takes with equal codes are decoded and checked only once."""
    caches_logits: ClassVar[bool] = True
    """Whether takes of a prompt that sample the same tokens share their logits, which are then computed once."""

    model: str = ""
    """Maya1 model: a name from `mayabook models list`, a folder or a .gguf file; empty uses the first installed one."""
    book: str = ""
    """EPUB whose chunks are synthesised; empty uses the texts of the reference archive (`truth`)."""
    max_seconds: float = Field(default=default("max_seconds"), ge=0)
    """Most seconds of speech in a chunk of `book`, as for `mayabook make`; 0 for no limit but that of characters."""
    truth: str = ""
    """Reference archive, an .npz file of texts and their true codes; empty uses reference.npz beside the model."""
    voice: str = DEFAULT_VOICE
    """Maya1 voice: a name from `mayabook voices`, or a description in words."""
    preset: str = DEFAULT_PRESET
    """Sampler preset of the takes, unless the experiment varies the sampler settings."""
    cap: int = Field(default=0, ge=0)
    """Maximum length of these takes in tokens; 0 keeps the preset's."""
    takes: int = Field(default=200, ge=1, le=100_000)
    """Takes of each cell. If there are fewer chunks, they are synthesised again with other seeds."""
    seed: int = Field(default=0, ge=0, lt=1 << 31)
    """Base seed, from which the seeds of all takes are derived."""
    slots: int = Field(default=8, ge=1, le=1024)
    """Batch rows: takes that the engine decodes at once."""
    context: int = Field(default=4096, ge=256, le=131072)
    """Context length of a batch row in tokens, prompt and speech together."""
    asr_model: str = "tiny.en"
    """Whisper model that the checks transcribe takes with."""
    keep_audio: bool = False
    """Keep the audio of all takes, not only of rejected ones. `mayabook lab listen` needs it."""

    @classmethod
    def load(cls, file: Path | None, given: Mapping[str, Any]) -> Self:
        """Merges the defaults, the file and `given`; later ones take precedence, and None counts as not given.

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
