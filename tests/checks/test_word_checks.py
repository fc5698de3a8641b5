"""Alignment by sound and spelling, without audio."""

import numpy as np
import pytest

from mayabook.checks.phonetics import Phonetics
from mayabook.checks.recogniser import ForcedAlignment
from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.text_normalisation import text_units
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.word_alignment import Aligner
from mayabook.checks.word_checks import WordEvidence, WordScores
from mayabook.core.verdict import AlignedWord, WordMatch

THRESHOLDS = load_thresholds()
SOUNDS = Phonetics(THRESHOLDS.phonetics)


def matches(written: str, heard: str) -> list[str]:
    """For each pair of the alignment: what was written, how it matched, what was heard."""
    ours, theirs = text_units(written.split()), text_units(heard.split())
    return [
        f"{' '.join(written.split()[at] for slot in ours[slice(*pair.expected)] for at in slot.words)}"
        f" {pair.match} "
        f"{' '.join(heard.split()[at] for slot in theirs[slice(*pair.heard)] for at in slot.words)}"
        for pair in Aligner(SOUNDS, THRESHOLDS.alignment).align(ours, theirs)
    ]


def all_good(written: str, heard: str) -> bool:
    ours, theirs = text_units(written.split()), text_units(heard.split())
    pairs = Aligner(SOUNDS, THRESHOLDS.alignment).align(ours, theirs)
    return all(pair.match in (WordMatch.SAME, WordMatch.SOUND) for pair in pairs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("not", "night"), ("not", "need"), ("night", "need"), ("live", "love"), ("man", "money"), ("man", "men"),
        ("now", "know"), ("was", "is"), ("he", "she"), ("can", "can't"), ("bed", "bad"), ("ship", "sheep"),
    ],
)  # fmt: skip
def test_words_that_sound_different_stay_apart(one: str, other: str) -> None:
    assert not all_good(one, other)
    assert not all_good(f"it was {one} there", f"it was {other} there")


def test_an_ending_is_heard_unless_the_next_word_hides_it() -> None:
    assert not all_good("returned early", "return early")
    assert not all_good("return", "returned")


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("their", "there"), ("no", "know"), ("Eleanor", "a leaner"), ("Abernathy", "Abernethy"), ("night", "knight"),
        ("Clare", "Claire"), ("Thomas Moore", "Tomas More"), ("two", "too"), ("patients", "patience"), ("finds", "fines"),
        ("returned the lawyer", "return the lawyer"), ("I incline to it", "I inclined to it"),
    ],
)  # fmt: skip
def test_homophones_and_names_are_the_same(written: str, heard: str) -> None:
    assert all_good(written, heard)


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("1897", "eighteen ninety seven"), ("eighteen ninety-seven", "1897"), ("212 steps", "two hundred and twelve steps"),
        ("two hundred and twelve", "212"), ("3rd of March", "third of March"), ("March 3rd, 1897", "March 3, 1897"),
        ("14 August", "the 14th of August"), ("$5.50", "five dollars and fifty cents"), ("£5", "five pounds"),
        ("10:45 p.m.", "10.45 pm"), ("10:45", "ten forty five"), ("No. 7", "number seven"), ("Mr. Hale", "mister Hale"),
        ("St. Mary’s", "Saint Mary's"), ("Chapter IV", "Chapter four"), ("Chapter IV", "chapter 4"),
        ("salt & pepper", "salt and pepper"), ("north-west", "northwest"), ("northwest", "north west"),
        ("o’clock", "o'clock"), ("don’t", "do not"), ("OK", "okay"), ("colour", "color"), ("1,250", "1250"),
        ("3.5 seconds", "three point five seconds"), ("e.g. tea", "for example tea"), ("café", "cafe"),
        ("20%", "twenty percent"), ("Dr. Moore", "doctor Moore"),
    ],
)  # fmt: skip
def test_spellings_of_one_thing_are_the_same(written: str, heard: str) -> None:
    assert all_good(written, heard)
    assert all_good(f"and {written} then", f"and {heard} then")


