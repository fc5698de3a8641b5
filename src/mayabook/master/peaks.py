"""True peaks: the highest magnitude of the signal between its samples, not only at them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mayabook.core.take import Audio

OVERSAMPLING = 8
"""Speech at 24 kHz is looked at 192,000 times a second, as ITU-R BS.1770-5, annex 2, asks (4 x 48 kHz)."""
HALF_TAPS = 12
"""Samples that the interpolation looks at on each side."""


def _interpolator() -> NDArray[np.float32]:
    """Weights that give the signal at points from half a sample before to half a sample after the middle one:
    a sinc under a Kaiser window. Shape (2 * HALF_TAPS + 1, OVERSAMPLING + 1)."""
    taps = np.arange(-HALF_TAPS, HALF_TAPS + 1)[:, None]
    points = np.linspace(-0.5, 0.5, OVERSAMPLING + 1)[None, :]
    distance = points - taps
    weights = np.sinc(distance) * np.i0(8.0 * np.sqrt(1 - (distance / (HALF_TAPS + 0.5)) ** 2))
    normalised: NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return normalised


_WEIGHTS = _interpolator()
_WORST = float(np.abs(_WEIGHTS).sum(axis=0).max())


def peak_bound(audio: Audio) -> float:
    """What no true peak can exceed; cheap."""
    return float(np.abs(audio).max(initial=0.0)) * _WORST


def true_peaks(audio: Audio) -> Audio:
    """Around each sample but the HALF_TAPS at either end: the true peak within half a sample of it."""
    windows = np.ascontiguousarray(sliding_window_view(audio, 2 * HALF_TAPS + 1))  # what BLAS is fast on
    peaks: Audio = np.abs(windows @ _WEIGHTS).max(axis=1)
    return peaks


class PeakMeter:
    """The highest true peak of all blocks added so far, and of the silence after them."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._held = np.zeros(2 * HALF_TAPS, np.float32)

    def add(self, block: Audio) -> None:
        self._held = np.concatenate((self._held, block))
        self._highest = max(self._highest, self._peak(self._held))
        self._held = self._held[-2 * HALF_TAPS :]

    @property
    def highest(self) -> float:
        """Amplitude; full scale is 1."""
        return max(self._highest, self._peak(np.append(self._held, np.zeros(2 * HALF_TAPS, np.float32))))

    def _peak(self, audio: Audio) -> float:
        return float(true_peaks(audio).max()) if peak_bound(audio) > self._highest else 0.0
