"""Audio at another sample rate."""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from mayabook.core.take import Audio

_HALF_TAPS = 10
"""Samples of the lower rate on each side that the filter spans."""
_KAISER_BETA = 5.0


def resample(audio: Audio, sample_rate: int, to_rate: int) -> Audio:
    """The same sound at `to_rate`, by a linear-phase low-pass filter, so that nothing is delayed; rates in Hz.

    It has ceil(n_samples * to_rate / sample_rate) samples. At equal rates it is the array itself. The result is that of
    `scipy.signal.resample_poly`, whose package takes half a second to import.
    """
    if sample_rate == to_rate:
        return audio
    up, down = to_rate // gcd(sample_rate, to_rate), sample_rate // gcd(sample_rate, to_rate)
    taps = _low_pass(up, down)
    n_samples = -(-len(audio) * up // down)
    n_turns = -(-n_samples // up)  # of the phases of the filter
    width = -(-len(taps) // up)  # samples that one phase of the filter spans
    padded = np.pad(audio, (width, n_turns * down + len(taps)))
    spans = np.lib.stride_tricks.sliding_window_view(padded, width)
    resampled = np.empty(n_turns * up, np.float32)
    for place in range(up):
        last, phase = divmod(place * down + len(taps) // 2, up)  # last: sample that the first span ends with
        of_phase = taps[phase::up]
        reversed_taps = np.pad(of_phase, (0, width - len(of_phase)))[::-1]
        resampled[place::up] = spans[last + 1 :: down][:n_turns] @ reversed_taps
    return resampled[:n_samples]


@lru_cache(maxsize=8)
def _low_pass(up: int, down: int) -> NDArray[np.float32]:
    """A sinc under a Kaiser window at `up` times the sample rate."""
    longer = max(up, down)
    points = np.arange(-_HALF_TAPS * longer, _HALF_TAPS * longer + 1)
    weights = np.sinc(points / longer) * np.kaiser(len(points), _KAISER_BETA)
    normalised: NDArray[np.float32] = (weights / weights.sum() * up).astype(np.float32)
    return normalised
