"""Pitch, pace and level of the narrator's takes."""

import numpy as np
import pytest

from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_measures import measure_take
from tests.checks.speaking import RATE, silence, speech

FIGURES = load_thresholds()
TEXT = "Under the seat they found a letter, addressed to the keeper of the light."
N_PHONEMES = 52


def test_level_and_pace_of_a_take() -> None:
    loud, quiet = (measure_take(speech(TEXT) * np.float32(gain), RATE, N_PHONEMES, None, FIGURES) for gain in (1, 0.5))
    assert loud is not None
    assert quiet is not None
    assert loud.level - quiet.level == pytest.approx(6.0, abs=0.2)
    assert loud.pitch is not None
    assert 150 < loud.pitch < 250  # a woman's voice
    assert 10 < loud.pace < 20


def test_short_texts_and_silence_are_not_measured() -> None:
    assert measure_take(speech("Yes."), RATE, 3, None, FIGURES) is None
    assert measure_take(silence(2.0), RATE, N_PHONEMES, None, FIGURES) is None
