"""Memoised results equal computed ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mayabook.checks import Checker
from mayabook.checks.recogniser import Transcription
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.settings import CheckSettings, NarratorSettings
from mayabook.core.take import Audio, Codes, StopReason, Take, TakeRequest
from mayabook.engines.narrator import Narrator
from mayabook.lab.experiments import EXPERIMENTS
from mayabook.lab.memoise import MemoisedChecker, MemoisedCodec, MemoTable
from mayabook.maya.frames import Frames

TEXT = "The lamp burned low, and nobody spoke for a while."
OTHER = "The lamp burned low, and nobody spoke for a year."


def chunk(text: str) -> Chunk:
    return Chunk(0, 1, (Sentence(text, Span(0, 0, len(text))),), text, Pause.PARAGRAPH)


@pytest.fixture(scope="module")
def take() -> Take:
    narrator = Narrator(NarratorSettings(workers=1))
    made = next(narrator.generate([TakeRequest("", TEXT, narrator.voice, 1, sampling=narrator.sampling(0))]))
    narrator.close()
    return made


@dataclass
class CountingCodec:
    n: int = 0
    sample_rate: int = 24000
    codebook_size: int = 256
    noise: bool = True
    identity: str = "counting"
    platform: str = "NumPy"

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        self.n += 1
        seed = seeds[0] if self.noise else 0
        return np.full((len(frames), frames.shape[1]), float(frames.sum()) + seed, np.float32)


def test_the_same_codes_and_seed_are_decoded_once() -> None:
    codec = CountingCodec()
    memoised = MemoisedCodec(codec)
    frames = np.arange(14, dtype=np.int32).reshape(1, 2, 7)
    first = memoised.decode(frames, [3])
    assert memoised.decode(frames.copy(), [3]) is first
    assert codec.n == 1
    assert memoised.decode(frames, [4])[0, 0] == first[0, 0] + 1
    assert memoised.decode(frames + 1, [3])[0, 0] == first[0, 0] + 14
    assert codec.n == 3


def test_where_seeds_change_nothing_the_same_codes_are_decoded_once() -> None:
    codec = CountingCodec(noise=False)
    memoised = MemoisedCodec(codec)
    frames = np.arange(14, dtype=np.int32).reshape(1, 2, 7)
    assert memoised.decode(frames, [4]) is memoised.decode(frames, [3])
    assert codec.n == 1


def test_the_oldest_is_forgotten_first() -> None:
    table: MemoTable[int] = MemoTable(2)
    made: list[bytes] = []

    def ask(key: bytes) -> int:
        return table.get(key, lambda: made.append(key) or len(made))  # type: ignore[func-returns-value]

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):
        ask(key)
    assert made == [b"a", b"b", b"c", b"b"]


def test_verdicts_are_those_of_a_checker_without_cache(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, ours = Checker(CheckSettings()), MemoisedChecker(CheckSettings())
    transcribed: list[int] = []
    transcribe = ours._recogniser.encode_and_transcribe

    def spy(audio: Audio, sample_rate: int) -> Transcription:
        transcribed.append(1)
        return transcribe(audio, sample_rate)

    monkeypatch.setattr(ours._recogniser, "encode_and_transcribe", spy)
    none = np.zeros(0, np.float16)
    off = Codes(np.zeros((0, 7), np.int32), none, none, np.full(9, 0.9, np.float16), none)
    kinds = {
        "as it is": (take, TEXT),
        "another text": (take, OTHER),
        "capped": (replace(take, stop=StopReason.CAP), TEXT),
        "off the grammar": (replace(take, codes=off), TEXT),
        "cut": (replace(take, audio=take.audio[: len(take.audio) // 2]), TEXT),
    }
    verdicts = {name: fresh.check(each, chunk(text)) for name, (each, text) in kinds.items()}
    for _ in range(2):
        for name, (each, text) in kinds.items():
            assert ours.check(each, chunk(text)) == verdicts[name], name
    assert len(transcribed) == 3  # as it is, beside another text, and cut
    assert {name: ours.check(*(each, chunk(text))).accepted for name, (each, text) in kinds.items()} == {
        "as it is": True,
        "another text": False,
        "capped": False,
        "off the grammar": False,
        "cut": False,
    }


def test_the_experiment_that_times_takes_makes_each_anew() -> None:
    assert [name for name, each in EXPERIMENTS.items() if not each.plan.memoises] == ["stress"]


def test_the_experiments_that_compare_or_time_takes_compute_all_logits() -> None:
    assert [name for name, each in EXPERIMENTS.items() if not each.plan.caches_logits] == ["isolate", "stress"]
