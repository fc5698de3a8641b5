"""Repetition in the signal: real speech, sound and stuttered, with the truth from how it was made."""

from collections.abc import Callable

import numpy as np
import pytest

from bench.defects.passages import PLAIN, Passage
from bench.defects.spoil import FRAME, Source, stutter
from mayabook.checks import Checker
from mayabook.checks.audio_loops import loop_score, repeated_word_counts
from mayabook.checks.scoring import Score
from mayabook.checks.signal_checks import voiced_frames
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.take import Audio
from mayabook.core.verdict import FindingKind
from tests.checks.speaking import RATE, chunk_of, silence, speech, take_of

FIGURES = load_thresholds()
THRESHOLD = FIGURES.rejection["repeat"]
TEXT = (
    "The boat came in at dawn, with nobody aboard. The woman next door saw it first from the kitchen window. "
    "She called her brother, and they both walked down to the water."
)
TIMES = np.arange(6 * RATE) / RATE
DRAW = np.random.default_rng(0)


def score(audio: Audio, n_again: int = 0) -> Score | None:
    return next(iter(loop_score(audio, RATE, n_again, FIGURES.loops)), None)


def value(audio: Audio, n_again: int = 0) -> float:
    found = score(audio, n_again)
    return found.value if found else 0.0


def stuttered(size: str, seed: int) -> tuple[Audio, float, float]:
    """With the seconds at which the first turn begins and the last one ends."""
    clean, passage = speech(TEXT), Passage(TEXT, (TEXT,), PLAIN, "fit")
    draw = np.random.default_rng(seed)
    made = stutter(Source(passage, passage, 1.0, draw, lambda *_: clean, lambda _: [], lambda _: None), size)
    period, times = int(made.detail.split()[0]), int(made.detail.split()[2])
    same = made.audio[: len(clean)] == clean
    start = round(int(np.argmin(same)) / FRAME) * FRAME  # where the first turn was smoothed into what is before it
    return made.audio, start / RATE, (start + times * period * FRAME) / RATE


def looped(turn: float, times: int, at: float = 1.0) -> Audio:
    """So many turns of so many seconds, the first of them at this time."""
    clean = speech(TEXT)
    first, last = round(at * RATE), round((at + turn) * RATE)
    return np.concatenate([clean[:last], *[clean[first:last]] * (times - 1), clean[last:]])


