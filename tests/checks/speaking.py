"""Real speech for the tests of the checks: takes by the narrator's voice, and what is cut out of them."""

from functools import lru_cache

import hibari
import numpy as np

from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.take import Audio, StopReason, Take, TakeRequest

RATE = 24000


@lru_cache(maxsize=1)
def _voice() -> hibari.Hibari:
    return hibari.Hibari()


@lru_cache(maxsize=64)
def speech(text: str) -> Audio:
    audio = _voice()(text, seed=0)
    audio.setflags(write=False)
    return audio


def chunk_of(text: str, spoken: str = "") -> Chunk:
    return Chunk(0, 1, (Sentence(text, Span(0, 0, len(text))),), spoken or text, Pause.PARAGRAPH)


def take_of(audio: Audio, stop: StopReason = StopReason.END) -> Take:
    return Take(TakeRequest("", "", "heart", 0), np.array(audio, np.float32), RATE, stop, 0.1)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.float32)
