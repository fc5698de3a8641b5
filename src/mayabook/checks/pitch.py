"""The pitch of a voice, by the autocorrelation of its voiced frames."""

import numpy as np
from scipy.signal import get_window

from mayabook.checks.autocorrelation import autocorrelation, fft_length
from mayabook.core.take import Audio

LOWEST_HZ, HIGHEST_HZ = 60.0, 420.0
_WINDOW_SECONDS, _HOP_SECONDS = 0.05, 0.06
"""Three periods of the lowest pitch. A median needs no more frames."""
_MIN_ENERGY = 0.2
"""Of the loud frames' energy: quieter frames are pauses."""
_MIN_AUTOCORRELATION = 0.6
_NEARLY = 0.9
"""Of the lags whose autocorrelation reaches this share of the greatest, the shortest is the period: a multiple of the
period fits as well."""
_MIN_FRAMES = 10


def median_pitch(audio: Audio, sample_rate: int) -> float | None:
    """Median F0 of the voiced frames in Hz; None where there is hardly any voice."""
    size, hop = round(_WINDOW_SECONDS * sample_rate), round(_HOP_SECONDS * sample_rate)
    if len(audio) < size:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[::hop].astype(np.float64)
    frames = frames - frames.mean(1, keepdims=True)
    energy = np.sqrt(np.mean(np.square(frames), axis=1))
    window = get_window("hann", size)
    frames = frames[energy > _MIN_ENERGY * np.percentile(energy, 95)] * window
    first, last = round(sample_rate / HIGHEST_HZ), round(sample_rate / LOWEST_HZ)
    of_frames, of_window = (np.abs(np.fft.rfft(part, fft_length(size))) ** 2 for part in (frames, window))
    found = autocorrelation(of_frames) / autocorrelation(of_window)
    lags = found[:, first : last + 1]
    if not len(lags):
        return None
    greatest = lags.max(1)
    lags, greatest = lags[greatest > _MIN_AUTOCORRELATION], greatest[greatest > _MIN_AUTOCORRELATION]
    if len(lags) < _MIN_FRAMES:
        return None
    peaks = np.zeros(lags.shape, bool)
    peaks[:, 1:-1] = (lags[:, 1:-1] >= lags[:, :-2]) & (lags[:, 1:-1] >= lags[:, 2:])
    periods = first + (peaks & (lags >= _NEARLY * greatest[:, None])).argmax(1)
    return float(sample_rate / np.median(periods[periods > first])) if (periods > first).any() else None
