"""What samples alone tell, on real speech, sound and spoilt; one scale for each detector."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.signal import butter, resample_poly, sosfilt

from mayabook.checks import Checker, signal_checks
from mayabook.checks.scoring import Score
from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.speech_timing import running_pace
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_drift import cepstra, drift_score, fit_timbre, measure_timbre, voiced_bands
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.core.take import Audio
from tests.checks.speaking import RATE, chunk_of, silence, speech

FIGURES = load_thresholds()
TEXT = (
    "The boat came in at dawn, with nobody aboard. The woman next door saw it first from the kitchen window. "
    "She called her brother, and they both walked down to the water."
)
N_SOUNDS = 115


@lru_cache(maxsize=1)
def clean() -> Audio:
    return speech(TEXT)


def scores(audio: Audio) -> dict[str, Score]:
    """The worst of each detector."""
    found = [
        *signal_checks.silence_score(audio, FIGURES.signal),
        *signal_checks.clipping_score(audio, RATE, FIGURES.signal),
        *signal_checks.pause_scores(audio, RATE, FIGURES.signal),
        *signal_checks.noise_score(audio, RATE, FIGURES.signal),
        *signal_checks.click_score(audio, RATE, FIGURES.signal),
        *signal_checks.pace_score(audio, RATE, (N_SOUNDS, N_SOUNDS), 0, FIGURES.signal, FIGURES.pace),
        *drift_score(audio, RATE, FIGURES.drift),
    ]
    return {score.detector: score for score in sorted(found, key=lambda score: score.value)}


def rejecting(audio: Audio) -> set[str]:
    return {name for name, score in scores(audio).items() if score.value >= FIGURES.rejection[name]}


def middle(audio: Audio) -> int:
    """A sample in a pause near the middle."""
    third = len(audio) // 3
    return third + signal_checks.quietest_sample(audio[third : 2 * third], RATE)


def joined(change: Audio) -> Audio:
    return np.concatenate([clean()[: middle(clean())], change])


def noisy(kind: str) -> Audio:
    times = np.arange(len(clean())) / RATE
    hiss = np.random.default_rng(0).normal(0, 0.02, len(clean()))
    return (clean() + (hiss if kind == "hiss" else 0.03 * np.sin(2 * np.pi * 50 * times))).astype(np.float32)


def clicked(height: float) -> Audio:
    audio = clean().copy()
    audio[middle(audio)] += height
    return audio


@pytest.mark.parametrize("text", [TEXT, "“Nobody,” she said, “has ever been up there at night.”", "No."])
def test_clean_speech_passes_every_threshold(text: str) -> None:
    assert rejecting(speech(text)) - {"fast"} == set()  # the pace is that of TEXT
    assert rejecting(clean()) == set()


@pytest.mark.parametrize("per_cent", [75, 88, 114, 130])
def test_another_speaker_passes_too(per_cent: int) -> None:
    assert "drift" not in rejecting(resample_poly(clean(), per_cent, 100).astype(np.float32))


@pytest.mark.parametrize(
    ("audio", "detector"),
    [
        (lambda: silence(3.0), "silent"),
        (lambda: joined(np.concatenate([silence(2.0), clean()[middle(clean()) :]])), "pause"),
        (lambda: np.concatenate([clean(), silence(4.0)]), "edge"),
        (lambda: np.clip(clean() * 20, -1, 1), "clipped"),
        (lambda: noisy("hiss"), "noise"),
        (lambda: noisy("hum"), "noise"),
        (lambda: clicked(0.3), "click"),
        (lambda: resample_poly(clean(), 2, 1).astype(np.float32), "slow"),
        (lambda: resample_poly(clean(), 1, 2).astype(np.float32), "fast"),
        (lambda: joined(resample_poly(clean()[middle(clean()) :], 100, 120).astype(np.float32)), "drift"),
        (lambda: joined(resample_poly(clean()[middle(clean()) :], 125, 100).astype(np.float32)), "drift"),
        (
            lambda: joined(
                sosfilt(butter(4, 1500, fs=RATE, output="sos"), clean()[middle(clean()) :]).astype(np.float32)
            ),
            "drift",
        ),
    ],
)
def test_a_defect_is_found_by_its_detector(audio: object, detector: str) -> None:
    assert callable(audio)
    spoilt = audio()
    assert detector in rejecting(spoilt), scores(spoilt)


def test_places_are_told() -> None:
    at = middle(clean()) / RATE
    click = scores(clicked(0.3))["click"]
    assert click.start == pytest.approx(at, abs=0.005)
    gap = scores(joined(np.concatenate([silence(2.0), clean()[middle(clean()) :]])))["pause"]
    assert gap.start is not None
    assert gap.end is not None
    assert gap.start < at + 0.3 < gap.end
    usual = scores(joined(clean()[middle(clean()) :]))["pause"]
    assert usual.start is not None
    assert usual.end is not None
    assert gap.end - gap.start == pytest.approx(2.0 + usual.end - usual.start, abs=0.05)
    drifted = scores(joined(resample_poly(clean()[middle(clean()) :], 100, 125).astype(np.float32)))["drift"]
    assert drifted.start == pytest.approx(at, abs=0.7)


def test_values_grow_with_the_defect() -> None:
    for detector, audios in {
        "click": [clicked(0.1), clicked(0.3), clicked(0.9)],
        "pause": [joined(np.concatenate([silence(s), clean()[middle(clean()) :]])) for s in (1, 2, 3)],
    }.items():
        values = [scores(audio)[detector].value for audio in audios]
        assert values == sorted(values)
        assert len(set(values)) == 3


def test_nothing_at_all_is_silence() -> None:
    assert rejecting(silence(0.0)) >= {"silent"}


def test_pace_is_judged_against_the_voice() -> None:
    def pace(n_sounds: int, running_pace: float) -> Score:
        (score,) = signal_checks.pace_score(
            clean(), RATE, (n_sounds, n_sounds), 0, FIGURES.signal, FIGURES.pace, running_pace
        )
        return score

    seconds = FRAME_SECONDS * np.count_nonzero(signal_checks.voiced_frames(clean(), RATE, FIGURES.signal))
    own = seconds / N_SOUNDS
    assert pace(N_SOUNDS, own).value < 1.1
    assert pace(N_SOUNDS, 2 * own).detector == "fast_for_voice"
    assert pace(N_SOUNDS, 2 * own).value == pytest.approx(2 * seconds / (seconds + FIGURES.pace.voice_slack_seconds))
    assert pace(N_SOUNDS, own / 2).detector == "slow_for_voice"
    assert pace(N_SOUNDS, own / 2).value == pytest.approx(2 * (1 - FIGURES.pace.voice_slack_seconds / seconds))


def test_the_pace_of_a_voice_is_the_median_of_its_takes_within_bounds() -> None:
    usual, ratio = FIGURES.pace.seconds_per_phoneme, FIGURES.pace.max_voice_ratio
    assert running_pace([usual] * (FIGURES.pace.min_reference_takes - 1), FIGURES.pace) is None
    assert running_pace([0.9 * usual, 1.1 * usual, 5 * usual, 1.2 * usual, 0.0], FIGURES.pace) == 1.1 * usual
    assert running_pace([usual / 2] * 9, FIGURES.pace) == usual / ratio
    assert running_pace([usual * 2] * 9, FIGURES.pace) == usual * ratio


def test_pace_allows_every_way_of_reading_a_number() -> None:
    def pace(*n_sounds: int) -> Score:
        (score,) = signal_checks.pace_score(clean(), RATE, (n_sounds[0], n_sounds[-1]), 0, FIGURES.signal, FIGURES.pace)
        return score

    assert pace(N_SOUNDS // 3, N_SOUNDS * 3).value < 1 < pace(N_SOUNDS).value * 1.2
    slow, fast = pace(N_SOUNDS // 3), pace(N_SOUNDS * 3)
    assert (slow.detector, fast.detector) == ("slow", "fast")
    assert min(slow.value, fast.value) > 2


VOICE_TEXTS = (
    "The house by the river had been empty for eleven years when the family came to look at it.",
    "Their father counted the windows, and their mother asked about the roof and the price of coal.",
    "Nobody told the children that the garden belonged to somebody else until the first of May.",
    "On the long road to the village they met a man with a cart full of apples and old books.",
    "He sold them a map of the valley, drawn by hand, on which the house did not appear at all.",
    "“We shall have to draw it in ourselves,” the younger one said, and she borrowed his pencil.",
    "By the time they were home again it was dark, and every lamp on the hill was already burning.",
)


def test_drift_by_the_timbre_of_the_voice_itself() -> None:
    takes = [resample_poly(speech(text), 5, 4).astype(np.float32) for text in VOICE_TEXTS]
    points = cepstra(np.concatenate([voiced_bands(take, RATE, FIGURES.drift)[1] for take in takes[1:]]))
    timbre = fit_timbre(points, FIGURES.drift.voice_gaussians)
    (sound,) = drift_score(takes[0], RATE, FIGURES.drift, timbre)
    half = middle(takes[0])
    spoilt = np.concatenate([takes[0][:half], resample_poly(takes[0][half:], 100, 118).astype(np.float32)])
    (drifted,) = drift_score(spoilt, RATE, FIGURES.drift, timbre)
    threshold = FIGURES.rejection["drift_for_voice"]
    assert drifted.detector == sound.detector == "drift_for_voice"
    assert sound.value < threshold / 1.3 < threshold * 1.3 < drifted.value
    assert drifted.start == pytest.approx(half / RATE, abs=0.7)


def test_takes_with_a_second_speaker_do_not_count_for_the_timbre() -> None:
    figures = replace(FIGURES.drift, min_reference_frames=400, voice_gaussians=16)
    takes = [resample_poly(speech(text), 5, 4).astype(np.float32) for text in VOICE_TEXTS]
    half = middle(takes[2])
    spoilt = np.concatenate([takes[2][:half], resample_poly(takes[2][half:], 100, 130).astype(np.float32)])
    own, mixed = (
        measure_timbre([(take, RATE) for take in chosen], figures, FIGURES.rejection["drift_for_voice"])
        for chosen in (takes, [*takes, spoilt])
    )
    assert own is not None
    assert mixed is not None
    assert np.array_equal(own.means, mixed.means)


def test_a_checker_measures_a_voice_and_judges_its_takes_by_it(checker: Checker) -> None:
    takes = {text: resample_poly(speech(text), 5, 4).astype(np.float32) for text in VOICE_TEXTS}
    measured = checker.measure_voice((take, RATE, chunk_of(text)) for text, take in takes.items())
    voice = VoiceReference.from_json(measured.to_json())
    assert voice.pace is not None
    assert voice.timbre is not None
    text, take = next(iter(takes.items()))
    half = middle(take)
    spoilt = np.concatenate([take[:half], resample_poly(take[half:], 100, 118).astype(np.float32)])

    def rejected(audio: Audio) -> set[str]:
        found = checker.signal_scores(audio, RATE, chunk_of(text), voice)
        return {score.detector for score in found if score.value >= FIGURES.rejection[score.detector]}

    assert rejected(take) == set()
    assert rejected(spoilt) == {"drift_for_voice"}
    unnamed = checker.measure_voice([(each, RATE, chunk_of(text)) for text, each in takes.items()], with_speaker=False)
    assert measured.speaker is not None
    assert unnamed.speaker is None
    few = checker.measure_voice([(take, RATE, chunk_of(text))])
    assert few == UNKNOWN_VOICE
