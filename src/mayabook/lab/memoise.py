"""Memoises the codec and the checks: equal codes are decoded once, and equal audio is checked once.

Most takes are equal in most cells of an experiment. Memoised results are pure functions of their keys, so the rows are
the same as without memoisation.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mayabook.checks import Checker
from mayabook.checks.scoring import Examination, Score
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.core.chunk import Chunk
from mayabook.core.take import Audio
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import Layout

MAX_DECODED_TAKES = 256
"""Takes whose decoded audio is kept, about 1.5 MB each."""
MAX_CHECKED_TAKES = 4096
"""Takes whose scores are kept."""

Value = TypeVar("Value")


class MemoTable(Generic[Value]):
    """A least-recently-used cache of at most `most` values. May be used from several threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._known: OrderedDict[bytes, Value] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], Value]) -> Value:
        """The value of a key. `make` computes a missing one outside the lock, so two threads may compute the same."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        value = make()
        with self._lock:
            self._known[key] = value
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return value


class MemoisedCodec:
    """A `mayabook.maya.codec.Codec` that caches the audio of the codes decoded most recently.

    Seeds are part of the key only if the codec adds noise.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._audio: MemoTable[NDArray[np.float32]] = MemoTable(MAX_DECODED_TAKES)
        self.sample_rate, self.codebook_size, self.noise = codec.sample_rate, codec.codebook_size, codec.noise
        self.identity, self.platform = codec.identity, codec.platform

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        key = _digest(repr((frames.shape, list(seeds) if self.noise else None)), np.ascontiguousarray(frames, np.int32))
        return self._audio.get(key, lambda: self._codec.decode(frames, seeds))


@lru_cache(maxsize=1)
def memoised_codec(folder: Path, layout: Layout, device: str) -> MemoisedCodec:
    """Opens the codec in `folder`. All engines of a process share its cache."""
    return MemoisedCodec(open_codec(folder, layout, device))


class MemoisedChecker(Checker):
    """A `Checker` that caches the scores of audio. All checkers of a process share the cache.

    Scores that depend on a take's codes or on its stop reason are computed each time.
    """

    _signal_scores: MemoTable[list[Score]] = MemoTable(MAX_CHECKED_TAKES)
    _examinations: MemoTable[Examination] = MemoTable(MAX_CHECKED_TAKES)

    def signal_scores(
        self, audio: Audio, sample_rate: int, chunk: Chunk, voice: VoiceReference = UNKNOWN_VOICE
    ) -> list[Score]:
        make, key = super().signal_scores, self._key(audio, sample_rate, chunk) + voice.to_json().encode()
        return self._signal_scores.get(key, lambda: make(audio, sample_rate, chunk, voice))

    def word_scores(
        self,
        audio: Audio,
        sample_rate: int,
        chunk: Chunk,
        others: Sequence[Score] | None = None,
        description: str = "",
    ) -> Examination:
        make, key = super().word_scores, self._key(audio, sample_rate, chunk) + repr((others, description)).encode()
        return self._examinations.get(key, lambda: make(audio, sample_rate, chunk, others, description))

    def _key(self, audio: Audio, sample_rate: int, chunk: Chunk) -> bytes:
        """Key of a take's scores: checker, sample rate, texts and audio."""
        return _digest(repr((self.identity, sample_rate, chunk.text, chunk.spoken)), audio)


def _digest(what: str, array: NDArray[np.generic]) -> bytes:
    """SHA-256 of a description and an array's bytes."""
    return hashlib.sha256(what.encode() + b"\0" + np.ascontiguousarray(array).tobytes()).digest()
