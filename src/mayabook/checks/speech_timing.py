"""Measures the pace of a voice, and voice that the words do not account for."""

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.thresholds import PaceThresholds


def running_pace(paces: Sequence[float], figures: PaceThresholds) -> float | None:
    """Seconds a phoneme of a voice: the median of its takes' paces, within `max_voice_ratio` of the usual pace; None if
    there are too few takes. A voice that always rushes is so still rejected."""
    if len(paces) < figures.min_reference_takes:
        return None
    usual = figures.seconds_per_phoneme
    return min(max(median(paces), usual / figures.max_voice_ratio), usual * figures.max_voice_ratio)


def unexplained_voice_after(
    voice: NDArray[np.bool_], start: float, n_before: int, n_last: int, figures: PaceThresholds
) -> float:
    """Seconds of voice from the start of the last word on, beyond what that word takes. Voice after a gap that is too
    long to lie inside a word counts twice.

    voice: by frame, see `voiced_frames`. start: seconds, of the last word. n_before, n_last: phonemes of the words
    before it, and of it.
    """
    at = round(start / FRAME_SECONDS)
    before, rest = (np.flatnonzero(part) for part in (voice[:at], voice[at:]))
    own = figures.seconds_per_phoneme if n_before < figures.min_phonemes else len(before) * FRAME_SECONDS / n_before
    usual = figures.last_word_extra_seconds + figures.last_word_pace_share * own * n_last
    gaps = np.flatnonzero(np.diff(rest) * FRAME_SECONDS > figures.max_gap_in_word_seconds)
    ends = gaps[(gaps + 1) * FRAME_SECONDS >= figures.min_spoken_share * own * n_last] + 1
    apart = (len(rest) - ends[0]) * FRAME_SECONDS if len(ends) else 0.0
    return max(0.0, len(rest) * FRAME_SECONDS - usual) + apart


def repetitions_that_fit(voice: NDArray[np.bool_], start: float, n_phonemes: int, figures: PaceThresholds) -> float:
    """How often a phrase of `n_phonemes` phonemes fits into the voice from `start` (seconds) on."""
    seconds = float(np.count_nonzero(voice[round(start / FRAME_SECONDS) :])) * FRAME_SECONDS
    return seconds / (figures.seconds_per_phoneme * max(1, n_phonemes))
