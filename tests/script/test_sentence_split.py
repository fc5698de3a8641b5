"""Sentence ends, on a set of the hard cases of novels."""

from pathlib import Path

import pytest
import sentencex

from mayabook.core.language import ENGLISH, Language
from mayabook.script.sentence_split import sentence_spans

_LINES = (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.split(" | ") for line in _LINES if not line.startswith("#")]


def sentences(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, Language.of(language))]


@pytest.mark.parametrize("expected", CASES, ids=lambda expected: " | ".join(expected)[:60])
def test_sentences_of_a_paragraph(expected: list[str]) -> None:
    assert sentences(" ".join(expected)) == expected


def test_the_rules_earn_their_place() -> None:
    """The library alone gets some of the set wrong; if that ends, so should our rules."""
    wrong = [case for case in CASES if [s.strip() for s in sentencex.segment("en", " ".join(case))] != case]
    assert 15 <= len(wrong) <= 25


def test_spans_are_exact_and_hold_no_outer_space() -> None:
    text = "  He left.   She stayed.  (Why?)  Nobody knows.  "
    assert sentence_spans(text, ENGLISH) == [(2, 10), (13, 24), (26, 32), (34, 47)]


def test_what_has_no_word_of_its_own_goes_with_a_neighbour() -> None:
    assert sentences("He left. … She stayed. !!!") == ["He left. …", "She stayed. !!!"]
    assert sentences("* * * He left.") == ["* * * He left."]
    assert sentences("He left. <sigh> <gasp>") == ["He left. <sigh> <gasp>"]
    assert sentences("?!") == ["?!"]
    assert sentences("   ") == []


@pytest.mark.parametrize("language", ["en-GB", "de", "EN", "xx", "tlh-Latn", ""])
def test_any_language_tag_will_do(language: str) -> None:
    assert sentences("He left at 3.30. She stayed.", language) == ["He left at 3.30.", "She stayed."]


def test_a_german_abbreviation_needs_german() -> None:
    text = "Er kam am 3. Januar zurück. Sie blieb."
    assert sentences(text, "de-AT") == ["Er kam am 3. Januar zurück.", "Sie blieb."]


def test_a_block_far_longer_than_a_paragraph_is_cut_the_same() -> None:
    paragraph = "Mr. Brown left. “Why?” she asked. He never came back… Nobody knew. "
    n = 1000
    assert sentences(paragraph * n) == sentences(paragraph) * n
    assert len(sentences("これは文です。次の、文。" * n)) == 2 * n
    assert sentences("word " * 9000 + "end. Then.") == ["word " * 9000 + "end.", "Then."]


def test_a_region_has_the_rules_of_its_language() -> None:
    assert sentences("Er kam am 3. Januar. Dann ging er.", "de-CH") == ["Er kam am 3. Januar.", "Dann ging er."]