def test_kinds_of_difference_are_told_apart() -> None:
    assert matches("the cat sat on the mat", "the cat sat on mat") == [
        "the same the", "cat same cat", "sat same sat", "on same on", "the omitted ", "mat same mat",
    ]  # fmt: skip
    assert " inserted lazy" in matches("the brown dog", "the brown lazy dog")
    assert "horse wrong carpet" in matches("the horse ran", "the carpet ran")
    unlike = matches("began Enfield, surprised out of himself", "began and field, surprised out of himself")
    assert {"surprised same surprised", "out same out"} <= set(unlike)


@pytest.mark.parametrize("text", ["", "— … !", "word", "a b c d e"])
def test_every_slot_is_in_one_pair(text: str) -> None:
    for heard in ("", "word", "a b c x y z d e", "e d c b a"):
        ours, theirs = text_units(text.split()), text_units(heard.split())
        pairs = Aligner(SOUNDS, THRESHOLDS.alignment).align(ours, theirs)
        assert [at for pair in pairs for at in range(*pair.expected)] == list(range(len(ours)))
        assert [at for pair in pairs for at in range(*pair.heard)] == list(range(len(theirs)))


@pytest.mark.parametrize(
    ("word", "seconds", "is_rejected"), [("Ha!", 0.6, False), ("Ha!", 0.25, True), ("Men", 0.6, True)]
)
def test_an_interjection_that_is_not_transcribed_needs_voice_to_spare_beside_it(
    word: str, seconds: float, *, is_rejected: bool
) -> None:
    rows = [
        AlignedWord(WordMatch.OMITTED, 0, word, ""),
        AlignedWord(WordMatch.SAME, 1, "Well,", "Well,", start=0.0, end=0.8),
    ]
    is_voiced = np.arange(round(0.8 / FRAME_SECONDS)) < round(seconds / FRAME_SECONDS)
    evidence = WordEvidence(rows, {0: ForcedAlignment(-9.0, 0.0, 0.4)}, is_voiced, 0.0, SOUNDS)
    (omitted,) = WordScores(evidence, THRESHOLDS).scores()
    assert omitted.detector == "omitted"
    assert (omitted.value >= THRESHOLDS.rejection["omitted"]) == is_rejected


@pytest.mark.parametrize(
    ("words", "is_rejected"),
    [
        (["Well,", "ha!", "you"], False),
        (["Well,", "ha! ha!", "you"], False),
        (["Well,", "men", "you"], True),
        (["Well,", "ha! men", "you"], True),
        (["Well,", "ha!"], False),
        (["Well,", "men"], True),
    ],
)
def test_so_do_interjections_between_words_and_at_the_end(words: list[str], *, is_rejected: bool) -> None:
    """The second entry is not transcribed; the words beside it are, with 0.6 s of voice in 1 s."""
    before, omitted, *after = words
    rows = [AlignedWord(WordMatch.SAME, 0, before, before, start=0.0, end=0.5)]
    rows += [AlignedWord(WordMatch.OMITTED, 1 + at, word, "") for at, word in enumerate(omitted.split())]
    rows += [AlignedWord(WordMatch.SAME, len(rows), word, word, start=0.5, end=1.0) for word in after]
    is_voiced = np.arange(round(1.0 / FRAME_SECONDS)) % 5 < 3
    forced = {at: ForcedAlignment(-9.0, 0.4, 0.6) for at, row in enumerate(rows) if row.match is WordMatch.OMITTED}
    (found,) = WordScores(WordEvidence(rows, forced, is_voiced, 0.0, SOUNDS), THRESHOLDS).scores()
    assert found.detector == ("omitted" if after else "truncated")
    assert (found.value >= THRESHOLDS.rejection[found.detector]) == is_rejected
