from math import ceil

import numpy as np
import pytest
from numpy.typing import NDArray

from mayabook.core.resampling import resample


def tone(frequency: float, rate: int, n_samples: int) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * frequency * np.arange(n_samples) / rate).astype(np.float32)


def decibels(audio: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64))))


@pytest.mark.parametrize("rates", [(24_000, 16_000), (44_100, 16_000), (22_050, 24_000), (8_000, 24_000)])
def test_tones_keep_their_shape_and_place_and_those_that_the_rate_cannot_hold_go(rates: tuple[int, int]) -> None:
    rate, to_rate = rates
    lower = min(rates)
    middle = slice(to_rate // 10, -to_rate // 10)  # a tone that begins suddenly is no tone at its ends
    for frequency in (0.01 * lower, 0.1 * lower, 0.35 * lower):
        out = resample(tone(frequency, rate, rate), *rates)
        assert out.dtype == np.float32
        error = out - tone(frequency, to_rate, to_rate)
        assert decibels(error[middle]) < -60
    if to_rate < rate:
        assert decibels(resample(tone(0.65 * to_rate, rate, rate), *rates)[middle]) < -60


@pytest.mark.parametrize("n_samples", [0, 1, 7, 4_801])
def test_every_sample_has_its_time(n_samples: int) -> None:
    audio = tone(440, 24_000, n_samples)
    assert len(resample(audio, 24_000, 16_000)) == ceil(n_samples * 2 / 3)
    assert resample(audio, 24_000, 24_000) is audio
