"""Signals that are known exactly, or that behave like speech."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

RATE = 24000
Samples = NDArray[np.float64]


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(round(seconds * rate))


def tone(
    seconds: float, frequency: float = 440.0, amplitude: float = 0.5, phase: float = 0.0, rate: int = RATE
) -> Samples:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate + phase)


def speechlike(seconds: float, seed: int, rms: float = 0.05) -> Samples:
    """A pulse train and noise through two resonances, in syllables, words and breaths; ends are silent."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    source = 0.02 * rng.standard_normal(n)
    source[:: RATE // 110] += 1.0
    for frequency, width in ((600, 90), (1700, 160)):
        radius = np.exp(-np.pi * width / RATE)
        source = lfilter([1 - radius], [1, -2 * radius * np.cos(2 * np.pi * frequency / RATE), radius**2], source)
    syllables = np.repeat(rng.uniform(0.1, 1.0, n // 4000 + 1) * (rng.random(n // 4000 + 1) > 0.2), 4000)[:n]
    envelope = np.convolve(syllables, np.hanning(1200) / 600, mode="same")
    envelope[: RATE // 20] = envelope[-RATE // 20 :] = 0
    voice = source * envelope
    return voice * rms / np.sqrt(np.mean(voice**2))
