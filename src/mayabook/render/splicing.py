"""Audio derived from other takes: a tail trimmed off, sentences replaced, sentences joined."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mayabook.checks.mismatches import MATCHED
from mayabook.checks.signal_checks import quietest_sample
from mayabook.core.audio_edges import FadeShape, fade_edges, sound_bounds
from mayabook.core.chunk import Chunk
from mayabook.core.take import Audio
from mayabook.core.verdict import AlignedWord, Verdict
from mayabook.render.coverage_report import words_by_sentence
from mayabook.render.retry_policy import SentenceRange

FADE_SECONDS = 0.01
"""Fade at each cut, against clicks."""
PAUSE_SECONDS = 0.3
"""Silence between joined sentences."""
MARGIN_SECONDS = 0.06
"""Kept before and after the sound of a joined piece: soft consonants and decay lie there."""
_WORD_SECONDS, _LETTER_SECONDS = 0.3, 0.085
"""Longest plausible duration of a word: so much, and so much for each letter. ASR often stretches the last word over
trailing speech or noise."""
QUIET_SECONDS, _FRAME_SECONDS = 0.03, 0.005
"""A cut is made in the quietest stretch of QUIET_SECONDS, searched for in steps of _FRAME_SECONDS."""
_QUIET_DB = 20 * math.log10(0.02)
"""Level of a sample, below the peak of its piece, under which it is quiet."""


@dataclass(frozen=True, slots=True)
class TranscribedTake:
    """The audio of a take with its verdict, which has the transcript and the times of the words."""

    audio: Audio
    sample_rate: int
    verdict: Verdict


def trimmed(voice: TranscribedTake) -> Audio:
    """The take up to the quietest place after the last word of the text."""
    rows = [row for row in voice.verdict.words if row.index is not None]
    last = rows[-1]
    assert last.start is not None
    assert last.end is not None
    end = min(last.end, last.start + _WORD_SECONDS + _LETTER_SECONDS * len(last.expected))
    extra = [row.start for row in voice.verdict.words[voice.verdict.words.index(last) + 1 :] if row.start is not None]
    latest = max(end + 0.05, min([*extra, end + 0.4]))
    return _faded(voice.audio[: _quietest(voice, end - 0.1, latest)], voice.sample_rate)


def patched(voice: TranscribedTake, chunk: Chunk, pieces: Sequence[tuple[SentenceRange, Audio]]) -> Audio:
    """The take with each range of sentences replaced by its piece. pieces: in order, of the take's sample rate."""
    dealt = words_by_sentence(chunk, voice.verdict)
    parts: list[Audio] = []
    at = 0
    for (first, last), piece in pieces:
        start, end = _edge(voice, dealt, first), _edge(voice, dealt, last)
        parts += [voice.audio[at : max(at, start)], piece]
        at = max(at, end)
    return joined([*parts, voice.audio[at:]], voice.sample_rate)


def joined(pieces: Sequence[Audio], sample_rate: int) -> Audio:
    """The pieces one after the other, silence trimmed off their edges and a pause between them."""
    gap = np.zeros(round(PAUSE_SECONDS * sample_rate), np.float32)
    parts: list[Audio] = []
    for piece in (_bare(each, sample_rate) for each in pieces):
        if len(piece):
            parts += [gap, piece] if parts else [piece]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _edge(voice: TranscribedTake, dealt: Sequence[Sequence[AlignedWord]], sentence: int) -> int:
    """Sample at which a sentence begins: the quietest place between the words heard before it and its own."""
    if sentence == 0:
        return 0
    if sentence == len(dealt):
        return len(voice.audio)
    ends = [row.end for rows in dealt[:sentence] for row in rows if row.match in MATCHED and row.end is not None]
    starts = [row.start for rows in dealt[sentence:] for row in rows if row.match in MATCHED and row.start is not None]
    end = max(ends, default=0.0)
    start = min((each for each in starts if each >= end), default=len(voice.audio) / voice.sample_rate)
    return _quietest(voice, end - 0.1, max(start, end) + 0.05)


def _quietest(voice: TranscribedTake, start: float, end: float) -> int:
    """Sample in the middle of the quietest stretch between these seconds."""
    first, last = (max(0, round(seconds * voice.sample_rate)) for seconds in (start, end))
    return first + quietest_sample(voice.audio[first:last], voice.sample_rate, QUIET_SECONDS, _FRAME_SECONDS)


def _bare(piece: Audio, sample_rate: int) -> Audio:
    """The piece with the silence at its edges trimmed to a margin, and faded."""
    bounds = sound_bounds(piece, 1, _QUIET_DB)
    if bounds is None:
        return piece[:0]
    margin = round(MARGIN_SECONDS * sample_rate)
    return _faded(piece[max(0, bounds[0] - margin) : bounds[1] - 1 + margin], sample_rate)


def _faded(piece: Audio, sample_rate: int) -> Audio:
    return fade_edges(piece, round(FADE_SECONDS * sample_rate), FadeShape.LINEAR)
