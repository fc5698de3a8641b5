"""Transcribes a whole recording: words, silences, loops, and voice that no word accounts for."""

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
from mayabook.checks.signal_checks import FRAME_SECONDS, quietest_sample, voiced_frames
from mayabook.checks.thresholds import Thresholds
from mayabook.core.take import Audio
from mayabook.verify.recording import SAMPLE_RATE

FRAME_SAMPLES = round(FRAME_SECONDS * SAMPLE_RATE)
MIN_SILENCE_SECONDS = 0.1
"""Shorter silences are not kept."""
MIN_VOICED_SECONDS = 0.3
"""A window with less voice is not transcribed: ASR hallucinates words in silence."""

MAX_WORD_SECONDS, MAX_LETTER_SECONDS = 0.45, 0.09
"""Longest duration of a word: so many seconds, plus these for each letter."""
MIN_WORDLESS_SECONDS = 0.9
"""Shorter stretches of voice without words are not kept."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """start, end: seconds into the recording."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def shifted(self, seconds: float) -> "TimeSpan":
        return TimeSpan(self.start + seconds, self.end + seconds)


@dataclass(slots=True)
class RecordingTranscript:
    """What was recognised in a recording, with times in the whole recording.

    words: in order. silences: of MIN_SILENCE_SECONDS or more. wordless: voice without recognised words. loops: where
    the audio repeats itself, the longest such span of each window. is_voiced: by frame of FRAME_SECONDS, see
    `voiced_frames`. duration: seconds.
    """

    words: list[RecognisedWord] = field(default_factory=list)
    silences: list[TimeSpan] = field(default_factory=list)
    wordless: list[TimeSpan] = field(default_factory=list)
    loops: list[TimeSpan] = field(default_factory=list)
    is_voiced: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    duration: float = 0.0

    def longest_silence(self, low: float, high: float) -> TimeSpan | None:
        """Longest silence that overlaps `low` to `high` (seconds); None if there is none."""
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
"""(samples, sample rate in Hz) -> recognised words. Called from several threads."""


def transcribe_recording(
    blocks: Iterable[Audio], transcribe: Transcribe, thresholds: Thresholds, progress: Callable[[float], None]
) -> RecordingTranscript:
    """Transcribes a recording window by window, several at once; memory holds a few windows of half a minute.

    blocks: mono samples at SAMPLE_RATE. progress: called with the seconds transcribed so far.
    """
    transcript = RecordingTranscript()
    voices: list[NDArray[np.bool_]] = []
    for window in _transcribe_windows(_cut_windows(blocks, thresholds), transcribe, thresholds):
        offset = transcript.duration
        transcript.words += [RecognisedWord(word.text, word.start + offset, word.end + offset) for word in window.words]
        transcript.wordless += [span.shifted(offset) for span in find_wordless_speech(window.is_voiced, window.words)]
        transcript.loops += [span.shifted(offset) for span in window.loops]
        voices.append(window.is_voiced)
        transcript.duration += window.n_samples / SAMPLE_RATE
        progress(transcript.duration)
    if voices:
        transcript.is_voiced = np.concatenate(voices)
        transcript.silences = _silences(transcript.is_voiced)
    return transcript


def _cut_windows(blocks: Iterable[Audio], thresholds: Thresholds) -> Iterator[Audio]:
    """Cuts windows where the audio is quietest, at frame boundaries."""
    first, most = (
        round(seconds * SAMPLE_RATE) // FRAME_SAMPLES * FRAME_SAMPLES
        for seconds in (thresholds.recognition.min_window_seconds, thresholds.recognition.max_window_seconds)
    )
    held = np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > most:
            end = (first + quietest_sample(held[first:most], SAMPLE_RATE)) // FRAME_SAMPLES * FRAME_SAMPLES
            yield held[:end]
            held = held[end:]
    if len(held):
        yield held


def _transcribe_windows(windows: Iterable[Audio], transcribe: Transcribe, thresholds: Thresholds) -> Iterator[_Window]:
    """Transcribes windows in parallel; yields them in order."""

    def window_of(audio: Audio) -> _Window:
        voice = voiced_frames(audio, SAMPLE_RATE, thresholds.signal)
        enough = np.count_nonzero(voice) * FRAME_SECONDS >= MIN_VOICED_SECONDS
        words = transcribe(audio, SAMPLE_RATE) if enough else []
        scores = loop_score(audio, SAMPLE_RATE, 0, thresholds.loops) if enough else []
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
    """Voice between words that no word accounts for; times count from the start of `voice`.

    A word gets no more than its longest plausible duration, whatever its timestamps say: ASR stretches words over what
    it does not understand.
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
