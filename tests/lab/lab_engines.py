"""Engines for tests of the lab, with planted defects of known causes."""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from mayabook.core.chunk import Chunk
from mayabook.core.take import Codes, Sampling, StopReason, Take, TakeRequest
from mayabook.core.verdict import Finding, FindingKind, Verdict
from mayabook.engines.sampler_settings import preset
from mayabook.lab.trial_runner import TrialProgress

RATE = 24_000
TEXTS = [
    f"On day {number} the boat came in, and {what}."
    for number, what in enumerate(
        ["nobody was aboard", "Anna saw it", "it was dry", "the water rose", "we waited", "he left", "all slept"] * 4
    )
]

Defect = Callable[[TakeRequest, float], bool]
"""Whether a take is defective, from its request and a number in [0, 1) that depends on its text and seed."""
Leak = Callable[["PlantedEngine", TakeRequest], int]
"""State that a take depends on although it should not."""


class PlantedEngine:
    """Takes are half a second of a tone, or of silence if they are defective; codes depend on text, seed and leak."""

    name, sample_rate, voice, credit = "planted", RATE, "someone", "planted"
    identity, platform = "planted 1", "NumPy"

    def __init__(self, defect: Defect, leak: Leak) -> None:
        self._defect, self._leak = defect, leak
        self.n_before = 0
        """Takes since the model was loaded."""
        self.neighbour = ""
        """Text of the request before this one in the same call."""

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        self.neighbour = ""
        for request in requests:
            yield self._take(request)
            self.n_before += 1
            self.neighbour = request.text

    def _take(self, request: TakeRequest) -> Take:
        draw = np.random.Generator(np.random.Philox(key=request.seed + 1000 * self._leak(self, request)))
        silent = self._defect(request, float(draw.uniform()))
        frames = draw.integers(0, 256, (8, 7)).astype(np.int32)
        audio = np.sin(np.arange(RATE // 2, dtype=np.float32) / 20) * np.float32(0 if silent else 0.3)
        none = np.zeros(0, np.float16)
        return Take(request, audio, RATE, StopReason.END, 0.01, Codes(frames, none, none, none, none))

    def sampling(self, attempt: int) -> Sampling:
        return preset("mayabook").as_sampling()

    def unsupported_reason(self, text: str) -> str | None:
        return None

    def close(self) -> None:
        pass


def no_defect(request: TakeRequest, chance: float) -> bool:
    return False


def some_defects(request: TakeRequest, chance: float) -> bool:
    """A tenth of all takes, with any settings."""
    return chance < 0.1


def some_defects_when_hot(request: TakeRequest, chance: float) -> bool:
    """A fifth of the takes of a high temperature."""
    return float(request.sampling["temperature"]) > 0.8 and chance < 0.2


def scattered_defects(request: TakeRequest, chance: float) -> bool:
    """A seventh of all takes; which ones depends on all settings alike."""
    return crc32(f"{sorted(request.sampling.items())} {chance}".encode()) % 7 == 0


def long_chunks(request: TakeRequest, chance: float) -> bool:
    """Seven in ten of the takes of whole chunks."""
    return request.sampling.get("length") != "sentences" and chance < 0.7


def penalised(request: TakeRequest, chance: float) -> bool:
    """Half of the takes with a penalty over all tokens, a twentieth of the others."""
    return chance < (0.5 if request.sampling["penalty_window"] == "all" else 0.05)


def no_leak(engine: PlantedEngine, request: TakeRequest) -> int:
    return 0


def leaks_history(engine: PlantedEngine, request: TakeRequest) -> int:
    return engine.n_before


def leaks_neighbour(engine: PlantedEngine, request: TakeRequest) -> int:
    return len(engine.neighbour)


@dataclass(frozen=True)
class PlantedVariants:
    defect: Defect = no_defect
    leak: Leak = no_leak
    missing: Mapping[str, str] = field(default_factory=dict)
    identity: str = "planted model"

    def unavailable_reason(self, name: str) -> str | None:
        return self.missing.get(name)

    def open(self, name: str) -> PlantedEngine:
        return PlantedEngine(self.defect, self.leak)


class SilenceChecker:
    """Rejects silent audio."""

    identity, platform = "silence", "NumPy"

    def check(self, take: Take, chunk: Chunk) -> Verdict:
        silent = float(np.abs(take.audio).max()) < 1e-3
        found = (Finding(FindingKind.SILENT, "no sound", 1.0),) if silent else ()
        n_words = len(chunk.text.split())
        return Verdict(not silent, found, "" if silent else chunk.text, (), n_words if silent else 0, n_words)


class RecordingListener:
    """Records messages and progress; stops the run after some rows, as Ctrl-C does."""

    def __init__(self, stop_after: int = 0) -> None:
        self.messages: list[str] = []
        self.steps: list[TrialProgress] = []
        self._stop_after = stop_after

    def on_message(self, line: str) -> None:
        self.messages.append(line)

    def on_progress(self, progress: TrialProgress) -> None:
        self.steps.append(progress)
        if len(self.steps) == self._stop_after:
            raise KeyboardInterrupt
