"""Messages between the driver and a worker, besides tasks and takes."""

from dataclasses import dataclass
from functools import cached_property

from mayabook.core.errors import EngineError
from mayabook.core.settings import Settings
from mayabook.core.take import Sampling
from mayabook.core.verdict import Verdict
from mayabook.engines import EngineChoice
from mayabook.maya.anchor import Anchor
from mayabook.render.encoded_take import EncodedTake


class UnusableError(EngineError):
    """A worker cannot be used: it has no model, or another model, engine or checks than the first one, or its disk is
    full. The others go on without it."""


@dataclass(frozen=True)
class EngineSpec:
    """Which engine is wanted. Any worker can open that engine from it, so nothing is lost with a worker."""

    settings: Settings
    language: str
    """Code of the language, as in `Language`."""
    choice: EngineChoice | None
    """What an earlier run or another worker chose; None in a new job."""
    is_fallback: bool = False
    """Whether the engine is the one that `[retry] engine` names."""

    @cached_property
    def key(self) -> str:
        """Specs with the same key are served by the same engine."""
        choice = "" if self.choice is None else self.choice.model_dump_json()
        return f"{self.is_fallback} {self.language} {choice} {self.settings.model_dump_json()}"


N_ATTEMPTS = 21
"""One more than the most that the setting `retry.attempts` allows."""


@dataclass(frozen=True)
class CodecFacts:
    """The attributes of a `Codec`."""

    sample_rate: int
    codebook_size: int
    noise: bool
    identity: str
    platform: str


@dataclass(frozen=True)
class EngineFacts:
    """The attributes of an opened `Engine`."""

    choice: EngineChoice
    name: str
    sample_rate: int
    voice: str
    credit: str
    identity: str
    platform: str
    samplings: tuple[Sampling, ...]
    """`Engine.sampling` of N_ATTEMPTS attempts, from 0."""
    checks: str
    """`Checker.identity`."""
    n_in_flight: int
    """Tasks that keep a worker busy: as many takes being made as it makes at once, as many being checked, and some that
    wait. With more, takes would wait at one worker at the end of a book while others are idle."""
    fixed_speaker: str | None
    """As in `HasFixedSpeaker`; None where the engine is not one."""
    former_identities: tuple[str, ...] | None
    """As in `HasFormerIdentities`; None where the engine is not one."""
    codec: CodecFacts | None
    """None where the engine is not `Anchored`."""
    notes: tuple[str, ...]
    """Lines for a person, from opening the engine."""


@dataclass(frozen=True)
class Expected:
    """What a worker must have for its takes and verdicts to be those of any other."""

    identity: str
    """`Engine.identity`, with the anchor."""
    checks: str | None
    """`Checker.identity`; None where nothing is checked."""


@dataclass(frozen=True)
class EngineState:
    """The engine and the anchor that the takes of a run need."""

    spec: EngineSpec
    anchor: Anchor | None


@dataclass(frozen=True)
class Receipt:
    """A finished task. The audio stays on the worker's node until the driver has room for it."""

    take: EncodedTake | None
    """With no `flac`; None for a take that was only checked."""
    flac: tuple[object, ...]
    """The reference of `EncodedTake.flac`; empty without a take."""
    verdict: Verdict | None
