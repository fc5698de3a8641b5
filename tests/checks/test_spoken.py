"""What was said against what is written, word by word: odd names are no defects, a small word left out is one."""

import numpy as np
import pytest

from mayabook.checks import Checker
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.take import Audio, StopReason
from mayabook.core.verdict import FindingKind, Verdict, WordMatch
from tests.checks.speaking import RATE, chunk_of, silence, speech, take_of, verbalised

LONG = "The keeper went down to the harbour early, and everyone on the quay looked up from their nets to greet her."
END = "They rowed back to the island before the storm."
REVERSED = speech("Every winter the children skated on the mill pond.")[::-1]


def judge(checker: Checker, audio: Audio, text: str, stop: StopReason = StopReason.END) -> Verdict:
    return checker.check(take_of(audio, stop), chunk_of(text))


def trimmed(audio: Audio) -> Audio:
    return audio[: np.flatnonzero(np.abs(audio) > 0.01)[-1] + RATE // 50]


@pytest.mark.parametrize(
    "text",
    [
        "Featherstonehaugh lived at Number Nine, next to the Cholmondeley sisters.",
        "Hrothgar and Wealhtheow sat at the end of the hall.",
        "Eleanor gave the letter to Okonkwo, who read it aloud.",
        "The knight dyed his maize, while the heir stood and stared.",
        "Henry VIII was crowned in 1509, and Louis XIV in 1643.",
    ],
)
def test_what_is_spelt_oddly_is_no_defect(checker: Checker, text: str) -> None:
    verdict = judge(checker, speech(text), text)
    assert verdict.accepted, (verdict.transcript, verdict.findings)


HEARD_ALL_THE_SAME = (
    "She brought me one of them before I had asked for it, sat down at my table, and looked at me for some time."
)
"""Whisper hears the last word of it even where the audio ends before that word."""


def test_a_last_word_for_which_there_is_no_audio_was_not_said(checker: Checker) -> None:
    audio = speech(HEARD_ALL_THE_SAME)
    last = checker.transcribe(audio, RATE)[-1]
    assert last.end - last.start > 0.1
    cut = audio[: round((last.start - 0.05) * RATE)]
    untimed = checker.transcribe(cut, RATE)[-1]
    assert (untimed.text, untimed.end - untimed.start) == ("time.", 0.0)
    verdict = judge(checker, cut, HEARD_ALL_THE_SAME)
    assert not verdict.accepted
    assert {finding.kind for finding in verdict.findings if finding.weight >= REJECTION_WEIGHT} == {
        FindingKind.TRUNCATED
    }
    assert verdict.words[-1].match == WordMatch.OMITTED
    assert judge(checker, audio, HEARD_ALL_THE_SAME).accepted


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It was not there when we came.", "It was night there when we came."),
        ("It was night there when we came.", "It was need there when we came."),
        ("They live in the old house.", "They love in the old house."),
        ("The man was gone by noon.", "The money was gone by noon."),
        ("He asked the keeper for a lantern.", "He asked the keeper for a trumpet."),
    ],
)
def test_one_word_for_another_of_like_sound_is_a_defect(checker: Checker, written: str, said: str) -> None:
    verdict = judge(checker, speech(said), written)
    assert not verdict.accepted, (verdict.transcript, verdict.findings)
    assert judge(checker, speech(written), written).accepted


@pytest.mark.parametrize("left_out", ["not", "early,", "everyone", "nets"])
def test_one_word_left_out_is_a_defect(checker: Checker, left_out: str) -> None:
    text = LONG.replace("looked up", "had not looked up")
    said = " ".join(word for word in text.split() if word != left_out)
    verdict = judge(checker, speech(said), text)
    assert not verdict.accepted, (verdict.transcript, verdict.findings)
    omitted = [finding for finding in verdict.findings if finding.detector in ("omitted", "garbled")]
    assert left_out.strip(",") in omitted[0].evidence
    assert omitted[0].start is not None


@pytest.mark.parametrize(("seconds", "pause"), [(0.3, 0.2), (1.0, 0.05), (1.0, 0.3), (3.0, 0.1)])
def test_gibberish_after_the_end_is_a_tail(checker: Checker, seconds: float, pause: float) -> None:
    loud = REVERSED[RATE : RATE + round(seconds * RATE)]
    verdict = judge(checker, np.concatenate([trimmed(speech(END)), silence(pause), loud]), END)
    assert not verdict.accepted, (verdict.transcript, verdict.findings)
    assert FindingKind.TAIL in {finding.kind for finding in verdict.findings if finding.weight >= 0.5}
    assert judge(checker, trimmed(speech(END)), END).accepted


