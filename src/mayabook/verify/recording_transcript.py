"""A whole recording heard: its words, where it is silent, and where there is voice that no word accounts for."""

import bisect
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.audio_loops import loop_score
from mayabook.checks.recogniser import RecognisedWord
from mayabook.checks.signal_checks import FRAME_SECONDS, quietest, voiced_frames
from mayabook.checks.thresholds import Thresholds
from mayabook.core.take import Audio
from mayabook.verify.recording import SAMPLE_RATE

FRAME_SAMPLES = round(FRAME_SECONDS * SAMPLE_RATE)
MIN_SILENCE_SECONDS = 0.1
"""Seconds; shorter silences are not kept."""
MIN_VOICED_SECONDS = 0.3
"""Seconds of voice in a window below which nothing is heard there: a recogniser makes words of silence."""

MAX_WORD_SECONDS, MAX_LETTER_SECONDS = 0.45, 0.09
"""What a word may take, and more for each letter."""
MIN_WORDLESS_SECONDS = 0.9
"""Seconds of voice without a word that are kept."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Seconds into the recording."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def shifted(self, seconds: float) -> "TimeSpan":
        return TimeSpan(self.start + seconds, self.end + seconds)


@dataclass(slots=True)
class RecordingTranscript:
    """words: in order, with times in the recording. wordless: voice of which the recogniser made nothing. repeated:
    where the audio repeats itself, the longest such stretch of each window. voice: by frame, see `voiced_frames`."""

    words: list[RecognisedWord] = field(default_factory=list)
    silences: list[TimeSpan] = field(default_factory=list)
    wordless: list[TimeSpan] = field(default_factory=list)
    loops: list[TimeSpan] = field(default_factory=list)
    is_voiced: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    duration: float = 0.0

    def longest_silence(self, low: float, high: float) -> TimeSpan | None:
        """Of those that reach into these seconds."""
        first = bisect.bisect_left(self.silences, low, key=lambda silence: silence.end)
        end = bisect.bisect_left(self.silences, high, key=lambda silence: silence.start)
        return max(self.silences[first:end], key=lambda silence: silence.seconds, default=None)


@dataclass(frozen=True, slots=True)
class _Window:
    words: list[RecognisedWord]
    loops: list[TimeSpan]
    is_voiced: NDArray[np.bool_]
    n_samples: int


Transcribe = Callable[[Audio, int], list[RecognisedWord]]
"""Samples and their rate in Hz -> words. Called from several threads."""


def transcribe_recording(
    blocks: Iterable[Audio], listen: Transcribe, thresholds: Thresholds, progress: Callable[[float], None]
) -> RecordingTranscript:
    """blocks: mono at SAMPLE_RATE. Holds a few windows of half a minute at a time. progress: seconds heard so far."""
    hearing = RecordingTranscript()
    voices: list[NDArray[np.bool_]] = []
    for window in _transcribe_windows(_cut_windows(blocks, thresholds), listen, thresholds):
        offset = hearing.duration
        hearing.words += [RecognisedWord(word.text, word.start + offset, word.end + offset) for word in window.words]
        hearing.wordless += [
            stretch.shifted(offset) for stretch in find_wordless_speech(window.is_voiced, window.words)
        ]
        hearing.loops += [stretch.shifted(offset) for stretch in window.loops]
        voices.append(window.is_voiced)
        hearing.duration += window.n_samples / SAMPLE_RATE
        progress(hearing.duration)
    if voices:
        hearing.is_voiced = np.concatenate(voices)
        hearing.silences = _silences(hearing.is_voiced)
    return hearing


def _cut_windows(blocks: Iterable[Audio], thresholds: Thresholds) -> Iterator[Audio]:
    """Cut where it is quietest, after a whole number of frames."""
    first, most = (
        round(seconds * SAMPLE_RATE) // FRAME_SAMPLES * FRAME_SAMPLES
        for seconds in (thresholds.hearing.cut_from, thresholds.hearing.window_seconds)
    )
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > most:
            end = (first + quietest(held[first:most], SAMPLE_RATE)) // FRAME_SAMPLES * FRAME_SAMPLES
            yield held[:end]
            held = held[end:]
    if len(held):
        yield held


def _transcribe_windows(windows: Iterable[Audio], listen: Transcribe, thresholds: Thresholds) -> Iterator[_Window]:
    """In order, several at once."""

    def window_of(audio: Audio) -> _Window:
        voice = voiced_frames(audio, SAMPLE_RATE, thresholds.signal)
        enough = np.count_nonzero(voice) * FRAME_SECONDS >= MIN_VOICED_SECONDS
        words = listen(audio, SAMPLE_RATE) if enough else []
        scores = loop_score(audio, SAMPLE_RATE, 0, thresholds.repeats) if enough else []
        repeated = [
            TimeSpan(score.start, score.end) for score in scores if score.start is not None and score.end is not None
        ]
        return _Window(words, repeated, voice, len(audio))

    n_threads = os.cpu_count() or 1
    waiting: deque[Future[_Window]] = deque()
    with ThreadPoolExecutor(n_threads, thread_name_prefix="hear") as pool:
        try:
            for audio in windows:
                waiting.append(pool.submit(window_of, audio))
                if len(waiting) > 2 * n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def find_wordless_speech(voice: NDArray[np.bool_], words: Sequence[RecognisedWord]) -> list[TimeSpan]:
    """Stretches of voice between words, in seconds from the start of both.

    A word is given no more time than it may take, whatever the recogniser says: it stretches words over what it does
    not understand.
    """
    found, at = [], 0.0
    length = len(voice) * FRAME_SECONDS
    for word in [*words, RecognisedWord("", length, length)]:
        gap = voice[round(at / FRAME_SECONDS) : round(word.start / FRAME_SECONDS)]
        voiced = np.flatnonzero(gap)
        if len(voiced) * FRAME_SECONDS >= MIN_WORDLESS_SECONDS:
            found.append(TimeSpan(at + float(voiced[0]) * FRAME_SECONDS, at + float(voiced[-1] + 1) * FRAME_SECONDS))
        longest = MAX_WORD_SECONDS + MAX_LETTER_SECONDS * len(word.text)
        at = max(at, min(word.end, word.start + longest))
    return found


def _silences(voice: NDArray[np.bool_]) -> list[TimeSpan]:
    edges = np.diff(np.concatenate([[True], voice, [True]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges == -1) * FRAME_SECONDS, np.flatnonzero(edges == 1) * FRAME_SECONDS
    long = ends - starts >= MIN_SILENCE_SECONDS
    return [TimeSpan(float(start), float(end)) for start, end in zip(starts[long], ends[long], strict=True)]
