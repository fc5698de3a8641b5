"""Detects loops in the audio, such as those of a model whose codes repeat, without needing the codes.

The spectrum is compared with itself at each lag. A hum, a held vowel and a pause are alike at every lag, so a lag
counts only if spectra are much closer at it than at shorter ones, as in the YIN pitch estimator. The repetitions in a
loop differ by no more than the codec's noise; with some narrators, so do words that the text itself repeats.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import get_window

from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import LoopThresholds
from mayabook.checks.token_checks import FRAME_SECONDS, longest_run
from mayabook.core.take import Audio
from mayabook.core.verdict import FindingKind

HOP_SECONDS, WINDOW_SECONDS = FRAME_SECONDS / 8, 0.04
"""A frame of codes is a whole number of hops, so the period of looping codes is too."""
N_BANDS, LOWEST, HIGHEST = 24, 150.0, 7500.0

Matrix = NDArray[np.float64]


def loop_score(audio: Audio, sample_rate: int, n_repeats: int, figures: LoopThresholds) -> list[Score]:
    """Longest span that repeats at one lag: its seconds without the first turn and the next `n_repeats`.

    n_repeats: turns that the text accounts for, see `repeated_word_counts`. The rest counts if it lasts a whole turn.
    """
    bands = _bands(audio, sample_rate, figures)
    first, last, smooth = (
        round(s / HOP_SECONDS)
        for s in (figures.min_period_seconds, figures.max_period_seconds, figures.smoothing_seconds)
    )
    nearby = np.zeros(len(bands))  # sum of the distances at the lags so far
    best = (0, 0, 0)
    for lag in range(1, min(last, len(bands) - 1) + 1):
        step = bands[lag:] - bands[:-lag]
        apart = uniform_filter1d(np.einsum("tb,tb->t", step, step) / N_BANDS, smooth, mode="nearest")
        nearby[lag:] += apart
        if lag < first:
            continue
        shares = (apart + figures.distance_floor) / (nearby[lag:] / lag + figures.distance_floor)
        start, length = longest_run(shares < figures.max_distance_share)
        beyond = length - n_repeats * lag
        is_longer = beyond > max(best[0], lag - smooth)  # smoothing costs the edges of a stretch
        if is_longer and shares[start : start + length].mean() < figures.max_mean_distance_share:
            best = (beyond, lag, start)
    beyond, lag, start = best
    if not beyond:
        return []
    seconds, turn, begin = (hops * HOP_SECONDS for hops in (beyond, lag, start))
    end = begin + (1 + n_repeats) * turn + seconds
    evidence = f"{turn:.2f} s of the audio are repeated for {seconds:.1f} s"
    return [Score("repeat", FindingKind.LOOP, seconds, evidence, begin, end)]


def repeated_word_counts(tokens: Sequence[str]) -> int:
    """Most repetitions in a row of any phrase of a text: "no, no, no" has two, "day by day by day" one."""
    most = 0
    for period in range(1, len(tokens) // 2 + 1):
        same = np.array([one == other for one, other in zip(tokens, tokens[period:], strict=False)])
        most = max(most, longest_run(same)[1] // period)
    return most


def _bands(audio: Audio, sample_rate: int, figures: LoopThresholds) -> Matrix:
    """Band powers in dB, shape (n_hops, N_BANDS); bands have equal width on a logarithmic axis."""
    size, hop = round(WINDOW_SECONDS * sample_rate), round(HOP_SECONDS * sample_rate)
    if len(audio) < size:
        return np.zeros((0, N_BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[::hop]
    power = np.abs(np.fft.rfft(frames * get_window("hann", size).astype(np.float32))) ** 2
    edges = np.round(np.geomspace(LOWEST, HIGHEST, N_BANDS + 1) * size / sample_rate).astype(int)
    bands = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1) / np.diff(edges)
    floor = figures.power_floor * float(np.percentile(bands.mean(axis=1), 95))
    found: Matrix = 10 * np.log10(bands + floor + 1e-12)
    return found