def held(pitch: np.ndarray) -> Audio:
    """A vowel of this pitch in Hz, at each sample."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    harmonics = np.arange(1, 40)[:, None]
    wave: Audio = (0.1 * (np.sin(harmonics * phase) / harmonics).sum(axis=0)).astype(np.float32)
    return wave


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", ["3-s", "1-s", "0.5-s"])
def test_a_stutter_is_found_where_it_is(size: str, seed: int) -> None:
    audio, start, end = stuttered(size, seed)
    assert voiced_frames(audio[round(start * RATE) : round(end * RATE)], RATE, FIGURES.signal).any()
    found = score(audio)
    assert found is not None
    assert (found.detector, found.kind) == ("repeat", FindingKind.LOOP)
    assert found.value >= THRESHOLD
    assert found.start == pytest.approx(start, abs=0.1)
    assert found.end == pytest.approx(end, abs=0.15)


def test_a_stutter_that_the_recogniser_ignores_is_rejected(checker: Checker) -> None:
    audio, start, _ = stuttered("3-s", 0)
    verdict = checker.check(take_of(audio), chunk_of(TEXT))
    assert not verdict.accepted
    told = next(finding for finding in verdict.findings if finding.detector == "repeat")
    assert told.weight == 1.0
    assert told.start == pytest.approx(start, abs=0.1)
    assert checker.check(take_of(speech(TEXT)), chunk_of(TEXT)).accepted


@pytest.mark.parametrize("times", [2, 3, 6])
@pytest.mark.parametrize("turn", [0.17, 0.2345, 0.31, 0.5, 0.777, 1.2, 1.9, 2.5])
def test_turns_of_any_length_are_told_in_seconds(turn: float, times: int) -> None:
    """Also where they are no whole number of hops, and however many there are."""
    audio = looped(turn, times)
    found = score(audio)
    assert found is not None
    assert found.value == pytest.approx((times - 1) * turn, abs=0.12)
    assert found.start == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("at", [0.5, 1.0, 2.2, 4.0])
@pytest.mark.parametrize("level", [0.1, 1.0])
def test_neither_place_nor_level_matters(at: float, level: float) -> None:
    assert value(level * looped(0.4, 4, at)) == pytest.approx(1.2, abs=0.12)


@pytest.mark.parametrize("decibels", [30, 40])
def test_turns_need_not_be_the_same_samples(decibels: float) -> None:
    """A decoder gives each turn other noise, and another level by a little."""
    audio = looped(0.4, 4)
    noise = DRAW.normal(size=len(audio)) * np.std(audio) / 10 ** (decibels / 20)
    louder = 1 + 0.05 * np.sin(2 * np.pi * 0.7 * np.arange(len(audio)) / RATE)
    assert value((audio * louder + noise).astype(np.float32)) == pytest.approx(1.2, abs=0.15)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "No, no, no, no, said the old man; no, no, and no again.",
        "Yes. Yes. Yes. Yes. Yes.",
        "Bang! Bang! Bang! Bang!",
        "And the next, and the next, and the next, and the next.",
        "Ha ha ha ha ha! Hahahaha!",
        "Twenty-one, twenty-two, twenty-three, twenty-four, twenty-five.",
        "A red one, a blue one, a green one, a black one.",
        "Ring the bell and bar the door,\nring it once and ring no more.\n"
        "Ring the bell and bar the door,\nring it once and ring no more.",
    ],
)
def test_sound_speech_is_none(checker: Checker, text: str) -> None:
    found = checker.signal_scores(speech(text), RATE, chunk_of(text))
    assert max((each.value for each in found if each.detector == "repeat"), default=0.0) < THRESHOLD / 1.3


def test_what_is_said_more_often_than_written_is_one(checker: Checker) -> None:
    found = checker.signal_scores(speech("Yes. Yes. Yes. Yes. Yes."), RATE, chunk_of("Yes. Yes."))
    (told,) = (each for each in found if each.detector == "repeat")
    assert told.value > 2.0


@pytest.mark.parametrize(
    "audio",
    [
        lambda: silence(6.0),
        lambda: DRAW.normal(0, 0.05, len(TIMES)),
        lambda: 0.03 * np.sin(2 * np.pi * 50 * TIMES),
        lambda: sum(0.03 * np.sin(2 * np.pi * 60 * n * TIMES) / n for n in (1, 2, 3, 5)),
        lambda: held(np.full(len(TIMES), 120.0)),
        lambda: held(np.linspace(90, 240, len(TIMES))),
        lambda: held(120 * (1 + 0.03 * np.sin(2 * np.pi * 5.5 * TIMES))),
        lambda: np.concatenate([speech("Well."), silence(4.0), speech("Nobody knew it yet.")]),
        lambda: silence(0.0),
        lambda: speech("No.")[:300],
    ],
    ids="silence noise hum mains vowel glide vibrato pause nothing moment".split(),
)
def test_what_hardly_changes_is_none(audio: Callable[[], np.ndarray]) -> None:
    assert value(audio().astype(np.float32)) == 0.0


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", 0),
        ("one", 0),
        ("no no no", 2),
        ("day by day by day", 1),
        ("it went round and round the garden", 0),
        ("and the next and the next and the next for years", 2),
        ("it was very very cold and she ran and ran and ran", 1),
    ],
)
def test_how_often_a_text_says_the_same_again(text: str, times: int) -> None:
    assert repeated_word_counts(text.split()) == times
