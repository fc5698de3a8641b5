"""Audio at another sample rate."""

from math import gcd

from scipy.signal import resample_poly

from mayabook.core.take import Audio


def resample(audio: Audio, sample_rate: int, to_rate: int) -> Audio:
    """The same sound at `to_rate`, by a linear-phase low-pass filter, so that nothing is delayed; rates in Hz.

    It has ceil(n_samples * to_rate / sample_rate) samples. At equal rates it is the array itself.
    """
    if sample_rate == to_rate:
        return audio
    common = gcd(sample_rate, to_rate)
    resampled: Audio = resample_poly(audio, to_rate // common, sample_rate // common)
    return resampled
