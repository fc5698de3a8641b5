"""One attempt at a chunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono samples in -1 to 1, shape (n_samples,)."""


class StopReason(StrEnum):
    END = "end"
    """The engine ended the take itself."""
    CAP = "cap"
    """The take ran into its token cap: it is truncated, whatever it sounds like."""
    LOOP = "loop"
    """The take was aborted because its codes repeated."""


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """key: names the chunk's content in the ledger; comes back on the take.

    sampling: the engine's settings for this attempt (`Engine.sampling`); a take is a pure function of these
    fields but `key`, and of the engine's `identity`.
    """

    key: str
    text: str
    voice: str
    seed: int
    attempt: int = 0
    sampling: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Take:
    """seconds: wall time that the generation took."""

    request: TakeRequest
    audio: Audio
    sample_rate: int
    stop: StopReason
    seconds: float

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return len(self.audio) / self.sample_rate
