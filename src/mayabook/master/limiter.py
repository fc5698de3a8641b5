"""A look-ahead limiter for true peaks. Far from any peak above the ceiling, samples pass through unchanged."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from mayabook.core.take import Audio
from mayabook.master.true_peak import HALF_TAPS, true_peaks

REACH_SECONDS = 0.01
"""The gain is held down for this long before and after a peak, and takes as long again to fall and to recover. That is
longer than the period of a low voice, so the gain does not follow single vibrations."""


def limited(blocks: Iterable[Audio], ceiling: float, sample_rate: int) -> Iterator[Audio]:
    """As many samples as came in, with true peaks down to `ceiling` (amplitude; full scale is 1).

    FFmpeg's meter finds no peak of speech more than 0.1 dB above the ceiling. Interpolation up to half the sample rate
    finds single sibilants 1 dB above it; docs/performance.md has the figures.
    """
    half = round(REACH_SECONDS * sample_rate / 2)
    window = 2 * half + 1
    context = 4 * half + HALF_TAPS  # samples on each side that the gain of a sample depends on

    held = np.zeros(context, np.float32)
    for block in chain(blocks, [np.zeros(context, np.float32)]):
        held = np.concatenate((held, block))
        if len(held) <= 2 * context:
            continue
        middle = held[context:-context]
        peaks = true_peaks(held, ceiling)
        if peaks.max() > ceiling:
            excess = 1 - ceiling / np.maximum(peaks, np.float32(ceiling))
            excess = maximum_filter1d(excess, 2 * window - 1)
            excess = uniform_filter1d(uniform_filter1d(excess, window), window)
            middle = middle * (1 - excess[4 * half : -4 * half]).astype(np.float32)
        yield middle
        held = held[-2 * context :]
