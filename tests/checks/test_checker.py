"""Verdicts on real speech, sound and spoilt, heard by the real recogniser."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mayabook.checks import Checker
from mayabook.checks.whisper_models import ModelFiles
from mayabook.core.errors import CheckError
from mayabook.core.settings import CheckSettings
from mayabook.core.take import Audio, StopReason
from mayabook.core.verdict import FindingKind, Verdict, WordMatch
from tests.checks.speaking import chunk_of, silence, speech, take_of

CLEAN = (
    "Chapter Four: The Wrong Time.",
    "No.",
    "“Why?”",
    "Yes!",
    "“Nobody,” she said, “has ever been up there at night.”",
    "Mr. Abernathy met Dr. Moore at St. Mary’s at 10:45 p.m. on March 3rd, 1897.",
    "He counted 212 steps, paid £5 for the map, and owed 1,250 more.",
    "Eleanor and Thomas walked north-west along the river, didn’t they?",
    "It took 3.5 seconds, e.g. on 14 August 1923, in room No. 12.",
    "Tower, tower, what do you say?\nFour minutes more to laugh and play.",
    "Well… I don’t know — perhaps tomorrow.",
    "The café was closed, and the gray horse stood by its door.",
)
STORY = (
    "The boat came in at dawn, with nobody aboard. The woman next door saw it first from the kitchen window. "
    "She called her brother, and they both walked down to the water. The letter was dry and had never been opened."
)
SENTENCES = tuple(part + "." for part in STORY.rstrip(".").split(". "))
OTHER = "Every winter the children skated on the mill pond until the miller sent them home for supper."


def judge(checker: Checker, audio: Audio, text: str, stop: StopReason = StopReason.END) -> Verdict:
    return checker.check(take_of(audio, stop), chunk_of(text))


def kinds(verdict: Verdict) -> set[FindingKind]:
    return {finding.kind for finding in verdict.findings}


@pytest.mark.parametrize("text", CLEAN)
def test_clean_speech_is_accepted(checker: Checker, text: str) -> None:
    verdict = judge(checker, speech(text), text)
    assert verdict.accepted, (verdict.transcript, verdict.findings)
    assert {row.index for row in verdict.words if row.index is not None} == {
        at for at, word in enumerate(text.split()) if any(char.isalnum() for char in word)
    }
    assert len([row for row in verdict.words if row.index is not None]) == len(text.split()) - text.split().count("—")


def test_a_clean_take_of_several_sentences_has_no_error(checker: Checker) -> None:
    verdict = judge(checker, speech(STORY), STORY)
    assert verdict.accepted
    assert verdict.errors == 0
    assert verdict.n_words == len(STORY.split())
    assert all(row.match == WordMatch.SAME for row in verdict.words)
    times = [row.start for row in verdict.words if row.start is not None]
    assert times == sorted(times)


def spoil(name: str) -> Audio:
    first, second, third, fourth = (speech(sentence) for sentence in SENTENCES)
    whole = speech(STORY)
    noise = np.random.default_rng(1).normal(0, 0.2, 24000).astype(np.float32)
    spoilt = {
        "last sentence missing": np.concatenate([first, second, third]),
        "last three words missing": speech(STORY.removesuffix(" never been opened.") + "."),
        "last word missing": speech(STORY.removesuffix(" opened.") + "."),
        "other speech after the end": np.concatenate([whole, speech("The miller sent them home.")]),
        "reversed speech after the end": np.concatenate([whole, speech(OTHER)[24000:60000][::-1]]),
        "a sentence twice": np.concatenate([first, second, second, third, fourth]),
        "a sentence five times at the end": np.concatenate([whole, *[fourth] * 4]),
        "a phrase three times": speech(STORY.replace("to the water", "to the water to the water to the water")),
        "a sentence missing inside": np.concatenate([first, second, fourth]),
        "first sentence missing": np.concatenate([second, third, fourth]),
        "four words garbled": speech(
            STORY.replace("first from the kitchen window", "purple engines under heavy marble")
        ),
        "another text": speech(OTHER),
        "reversed": whole[::-1],
        "silence": silence(8.0),
        "nothing": silence(0.0),
        "three seconds of silence inside": np.concatenate([first, second, silence(3.0), third, fourth]),
        "five seconds of silence after": np.concatenate([whole, silence(5.0)]),
        "clipped": np.clip(whole * 20, -1, 1),
        "noise": np.concatenate([noise] * 10),
        "much too slow": np.interp(np.arange(0, len(whole), 0.4), np.arange(len(whole)), whole).astype(np.float32),
    }
    return spoilt[name]


@pytest.mark.parametrize(
    ("defect", "kind"),
    [
        ("last sentence missing", FindingKind.TRUNCATED),
        ("last three words missing", FindingKind.TRUNCATED),
        ("last word missing", FindingKind.TRUNCATED),
        ("other speech after the end", FindingKind.TAIL),
        ("reversed speech after the end", FindingKind.TAIL),
        ("a sentence twice", FindingKind.LOOP),
        ("a sentence five times at the end", FindingKind.LOOP),
        ("a phrase three times", FindingKind.LOOP),
        ("a sentence missing inside", FindingKind.OMITTED),
        ("first sentence missing", FindingKind.OMITTED),
        ("four words garbled", FindingKind.GARBLED),
        ("another text", None),
        ("reversed", None),
        ("silence", FindingKind.SILENT),
        ("nothing", FindingKind.SILENT),
        ("three seconds of silence inside", FindingKind.SILENT),
        ("five seconds of silence after", FindingKind.SILENT),
        ("clipped", FindingKind.CLIPPED),
        ("noise", None),
        ("much too slow", FindingKind.OFF_PACE),
    ],
)
def test_a_defect_is_rejected_by_its_name(checker: Checker, defect: str, kind: FindingKind | None) -> None:
    verdict = judge(checker, spoil(defect), STORY)
    assert not verdict.accepted, verdict.transcript
    if kind is not None:
        assert kind in kinds(verdict), (verdict.transcript, verdict.findings)


@pytest.mark.parametrize(("said", "written"), [("Yes.", "No."), ("Tomorrow.", "Why?"), ("I went home.", "No.")])
def test_a_wrong_word_alone_is_rejected(checker: Checker, said: str, written: str) -> None:
    assert not judge(checker, speech(said), written).accepted


def test_a_take_that_its_cap_ended_is_truncated_whatever_it_sounds_like(checker: Checker) -> None:
    verdict = judge(checker, speech(STORY), STORY, StopReason.CAP)
    assert not verdict.accepted
    assert verdict.findings[0].kind == FindingKind.TRUNCATED
    assert FindingKind.LOOP in kinds(judge(checker, speech(STORY), STORY, StopReason.LOOP))


def test_a_take_longer_than_a_window_is_heard_to_its_end(checker: Checker) -> None:
    text = f"{STORY} {OTHER} {STORY.replace('boat', 'train')} {OTHER.replace('winter', 'summer')}"
    audio = speech(text)
    assert len(audio) > 31 * 24000
    verdict = judge(checker, audio, text)
    assert verdict.accepted, verdict.findings
    assert verdict.word_error_rate < 0.05
    short = judge(checker, audio[: -24000 * 4], text)
    assert FindingKind.TRUNCATED in kinds(short)


def test_the_same_take_gets_the_same_verdict_in_any_thread(checker: Checker) -> None:
    takes = [(speech(text), text) for text in (*CLEAN[4:9], STORY)]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda pair: judge(checker, *pair), takes * 2))
    assert threaded == [judge(checker, *pair) for pair in takes] * 2


def test_emotion_tags_are_not_expected_words(checker: Checker) -> None:
    text = "<laugh> The boat came in at dawn, <whisper> with nobody aboard."
    verdict = judge(checker, speech("The boat came in at dawn, with nobody aboard."), text)
    assert verdict.accepted
    assert verdict.n_words == 9


def test_a_respelling_is_heard_as_the_word(checker: Checker) -> None:
    chunk = chunk_of("They tied the boat to the quay before dark.", {"quay": "key"})
    assert chunk.spoken == "They tied the boat to the key before dark."
    verdict = checker.check(take_of(speech(chunk.spoken)), chunk)
    assert verdict.accepted
    assert not [row for row in verdict.words if row.match not in (WordMatch.SAME, WordMatch.SOUND)]


def test_a_recogniser_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for model in ("no-such-model", "/no/such/folder"):
        with pytest.raises(CheckError, match=r"cannot be loaded .* use --asr-model tiny\.en"):
            Checker(CheckSettings(asr_model=model))


def test_what_the_checks_are_is_known_without_loading_a_recogniser(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver of a cluster only compares it."""
    loaded: list[str] = []
    monkeypatch.setattr(ModelFiles, "load", lambda files, compute_type: loaded.append(files.identity))
    assert Checker(CheckSettings()).identity == checker.identity
    assert Checker(CheckSettings(second_asr_model="")).language == checker.language
    assert loaded == []


def test_a_recogniser_in_a_folder(checker: Checker, tmp_path: Path) -> None:
    """It need not be whole for the checks to be named, but it is missed before a take is made."""
    weights = tmp_path / "model.bin"
    weights.write_bytes(b"no weights")
    (tmp_path / "vocabulary.json").write_text(json.dumps(list(map(str, range(51_865)))))
    found = Checker(CheckSettings(asr_model=str(tmp_path)), "fr")
    assert found.language.code == "fr"
    with pytest.raises(CheckError, match=r"cannot be loaded .* use --asr-model tiny\.en"):
        found.load()
    (tmp_path / "vocabulary.json").write_text(json.dumps(list(map(str, range(51_864)))))
    assert Checker(CheckSettings(asr_model=str(tmp_path)), "fr").language.code == "en"
    weights.unlink()
    with pytest.raises(CheckError, match=r"cannot be loaded .* use --asr-model tiny\.en"):
        Checker(CheckSettings(asr_model=str(tmp_path)))
