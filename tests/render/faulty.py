"""The real narrator, with faults put into its takes."""

from collections.abc import Callable, Generator, Iterable, Sequence
from functools import cache, lru_cache

import numpy as np

from mayabook.core.resampling import resample
from mayabook.core.settings import NarratorSettings
from mayabook.core.take import Audio, Sampling, StopReason, Take, TakeRequest
from mayabook.engines.narrator import Narrator
from tests.checks.speaking import speech

Fault = Callable[[TakeRequest, Audio], Audio]
"""What becomes of a take; audio without a fault is the very same array."""
OTHER = "Every winter the children skated on the mill pond until the miller sent them home for supper."


@cache
def _narrator() -> Narrator:
    return Narrator(NarratorSettings(workers=1))


@lru_cache(maxsize=64)
def _narrated(text: str, voice: str, seed: int, speed: float) -> Audio:
    """The narrator's take. It depends on nothing else, so a text is spoken once for all tests."""
    (take,) = _narrator().generate([TakeRequest("", text, voice, seed, sampling={"speed": speed})])
    take.audio.setflags(write=False)
    return take.audio


class Faulty:
    """Fulfils `mayabook.engines.Engine`. spoken: every request that it answered. capped: texts whose takes end by a
    token cap. sample_rate: in Hz, of its takes."""

    def __init__(
        self, fault: Fault, name: str = "faulty", capped: Sequence[str] = (), sample_rate: int = Narrator.sample_rate
    ) -> None:
        self._capped, self.sample_rate, self._fault = capped, sample_rate, fault
        self.name, self.voice, self.credit = name, _narrator().voice, name
        self.identity, self.platform = f"{name} {_narrator().identity}", _narrator().platform
        self.spoken: list[TakeRequest] = []

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for request in requests:
            audio = _narrated(request.text, request.voice, request.seed, float(request.sampling["speed"]))
            self.spoken.append(request)
            stop = StopReason.CAP if request.text in self._capped else StopReason.END
            audio = resample(self._fault(request, audio), Narrator.sample_rate, self.sample_rate)
            yield Take(request, audio, self.sample_rate, stop, seconds=0.1)

    def sampling(self, attempt: int) -> Sampling:
        return {"speed": 1.0, "number": float(attempt)}

    def unsupported_reason(self, text: str) -> str | None:
        return None

    def close(self) -> None:
        pass  # the narrator serves all tests


def with_tail(audio: Audio) -> Audio:
    return np.concatenate([audio[: -len(audio) // 50], speech(OTHER)[: 24000 * 2]])


def another_text(audio: Audio) -> Audio:
    return speech(OTHER)
