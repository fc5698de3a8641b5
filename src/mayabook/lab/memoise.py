"""The same codes are decoded once, and the same audio is heard once: most takes of most cells are the same.

What is remembered is a pure function of what it is remembered by, so rows do not change, only the time they take.
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
from mayabook.core.chunk import Chunk
from mayabook.core.take import Audio
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import Layout

MAX_DECODED_TAKES = 256
"""Of which the audio is remembered: some 1.5 MB each."""
MAX_CHECKED_TAKES = 4096
"""Pieces of audio of which is remembered what was heard."""

Value = TypeVar("Value")


class MemoTable(Generic[Value]):
    """The values used last, as many as it is allowed. May be used from several threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._known: OrderedDict[bytes, Value] = OrderedDict()

    def get(self, key: bytes, make: Callable[[], Value]) -> Value:
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
    """Fulfils `mayabook.maya.codec.Codec`."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._audio: MemoTable[NDArray[np.float32]] = MemoTable(MAX_DECODED_TAKES)
        self.sample_rate, self.codebook_size, self.noise = codec.sample_rate, codec.codebook_size, codec.noise
        self.identity = codec.identity

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        key = _digest(repr((frames.shape, list(seeds) if self.noise else None)), np.ascontiguousarray(frames, np.int32))
        return self._audio.get(key, lambda: self._codec.decode(frames, seeds))


@lru_cache(maxsize=1)
def memoised_codec(folder: Path, layout: Layout, device: str) -> MemoisedCodec:
    """Shared by all engines of a process, one after the other."""
    return MemoisedCodec(open_codec(folder, layout, device))


class MemoisedChecker(Checker):
    """What depends on codes and on how a take stopped is judged each time. All checkers of a process share what was
    heard."""

    _signal_scores: MemoTable[list[Score]] = MemoTable(MAX_CHECKED_TAKES)
    _examinations: MemoTable[Examination] = MemoTable(MAX_CHECKED_TAKES)

    def signal_scores(self, audio: Audio, sample_rate: int, chunk: Chunk) -> list[Score]:
        make = super().signal_scores
        return self._signal_scores.get(self._key(audio, sample_rate, chunk), lambda: make(audio, sample_rate, chunk))

    def word_scores(self, audio: Audio, sample_rate: int, chunk: Chunk) -> Examination:
        make = super().word_scores
        return self._examinations.get(self._key(audio, sample_rate, chunk), lambda: make(audio, sample_rate, chunk))

    def _key(self, audio: Audio, sample_rate: int, chunk: Chunk) -> bytes:
        return _digest(repr((self.identity, sample_rate, chunk.text, chunk.spoken)), audio)


def _digest(what: str, array: NDArray[np.generic]) -> bytes:
    return hashlib.sha256(what.encode() + b"\0" + np.ascontiguousarray(array).tobytes()).digest()
