"""The first frame of a take: cut off where it is a noise of the codec, kept where speech begins in it."""

import numpy as np
import pytest

from mayabook.core.take import Audio
from mayabook.maya.token_layout import SAMPLE_RATE, SAMPLES_PER_FRAME
from mayabook.maya.warm_up import has_warm_up_noise, without_warm_up
from tests.checks.speaking import silence, speech

TEXT = "Stop the boat, she said, and took the rope."


@pytest.fixture(scope="module")
def spoken() -> Audio:
    """A take whose first 0.2 s are silent."""
    audio = speech(TEXT)
    onset = int(np.flatnonzero(np.abs(audio) > 0.02 * np.abs(audio).max())[0])
    return np.concatenate([silence(0.25), audio[onset:]])


def noise(seconds: float, level: float = 0.05) -> Audio:
    draw = np.random.default_rng(0)
    return draw.normal(0, level, round(seconds * SAMPLE_RATE)).astype(np.float32)


def with_sound(audio: Audio, sound: Audio, at: int = 0) -> Audio:
    made = audio.copy()
    made[at : at + len(sound)] += sound
    return made


@pytest.mark.parametrize(
    "sound",
    [
        noise(0.08),
        noise(0.02),
        np.array([0.4, -0.3], np.float32),
        noise(0.085) * np.linspace(1, 0, 2040, dtype=np.float32),
    ],
    ids=["noise", "burst", "click", "fading noise"],
)
def test_what_is_no_speech_is_cut_off(spoken: Audio, sound: Audio) -> None:
    noisy = with_sound(spoken, sound)
    assert has_warm_up_noise(noisy)
    assert np.array_equal(without_warm_up(noisy, "auto"), spoken[SAMPLES_PER_FRAME:])
    assert np.array_equal(without_warm_up(noisy, "keep"), noisy)


def test_speech_is_kept(spoken: Audio) -> None:
    onset = round(0.25 * SAMPLE_RATE)
    loudest = int(np.argmax(np.convolve(np.square(spoken), np.ones(1900), mode="valid")))
    vowel = spoken[loudest : loudest + 1900]
    sounds = {
        "silence first": spoken,
        "speech at once": spoken[onset:],
        "speech from within the first frame on": spoken[onset - 1000 :],
        "a short s before the closure of a t": with_sound(spoken[onset - round(0.15 * SAMPLE_RATE) :], noise(0.08)),
        "a voiced sound": with_sound(spoken, vowel),
        "nothing but silence": silence(1.0),
        "too short to tell": noise(0.1),
    }
    assert [name for name, audio in sounds.items() if has_warm_up_noise(audio)] == []
    for audio in sounds.values():
        assert without_warm_up(audio, "auto") is audio


def test_trimming_can_be_forced(spoken: Audio) -> None:
    assert np.array_equal(without_warm_up(spoken, "trim"), spoken[2048:])
