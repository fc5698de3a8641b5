"""True peaks: the highest magnitude of the signal between its samples, not only at them.

`python -m bench.true_peak` compares this meter, and the limiter that uses it, with FFmpeg's.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import firwin, upfirdn

from mayabook.core.take import Audio

OVERSAMPLING = 8
"""Interpolated points a sample. At 24 kHz that is 192 kHz, which ITU-R BS.1770-5, annex 2, asks for (4 x 48 kHz)."""
HALF_TAPS = 12
"""Samples on each side that the interpolation filter spans. With eight and a beta of 8, FFmpeg's meter found sibilants
(their peaks lie close to half the sample rate) 0.7 dB above the limiter's ceiling; with these values, 0.1 dB."""
KAISER_BETA = 6.0
"""Shape of the filter's window: a smaller one makes the filter steeper, and its ripple larger."""
FRAME = 64
"""Samples that are interpolated together, or skipped together because they are too quiet."""


_WEIGHTS: NDArray[np.float32] = OVERSAMPLING * firwin(
    2 * HALF_TAPS * OVERSAMPLING + 1, 1 / OVERSAMPLING, window=("kaiser", KAISER_BETA)
).astype(np.float32)
"""Taps of the interpolation filter."""
_WORST = max(float(np.abs(_WEIGHTS[phase::OVERSAMPLING]).sum()) for phase in range(OVERSAMPLING))
"""No true peak is higher than this times the highest sample around it."""
_FIRST_POINT = 2 * HALF_TAPS * OVERSAMPLING - OVERSAMPLING // 2
_FRAME_INTERPOLATOR: NDArray[np.float32] = upfirdn(
    _WEIGHTS, np.eye(FRAME + 2 * HALF_TAPS, dtype=np.float32), OVERSAMPLING
)[:, _FIRST_POINT : _FIRST_POINT + FRAME * OVERSAMPLING]
"""Turns the samples of a frame, with HALF_TAPS more on each side, into the points from half a sample before its first
sample on; shape (FRAME + 2 * HALF_TAPS, FRAME * OVERSAMPLING). The product with it is what `upfirdn` makes of the
frame, in a third of the time: over the sample book, 1.7 s of CPU instead of 5.0 s."""


def true_peaks(audio: Audio, floor: float) -> Audio:
    """The true peak within half a sample of each sample, without the HALF_TAPS samples at either end.

    0 where no true peak can exceed `floor` (amplitude): those frames are not interpolated, which saves most work.
    """
    n_samples = len(audio) - 2 * HALF_TAPS
    padded = np.append(audio, np.zeros(-n_samples % FRAME, np.float32))
    frames = sliding_window_view(padded, FRAME + 2 * HALF_TAPS)[::FRAME]
    loud = np.abs(frames).max(axis=1, initial=0.0) * _WORST > floor
    peaks = np.zeros((len(frames), FRAME), np.float32)
    if loud.any():
        points = np.abs(frames[loud] @ _FRAME_INTERPOLATOR)
        peaks[loud] = points.reshape(-1, FRAME, OVERSAMPLING).max(axis=2)
    return peaks.reshape(-1)[:n_samples]


class PeakMeter:
    """The highest true peak of the blocks added so far, as if silence came before and after them."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._held = np.zeros(2 * HALF_TAPS, np.float32)

    def add(self, block: Audio) -> None:
        audio = np.concatenate((self._held, block))
        self._highest = float(true_peaks(audio, self._highest).max(initial=self._highest))
        self._held = audio[-2 * HALF_TAPS :]

    def finish(self) -> float:
        """Amplitude; full scale is 1."""
        self.add(np.zeros(2 * HALF_TAPS, np.float32))
        return self._highest