@pytest.mark.parametrize("phrase", ["early", "looked up from their", "down to the harbour"])
def test_a_repetition_inside_is_a_loop(checker: Checker, phrase: str) -> None:
    verdict = judge(checker, speech(LONG.replace(phrase, f"{phrase} {phrase}")), LONG)
    assert not verdict.accepted, (verdict.transcript, verdict.findings)
    assert FindingKind.LOOP in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("three", "They had three sons."),
        ("hundred", "They climbed two hundred steps to the top of the tower."),
        ("five", "She gave him thirty-five pounds for the old horse."),
    ],
)
def test_a_word_said_twice_is_a_loop(checker: Checker, word: str, text: str) -> None:
    assert judge(checker, speech(text), text).accepted
    verdict = judge(checker, speech(text.replace(word, f"{word} {word}")), text)
    assert FindingKind.LOOP in {finding.kind for finding in verdict.findings if finding.weight >= 0.5}, verdict


@pytest.mark.parametrize(
    "text",
    [
        "No, no, he had had enough of it, and it was very, very cold.",
        "Do do that that day.",
        "He was impatient to inherit. Aye, I must put my shoulder to it.",
    ],
)
def test_a_word_that_the_text_has_twice_may_be_said_twice(checker: Checker, text: str) -> None:
    assert judge(checker, speech(text), text).accepted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The war ended in 1945 and he came home.", "The war ended in nineteen forty-six and he came home."),
        ("There were 347 sheep on the hill.", "There were three hundred and fifty-seven sheep on the hill."),
        ("It cost £3.50 at the fair.", "It cost four pounds fifty at the fair."),
    ],
)
def test_another_number_is_garbled(checker: Checker, text: str, said: str) -> None:
    verdict = checker.check(take_of(speech(said)), verbalised(text))
    assert not verdict.accepted
    assert "garbled" in {finding.detector for finding in verdict.findings if finding.weight >= 0.5}


def test_a_form_of_a_common_word_for_another_is_garbled(checker: Checker) -> None:
    assert not judge(checker, speech("He loves here."), "He lives here.").accepted


def test_what_is_said_for_dialect_is_compared_with_its_standard_form(checker: Checker) -> None:
    text = "I shan’t go, said the boy. I never seen ’em afore."
    assert judge(checker, speech("I shall not go, said the boy. I never seen them before."), text).accepted
    assert not judge(checker, speech("I should not go, said the boy. I never seen them before."), text).accepted


def test_an_interjection_may_be_written_in_any_way_but_must_be_said(checker: Checker) -> None:
    text = "“Ahem!” said the clerk, and he struck the floor with his staff."
    assert judge(checker, speech(text), text).accepted
    assert not judge(checker, speech(text.replace("“Ahem!” ", "")), text).accepted


def test_what_the_text_repeats_may_be_repeated(checker: Checker) -> None:
    text = "Never, never, never had she seen so many boats, so many boats in so small a bay."
    assert judge(checker, speech(text), text).accepted


def test_what_is_cheap_to_find_is_found_without_hearing(checker: Checker) -> None:
    audio = speech(LONG)
    spoilt = {
        "capped": take_of(audio, StopReason.CAP),
        "clipped": take_of(np.clip(audio * 20, -1, 1)),
        "silent": take_of(silence(4.0)),
        "fast": take_of(audio[: 2 * RATE]),
    }
    for detector, take in spoilt.items():
        unheard = checker.check(take, chunk_of(LONG), frozenset({detector}))
        assert not unheard.accepted
        assert not unheard.words
        rejecting = {f.detector for f in unheard.findings if f.weight >= 0.5}
        assert detector in rejecting
        verdict = checker.check(take, chunk_of(LONG))
        assert not verdict.accepted
        assert rejecting <= {finding.detector for finding in verdict.findings}
    clean = checker.check(take_of(audio), chunk_of(LONG), frozenset(spoilt))
    assert clean.accepted
    assert clean.words


def test_what_is_in_another_script_has_no_sound_to_excuse_it(checker: Checker) -> None:
    text = "The words were λόγος καὶ ἀλήθεια καὶ ζωή καὶ φῶς, over the door. She read it aloud, twice."
    verdict = judge(checker, speech(text), text)
    assert not verdict.accepted, verdict.transcript
    assert verdict.findings[0].kind is FindingKind.GARBLED
