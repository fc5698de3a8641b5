"""A look-ahead limiter for true peaks. Far from any peak above the ceiling, samples pass through unchanged."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from scipy.ndimage import maximum_filter1d

from mayabook.core.take import Audio
from mayabook.master.peaks import HALF_TAPS, peak_bound, true_peaks

REACH_SECONDS = 0.01
"""The gain is held down for this long before and after a peak, and takes as long again to fall and to recover:
longer than the period of a low voice, so that it does not follow single vibrations."""


def limited(blocks: Iterable[Audio], ceiling: float, sample_rate: int) -> Iterator[Audio]:
    """As many samples as came in, with no true peak above `ceiling` (full scale is 1), but for a few hundredths
    of a decibel that the moving gain can add."""
    reach = round(REACH_SECONDS * sample_rate)
    context = 2 * reach + HALF_TAPS
    smoothing = np.hanning(2 * reach + 3)[1:-1]
    smoothing = (smoothing / smoothing.sum()).astype(np.float32)

    held = np.zeros(context, np.float32)
    for block in chain(blocks, [np.zeros(context, np.float32)]):
        held = np.concatenate((held, block))
        if len(held) <= 2 * context:
            continue
        middle = held[context:-context]
        if peak_bound(held) > ceiling:
            excess = 1 - ceiling / np.maximum(true_peaks(held), np.float32(ceiling))
            excess = maximum_filter1d(excess, 2 * reach + 1)[reach:-reach]
            middle = middle * (1 - np.convolve(excess, smoothing, mode="valid"))
        yield middle
        held = held[-2 * context :]
