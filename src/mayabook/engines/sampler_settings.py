"""Settings of token sampling, and the presets by name."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from typing import Self

from mayabook.core.errors import EngineError
from mayabook.core.take import Sampling
from mayabook.maya.defaults import default

STAGES = frozenset({"penalty", "temperature", "top_k", "top_p", "min_p"})
DEFAULT_PRESET: str = default("preset")
FORMER_PRESET = "mayabook"
"""The default of versions that did not store a preset with the job."""


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """Settings of token sampling. Raises EngineError for a value out of range.

    The position mask comes first, then the stages in `order`.
    """

    temperature: float = 0.4
    """Divides the logits: 0.001 to 5; 0 takes the likeliest token."""
    top_k: int = 0
    """Likeliest tokens that are kept, and all that are as likely as the last of them; 0 is off."""
    top_p: float = 0.9
    """Probability mass of the likeliest tokens that are kept, above 0; 1 is off."""
    min_p: float = 0.0
    """A token is kept if it has at least this share of the likeliest token's probability, 0 to 1; 0 is off."""
    repetition_penalty: float = 1.1
    """Divides positive and multiplies negative logits of the ids in the window: 0.1 to 10; 1 is off."""
    penalty_window: int | str = "all"
    """Newest generated tokens that the penalty looks at, or `all`."""
    penalty_prompt: bool = True
    """Whether the penalty also looks at the ids of the prompt."""
    order: str = "penalty temperature top_k top_p min_p"
    """Names of the stages in the order in which they run, separated by spaces; a stage that is left out is off."""
    min_tokens: int = 28
    """Tokens before which CODE_END cannot be drawn."""
    max_tokens: int = 2048
    """Token cap of a take; 0 lets the length of the text decide."""

    def __post_init__(self) -> None:
        stages = self.order.split()
        checks = {
            "temperature": self.temperature == 0 or 0.001 <= self.temperature <= 5,
            "top_k": self.top_k >= 0,
            "top_p": 0 < self.top_p <= 1,
            "min_p": 0 <= self.min_p <= 1,
            "repetition_penalty": 0.1 <= self.repetition_penalty <= 10,
            "penalty_window": self.penalty_window == "all"
            or (isinstance(self.penalty_window, int) and self.penalty_window >= 0),
            "order": set(stages) <= STAGES and len(set(stages)) == len(stages),
            "min_tokens": self.min_tokens >= 0,
            "max_tokens": self.max_tokens == 0 or self.max_tokens >= max(1, self.min_tokens),
        }
        for name, good in checks.items():
            if not good:
                raise EngineError(
                    f"Sampler setting {name} is {getattr(self, name)!r}, which is out of range; see `mayabook make "
                    "--help-all`."
                )

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(self.order.split())

    @property
    def active(self) -> tuple[str, ...]:
        """The stages that have an effect at these values."""
        off = {
            "penalty": self.repetition_penalty == 1,
            "temperature": self.temperature in (0, 1),
            "top_k": self.top_k == 0,
            "top_p": self.top_p == 1,
            "min_p": self.min_p == 0,
        }
        return tuple(stage for stage in self.stages if not off[stage])

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return self.temperature == 0 and "temperature" in self.stages

    def as_sampling(self) -> Sampling:
        return asdict(self)

    @classmethod
    def of(cls, sampling: Mapping[str, float | str]) -> Self:
        """The settings in a request's `sampling`. Raises EngineError for an unknown name or a value out of range."""
        unknown = set(sampling) - {field.name for field in fields(cls)}
        if unknown:
            raise EngineError(f"Unknown sampler setting: {', '.join(sorted(unknown))}.")
        return cls(**sampling)  # type: ignore[arg-type]


def presets() -> dict[str, SamplerSettings]:
    """Every preset by name. `presets.toml` gives the reason and the measurements for each."""
    tables = tomllib.loads(files("mayabook.engines").joinpath("presets.toml").read_text(encoding="utf-8"))
    return {
        name: SamplerSettings.of({key: value for key, value in table.items() if key not in ("why", "evidence")})
        for name, table in tables.items()
    }


def preset(name: str) -> SamplerSettings:
    """Raises EngineError that lists the presets."""
    known = presets()
    if name not in known:
        raise EngineError(f"Unknown sampler preset {name!r}; choose one of: {', '.join(known)}.")
    return known[name]
