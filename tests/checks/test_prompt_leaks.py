"""The voice's description in what was spoken, on alignments that are written by hand."""

import pytest

from mayabook.checks.phonetics import Phonetics
from mayabook.checks.prompt_leaks import description_in, prompt_leak_scores
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.verdict import AlignedWord, FindingKind, WordMatch

THRESHOLDS = load_thresholds()
DESCRIPTION = "Male voice in his 50s with a New York accent. Low pitch, gravelly timbre, a dry and world-weary tone."
TEXT = "He had a low voice and a dry tone."


@pytest.fixture(scope="module")
def phonetics() -> Phonetics:
    return Phonetics(THRESHOLDS.phonetics)


def rows(heard: str) -> list[AlignedWord]:
    """Heard words, of which those in brackets are of the text, and a word after a slash is what the text has."""
    found = []
    for number, word in enumerate(heard.split()):
        said, _, written = word.strip("[]").partition("/")
        match = WordMatch.WRONG if written else WordMatch.SAME if word.startswith("[") else WordMatch.INSERTED
        index = None if match == WordMatch.INSERTED else number
        expected = "" if index is None else written or said
        found.append(AlignedWord(match, index, expected, said, float(number), number + 0.8))
    return found


def value(phonetics: Phonetics, heard: str, description: str = DESCRIPTION) -> float:
    scores = prompt_leak_scores(rows(heard), description, phonetics, THRESHOLDS.prompt_leaks)
    assert all((score.detector, score.kind) == ("prompt_leak", FindingKind.PROMPT_LEAK) for score in scores)
    return max((score.value for score in scores), default=0.0)


@pytest.mark.parametrize(
    "heard",
    [
        f"{DESCRIPTION} [They] [went] [home.]",
        "Male voice in his fifties with a New York accent. [They] [went] [home.]",
        "world weary tone [They] [went] [home.]",
        "[They] [went] [home.] low peach, gravely timber",
        "[They] male/went voice/home in/that his/day.",
        "male voice [in] [his] fifties with [a] new York [They] [went] [in.]",
    ],
    ids=["whole", "first sentence", "last words", "misheard", "instead of the text", "across words of the text"],
)
def test_a_description_that_is_spoken_is_found(phonetics: Phonetics, heard: str) -> None:
    assert value(phonetics, heard) >= THRESHOLDS.rejection["prompt_leak"]


@pytest.mark.parametrize(
    "heard",
    [
        " ".join(f"[{word}]" for word in DESCRIPTION.split()),
        " ".join(f"[{word}]" for word in TEXT.split()),
        "[He] [had] [a] [low] [voice] low voice [and] [a] [dry] [tone.]",
        "[He] [had] [a] [low] tune/voice",
        "purple engines under heavy marble [They] [went] [home.]",
        "in a with and [They] [went] [home.]",
    ],
    ids=["the text is the description", "shared words", "a repetition", "a misheard word", "other words", "no content"],
)
def test_other_speech_is_no_leak(phonetics: Phonetics, heard: str) -> None:
    assert value(phonetics, heard) < THRESHOLDS.rejection["prompt_leak"]


def test_a_leak_is_found_although_the_text_has_its_words(phonetics: Phonetics) -> None:
    text = " ".join(f"[{word}]" for word in DESCRIPTION.split())
    assert value(phonetics, f"{DESCRIPTION} {text}") >= THRESHOLDS.rejection["prompt_leak"]


def test_a_finding_quotes_what_was_heard_and_says_when(phonetics: Phonetics) -> None:
    heard = rows("[They] [went] [home.] Male voice in his fifties. [And] [slept.]")
    (score,) = prompt_leak_scores(heard, DESCRIPTION, phonetics, THRESHOLDS.prompt_leaks)
    assert score.evidence == "“Male voice in his fifties.” is from the description of the voice"
    assert (score.start, score.end) == (3.0, 7.8)


def test_the_name_of_a_voice_is_no_description(phonetics: Phonetics) -> None:
    assert description_in("heart") == ""
    assert description_in(DESCRIPTION) == DESCRIPTION
    assert value(phonetics, DESCRIPTION, description="") == 0.0
