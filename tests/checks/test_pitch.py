import numpy as np
import pytest

from mayabook.checks.pitch import median_pitch

RATE = 24000


def voice(pitch: float, seconds: float = 1.0) -> np.ndarray:
    """Harmonics of a pitch that wavers by half a semitone, louder around 500 Hz and 1500 Hz as in a vowel."""
    times = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch * 2 ** (np.sin(2 * np.pi * 3 * times) / 24)) / RATE
    tones = np.arange(1, int(4000 / pitch) + 1)
    loud = [
        np.exp(-(((tone * pitch - 500) / 300) ** 2)) + np.exp(-(((tone * pitch - 1500) / 400) ** 2)) for tone in tones
    ]
    return (0.1 * sum(gain * np.sin(tone * phase) for tone, gain in zip(tones, loud, strict=True))).astype(np.float32)


@pytest.mark.parametrize("pitch", [75.0, 98.0, 119.0, 160.0, 207.0, 260.0, 340.0])
def test_the_pitch_of_a_vowel(pitch: float) -> None:
    noise = 0.002 * np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    assert median_pitch(voice(pitch) + noise, RATE) == pytest.approx(pitch, rel=0.02)


@pytest.mark.parametrize("audio", [np.zeros(RATE), np.zeros(10), np.random.default_rng(1).standard_normal(RATE)])
def test_what_is_no_voice_has_no_pitch(audio: np.ndarray) -> None:
    assert median_pitch(audio.astype(np.float32), RATE) is None
