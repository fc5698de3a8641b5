import numpy as np
import pytest
from scipy.signal import resample_poly

from mayabook.core.resampling import resample


@pytest.mark.parametrize("rates", [(24_000, 16_000), (44_100, 16_000), (22_050, 24_000), (8_000, 24_000), (10, 9)])
@pytest.mark.parametrize("n_samples", [0, 1, 7, 4_801])
def test_it_is_the_polyphase_filter_of_scipy(rates: tuple[int, int], n_samples: int) -> None:
    audio = np.random.default_rng(1).uniform(-1, 1, n_samples).astype(np.float32)
    theirs = resample_poly(audio, rates[1], rates[0]) if n_samples else audio
    np.testing.assert_allclose(resample(audio, *rates), theirs, atol=2e-6)
