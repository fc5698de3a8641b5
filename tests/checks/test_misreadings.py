"""Words with a tempting wrong reading: the right one is accepted, the wrong one is `misread`; both are spoken and heard."""

import pytest

from bench.defects.wrong_readings import SPLITS, wrong_readings
from mayabook.checks import Checker
from mayabook.checks.text_normalisation import expected_units, text_units
from mayabook.core.verdict import Finding, FindingKind, Verdict, WordMatch
from mayabook.script.expected_words import expected_words
from mayabook.script.tempting_readings import is_letters, tempting_readings
from tests.checks.speaking import chunk_of, speech, take_of, verbalised


def judge(checker: Checker, said: str, written: str) -> Verdict:
    return checker.check(take_of(speech(said)), verbalised(written))


def misread(verdict: Verdict) -> list[Finding]:
    return [finding for finding in verdict.findings if finding.kind == FindingKind.MISREAD and finding.weight >= 0.5]


CASES = [
    ("Capitals", "THE MAN WHO WENT HOME was late.", "The man W H O went home was late."),
    ("capitals", "She was HIS sister, and NOT mine.", "She was his sister, and N O T mine."),
    ("letters as a word", "The US army crossed the river.", "The us army crossed the river."),
    ("an acronym as letters", "The NASA man came at noon.", "The N A S A man came at noon."),
    ("Roman", "He read Chapter XLIX that night.", "He read Chapter X L I X that night."),
    ("a king", "They spoke of King Henry VIII all evening.", "They spoke of King Henry V I I I all evening."),
    ("minus", "The scale read −3 all day.", "The scale read three all day."),
    ("minus of money", "He found −£40 in the last column.", "He found forty pounds in the last column."),
    ("a power", "There are 10⁸ stars in the glass.", "There are one hundred and eight stars in the glass."),
    ("a unit", "He ran the race in 9.58s and won.", "He ran the race in nine point five eights and won."),
    ("no unit", "The book gives 30 °C for the oven.", "The book gives thirty for the oven."),
    ("a year", "The war ended in 1945 and he came home.", "The war ended in one thousand nine hundred forty-five and he came home."),
    ("digits", "She counted 347 steps to the top.", "She counted three four seven steps to the top."),
    ("a magnitude", "The firm lost $3bn in a year.", "The firm lost three dollars B N in a year."),
]  # fmt: skip


@pytest.mark.parametrize(("written", "wrong"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_right_reading_is_accepted_and_the_wrong_one_is_misread(checker: Checker, written: str, wrong: str) -> None:
    right = judge(checker, verbalised(written).spoken, written)
    assert right.accepted, (right.transcript, right.findings)
    verdict = judge(checker, wrong, written)
    assert not verdict.accepted
    assert misread(verdict), (verdict.transcript, verdict.findings)


def test_both_readings_are_evidence_with_their_times(checker: Checker) -> None:
    (finding,) = misread(judge(checker, "He read Chapter X L I X that night.", "He read Chapter XLIX that night."))
    assert finding.evidence.startswith("“X L I X” for “forty-nine”: +")
    assert "nats by forced decoding; it took " in finding.evidence
    assert finding.start is not None
    assert finding.end is not None
    assert 0.5 < finding.start < finding.end < 2.5


def test_a_minus_is_never_left_out_of_what_is_expected(checker: Checker) -> None:
    for written in ("The scale read −3 all day.", "The scale read -3 all day."):
        for chunk in (verbalised(written), chunk_of(written)):
            verdict = checker.check(take_of(speech("The scale read minus three all day.")), chunk)
            assert verdict.accepted, (chunk, verdict.findings)
            assert not checker.check(take_of(speech("The scale read three all day.")), chunk).accepted


def test_a_plain_text_has_no_tempting_readings(checker: Checker) -> None:
    chunk = verbalised("She sat by the window, and the clock struck nine. “I know,” said Tom.")
    assert [tempting_readings(each, lambda word: True) for each in expected_words(chunk.sentences)] == [()] * 14


def test_expected_words_are_traced_to_written_ones() -> None:
    chunk = verbalised("He paid £3.50 in 1897, twice.")
    units = expected_units(expected_words(chunk.sentences))
    assert [(unit.words, " ".join(unit.verbalisations[0])) for unit in units] == [
        ((0,), "he"),
        ((1,), "paid"),
        ((2,), "three pounds fifty"),
        ((3,), "in"),
        ((4,), "eighteen ninety seven"),
        ((5,), "twice"),
    ]


def test_a_written_form_is_no_verbalisation_unless_it_is_only_respelt() -> None:
    (letters,) = [
        unit for unit in expected_units(expected_words(verbalised("Chapter XLIX.").sentences)) if 1 in unit.words
    ]
    assert letters.verbalisations == (("forty", "nine"),)
    (name,) = expected_units(expected_words(chunk_of("Siobhan", {"Siobhan": "Shivawn"}).sentences))
    assert set(name.verbalisations) == {("shivawn",), ("siobhan",)}


def test_words_that_are_left_out_are_not_missed(checker: Checker) -> None:
    chunk = verbalised("They came home🎉 and slept until noon.³")
    verdict = checker.check(take_of(speech(chunk.spoken)), chunk)
    assert verdict.accepted, verdict.findings
    assert {row.match for row in verdict.words} <= {WordMatch.SAME, WordMatch.SOUND}


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("-3", "minus three"), ("-£40", "minus forty pounds"), ("20°C", "twenty degrees celsius"), ("9.58s", "nine point five eight seconds"),
        ("100m", "one hundred meters"), ("8th", "eighth"), ("$3 billion", "three billion dollars"), ("(-7)", "negative seven"),
    ],
)  # fmt: skip
def test_what_asr_writes_in_digits_is_put_into_words(heard: str, said: str) -> None:
    (unit,) = text_units(heard.split())
    assert tuple(said.split()) in unit.verbalisations


def test_a_minus_has_no_reading_without_it() -> None:
    (unit,) = text_units(["−3"])
    assert all(reading[0] in ("minus", "negative") for reading in unit.verbalisations)
    assert text_units(["well-known", "-", "and"])[0].verbalisations[0] == ("well", "known")


def test_letters() -> None:
    assert all(map(is_letters, ("W H O", "W.H.O.", "“U.S.,”", "X")))
    assert not any(map(is_letters, ("WHO", "who", "I know", "")))


def test_texts_of_the_corpus_are_in_one_split() -> None:
    texts = {split: {each.text for of_kind in wrong_readings(split).values() for each in of_kind} for split in SPLITS}
    assert all(each.text != each.said for of_kind in wrong_readings("fit").values() for each in of_kind)
    assert len(set().union(*texts.values())) == sum(map(len, texts.values()))
    assert all(len(found) > 50 for found in texts.values())
