"""One attempt at a chunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono samples in -1 to 1, shape (n_samples,)."""


Sampling = Mapping[str, float | str]
"""Names and values of an engine's settings for a take."""


class StopReason(StrEnum):
    END = "end"
    """The engine ended the take itself."""
    CAP = "cap"
    """The take ran into its token cap: it is truncated, whatever it sounds like."""
    LOOP = "loop"
    """The take was aborted because its codes repeated."""
    NOT_FINITE = "not finite"
    """The model gave NaN or infinite logits."""


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
    sampling: Sampling = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codes:
    """What an engine of speech codes sampled, and how sure it was.

    frames: shape (n_frames, 7). The traces have one value for each sampled token, CODE_END included, and are of the
    model's own distribution over the audio ids, before penalty, temperature and truncation:
    log_probability: natural logarithm, of the token that was drawn, among the ids that its slot allows.
    entropy: in nats, over the ids that the slot allows.
    removed: probability mass that the slot mask took away.
    end_probability: of CODE_END, whether or not it could be drawn.
    """

    frames: NDArray[np.int32]
    log_probability: NDArray[np.float16]
    entropy: NDArray[np.float16]
    removed: NDArray[np.float16]
    end_probability: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Take:
    """seconds: wall time that the generation took. codes: None for an engine without codes.

    detail: more on why it stopped, for a person; empty where there is no more to say.
    """

    request: TakeRequest
    audio: Audio
    sample_rate: int
    stop: StopReason
    seconds: float
    codes: Codes | None = None
    detail: str = ""

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return len(self.audio) / self.sample_rate
