"""The real narrator, with faults put into its takes."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import hibari
import numpy as np

from mayabook.core.resampling import resample
from mayabook.core.settings import NarratorSettings
from mayabook.core.take import Audio, Sampling, StopReason, Take, TakeRequest
from mayabook.engines.narrator import Narrator

Fault = Callable[[TakeRequest, Audio], Audio]
"""What becomes of a take; audio without a fault is the very same array."""
OTHER = "Every winter the children skated on the mill pond until the miller sent them home for supper."


@lru_cache(maxsize=8)
def speech(text: str) -> Audio:
    audio: Audio = hibari.Hibari()(text, seed=0)
    return audio


class Faulty:
    """Fulfils `mayabook.engines.Engine`. spoken: every request that it answered. capped: texts whose takes end by a
    token cap. sample_rate: in Hz, of its takes."""

    def __init__(
        self, fault: Fault, name: str = "faulty", capped: Sequence[str] = (), sample_rate: int = Narrator.sample_rate
    ) -> None:
        self._capped, self.sample_rate = capped, sample_rate
        self._narrator, self._fault = Narrator(NarratorSettings(workers=1)), fault
        self.name, self.voice, self.credit = name, self._narrator.voice, name
        self.identity, self.platform = f"{name} {self._narrator.identity}", self._narrator.platform
        self.spoken: list[TakeRequest] = []

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for take in self._narrator.generate(requests):
            self.spoken.append(take.request)
            stop = StopReason.CAP if take.request.text in self._capped else take.stop
            audio = resample(self._fault(take.request, take.audio), take.sample_rate, self.sample_rate)
            yield replace(take, audio=audio, sample_rate=self.sample_rate, stop=stop)

    def sampling(self, attempt: int) -> Sampling:
        return {"speed": 1.0, "number": float(attempt)}

    def unsupported_reason(self, text: str) -> str | None:
        return None

    def close(self) -> None:
        self._narrator.close()


def with_tail(audio: Audio) -> Audio:
    return np.concatenate([audio[: -len(audio) // 50], speech(OTHER)[: 24000 * 2]])


def another_text(audio: Audio) -> Audio:
    return speech(OTHER)
