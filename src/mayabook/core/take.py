"""A take, one attempt at speaking a chunk; what it was asked for, and what the engine sampled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono samples in -1 to 1, shape (n_samples,)."""


Sampling = Mapping[str, float | str]
"""Name -> value of the engine's sampling settings for one take."""


class StopReason(StrEnum):
    """What ended the generation of a take."""

    END = "end"
    """The engine ended the take itself: an end token, or the end of the text."""
    CAP = "cap"
    """The take reached its token cap, so it counts as truncated whatever it sounds like."""
    BUDGET = "budget"
    """The engine aborted the take because it exceeded the token budget of its text."""
    LOOP = "loop"
    """The engine aborted the take because its codes repeated."""
    NOT_FINITE = "not finite"
    """The logits contained NaN or infinity."""


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """What an engine is asked to speak.

    On one platform a take is a pure function of these fields, apart from `key`, and of `Engine.identity`.
    """

    key: str
    """Content key of the chunk in the ledger; the engine hands it back unread."""
    text: str
    """What to speak, after the lexicon."""
    voice: str
    """Name or description of the voice, as the engine takes it."""
    seed: int
    """Of the sampler, 32 bits."""
    attempt: int = 0
    """Number of the attempt at this chunk, from 0."""
    sampling: Sampling = field(default_factory=dict)
    """The engine's settings for this attempt (`Engine.sampling`)."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Codec tokens of a take, with the probabilities that the model gave at each step.

    The traces have one value for each sampled token, CODE_END included. They are of the model's own distribution over
    the audio ids, before repetition penalty, temperature and truncation.
    """

    frames: NDArray[np.int32]
    """Codes, shape (n_frames, 7)."""
    log_probability: NDArray[np.float16]
    """Natural logarithm of the probability of the token that was drawn, among the ids that its position in the frame
    allows."""
    entropy: NDArray[np.float16]
    """In nats, over the ids that the position in the frame allows."""
    removed: NDArray[np.float16]
    """Probability of all ids that the position in the frame does not allow, 0 to 1."""
    end_probability: NDArray[np.float16]
    """Probability of CODE_END, whether or not it could be drawn."""


@dataclass(frozen=True, slots=True)
class Take:
    """One attempt at speaking a text, as the engine made it."""

    request: TakeRequest
    audio: Audio
    sample_rate: int
    """Hz."""
    stop: StopReason
    seconds: float
    """Wall time of the generation."""
    codes: Codes | None = None
    """None for an engine without codec tokens."""
    detail: str = ""
    """More on why the take stopped, for a person; empty where `stop` says it all."""

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return len(self.audio) / self.sample_rate
