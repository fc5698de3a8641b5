"""What can be tuned of an engine, and the profile that `mayabook tune` writes and `mayabook make` uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from mayabook.core.errors import ModelError
from mayabook.core.files import write_text

Changes = Mapping[str, Mapping[str, Any]]
"""Settings table -> name -> value."""

LevelSettings = Mapping[str, Changes]
"""Factor -> settings of the level that was chosen."""
AGAIN = "measure again with `mayabook tune MODEL`, or delete it with `mayabook tune MODEL --remove`"
"""What to do about a profile that cannot be used."""
SLOTS = "slots"
"""Name of the factor that sets the number of batch rows, if an engine has it."""


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a factor."""

    name: str
    """Shown to users."""
    changes: Changes = field(default_factory=dict)
    """The settings that choose it; empty for what the engine does if they are left open."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A choice that `mayabook tune` makes, unless the user gives one of the settings that its levels change."""

    name: str
    levels: Sequence[Level]
    """The default first."""
    is_per_request: bool = True
    """Whether one opened engine makes the takes of all levels, since they differ in text or sampling only."""
    is_of_speed: bool = False
    """Whether its levels differ in speed only, and are chosen by `EnginePlugin.real_time_factor`."""


class TuningProfile(BaseModel):
    """The settings that a model was found to read best with on a machine, and what shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: Literal[1] = 1
    """Version of this format."""
    model: str
    """Name of the model."""
    engine: str
    """Name of the engine that it was measured on."""
    fingerprint: str
    """Of the weights of the chosen format (`EnginePlugin.fingerprint`)."""
    chosen: dict[str, str]
    """Factor -> name of the level that was chosen."""
    settings: dict[str, dict[str, dict[str, Any]]]
    """Factor -> settings of that level: table -> name -> value. A factor whose default was kept may be missing."""
    evidence: tuple[str, ...]
    """What the comparisons showed, a sentence or two for each factor."""
    n_takes: int
    """Takes with these settings."""
    n_rejected: int
    """Those that the checks rejected."""
    at_most: float
    """Upper bound of the share that is rejected, 95 % Wilson interval, clustered by passage."""
    word_error_rate: float
    """Of the transcripts of these takes."""
    tokens_per_second: float | None
    """Tokens of these takes per second of wall time, checks included; None for an engine without tokens."""
    real_time_factor: float | None
    """Seconds of speech per second of decoding, as `mayabook make` measures it; None if the engine does not say."""
    created: str
    """Date, ISO 8601."""
    seconds: float
    """Time that the measurement took."""
    platform: str
    """What computed: libraries, device, processor."""
    checks: str
    """Identity of the checks that judged the takes."""
    texts: str
    """Texts that were read."""
    program: str
    """Version of MayaBook."""

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises ModelError if the file is no profile."""
        try:
            return cls.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"The tuning profile {file} is damaged ({_first(error)}); {AGAIN}.") from error

    def write(self, file: Path) -> None:
        """Raises OutputError if it cannot be written."""
        write_text(file, self.model_dump_json(indent=1) + "\n")

    def require_weights(self, fingerprint: str, file: Path) -> None:
        """Raises ModelError unless the profile was measured on these weights. file: the profile's."""
        if fingerprint != self.fingerprint:
            raise ModelError(
                f"The tuning profile {file} was measured on other weights ({self.fingerprint}, these are "
                f"{fingerprint}); {AGAIN}."
            )

    @property
    def summary(self) -> str:
        """One line for a person."""
        chosen = ", ".join(f"{factor} {level}" for factor, level in self.chosen.items())
        rejected = f"{self.n_rejected} of {self.n_takes} takes were rejected (95 % upper bound {self.at_most:.0%})"
        return f"{self.model} is tuned ({self.created}): {chosen}; {rejected}"


def _first(error: Exception) -> str:
    """The first problem, in one line."""
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        return f"{'.'.join(map(str, problem['loc'])) or 'content'}: {problem['msg']}"
    return str(error)
