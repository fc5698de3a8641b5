"""A worker of a cluster whose engine and checks sleep as long as a GPU would compute, for simulations of many workers.

Audio is noise as long as the spoken text would be, so what is encoded, sent and stored is as large as real takes are.
"""

import time
import zlib
from collections.abc import Callable, Generator, Iterable
from functools import cache

import numpy as np

from mayabook.checks import Checker
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.cluster.messages import EngineSpec
from mayabook.cluster.worker import Worker
from mayabook.core.chunk import Chunk
from mayabook.core.settings import Settings
from mayabook.core.take import Audio, Sampling, StopReason, Take, TakeRequest
from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict, WordMatch
from mayabook.engines import Engine, EngineChoice

SAMPLE_RATE = 24_000
CHARACTERS_PER_SECOND = 14.0
REJECTED = 0.05
"""Share of takes that the checks reject."""
CHECK_SECONDS = 0.25
"""Seconds of a check, as a share of the seconds in which the take was generated."""
TABLE = "simulation"
"""Settings table of the simulated engine: `real_time_factor`, seconds of speech per second."""


class SleepingEngine:
    """Implements `mayabook.engines.Engine`. A take is a pure function of its request."""

    name, voice, credit, identity, platform = "sleeping", "noise", "nobody", "sleeping 1", "simulated"
    fixed_speaker = "nobody"
    sample_rate = SAMPLE_RATE

    def __init__(self, real_time_factor: float) -> None:
        self._real_time_factor = real_time_factor

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for request in requests:
            audio = _noise(request.text, request.seed)
            seconds = len(audio) / SAMPLE_RATE / self._real_time_factor
            time.sleep(seconds)
            yield Take(request, audio, SAMPLE_RATE, StopReason.END, seconds)

    def sampling(self, attempt: int) -> Sampling:
        return {}

    def unsupported_reason(self, text: str) -> str | None:
        return None

    def close(self) -> None:
        pass


class SleepingChecker(Checker):
    """Rejects REJECTED of all takes, by a hash of their audio."""

    def __init__(self, real_time_factor: float) -> None:
        self.thresholds, self.identity = load_thresholds(), "sleeping 1"
        self._real_time_factor = real_time_factor

    def load(self) -> None:
        pass

    def check(
        self,
        take: Take,
        chunk: Chunk,
        decisive: frozenset[str] = frozenset(),
        voice: VoiceReference = UNKNOWN_VOICE,
        *,
        thorough: bool = True,
    ) -> Verdict:
        time.sleep(CHECK_SECONDS * take.duration / self._real_time_factor)
        words = chunk.text.split()
        accepted = zlib.crc32(take.audio.tobytes()) / 2**32 >= REJECTED
        finding = Finding(FindingKind.GARBLED, "simulated", 1.0, detector="simulation")
        aligned = tuple(AlignedWord(WordMatch.SAME, at, word, word) for at, word in enumerate(words))
        return Verdict(accepted, () if accepted else (finding,), chunk.text, aligned, 0, len(words))

    def reference_chunks(self, chunks: Iterable[Chunk]) -> list[int]:
        return []

    def measure_voice(self, takes: Iterable[tuple[Audio, int, Chunk]], *, with_speaker: bool = True) -> VoiceReference:
        return UNKNOWN_VOICE


class SleepingWorker(Worker):
    def open(self, spec: EngineSpec, note: Callable[[str], None]) -> tuple[Engine, EngineChoice, Checker]:
        factor = real_time_factor(spec.settings)
        return SleepingEngine(factor), EngineChoice(kind="sleeping"), SleepingChecker(factor)


def real_time_factor(settings: Settings) -> float:
    return float(settings.table(TABLE)["real_time_factor"])  # type: ignore[index]


@cache
def _bank() -> Audio:
    return np.random.default_rng(1).normal(0, 0.05, 120 * SAMPLE_RATE).astype(np.float32)


def _noise(text: str, seed: int) -> Audio:
    n_samples = round(len(text) / CHARACTERS_PER_SECOND * SAMPLE_RATE)
    start = zlib.crc32(f"{seed} {text}".encode()) % (len(_bank()) - n_samples)
    return _bank()[start : start + n_samples]
