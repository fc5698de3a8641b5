"""Autocorrelation of frames from their power spectra, by which voiced frames and their pitch are found."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def fft_length(size: int) -> int:
    """FFT length for which the autocorrelation of frames of this size does not wrap around."""
    return 1 << (2 * size - 1).bit_length()


def autocorrelation(power: Matrix) -> Matrix:
    """Normalised autocorrelation by lag in samples, 1 at lag 0; lags up to a quarter of the FFT length.

    power: power spectra, shape (..., frequencies).
    """
    found = np.fft.irfft(power)
    half: Matrix = found[..., : found.shape[-1] // 4]
    return half / (half[..., :1] + 1e-12)
