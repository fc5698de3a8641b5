import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayabook_kokoro.phonemes import MAX_TOKENS, TOKEN_IDS, Phonemizer, split, token_ids


@pytest.fixture(scope="module")
def american() -> Phonemizer:
    return Phonemizer(british=False)


def test_the_vocabulary_is_kokoros_as_hibari_has_it_too() -> None:
    assert json.loads((files("hibari") / "assets/vocab.json").read_text(encoding="utf-8")) == TOKEN_IDS


def test_accents_differ(american: Phonemizer) -> None:
    assert american("Hello there.") == ["həlˈO ðˈɛɹ."]
    assert Phonemizer(british=True)("Hello there.") == ["həlˈQ ðˈɛː."]


def test_token_ids_are_those_of_the_symbols() -> None:
    assert token_ids("həlˈO.").tolist() == [50, 83, 54, 156, 31, 4]


def test_brackets_in_a_book_are_no_markup(american: Phonemizer) -> None:
    (phonemes,) = american("She wrote [boat](kˈæt) and [boat](/kˈæt/kˈæt).")
    assert phonemes.count("bˈOt") == 2
    assert phonemes.count("(") == 2


def test_a_pronunciation_in_ipa_is_spoken(american: Phonemizer) -> None:
    assert american("So [Aoife](/ˈiːfə/), [Siobhan’s](/ʃɪˈvɔːnz/).") == ["sˌO ˈifə, ʃɪvˈɔnz."]


def test_raised_digits_are_spoken(american: Phonemizer) -> None:
    assert american("10⁻⁹ grams") == american("10 minus 9 grams")


@pytest.mark.parametrize("text", ["", "* * *", "日本語"])
def test_where_nothing_can_be_said_there_are_no_phonemes(american: Phonemizer, text: str) -> None:
    assert american(text) == []


def test_a_long_text_is_split_between_sentences(american: Phonemizer) -> None:
    sentence = "They walked down to the water and tied it to the old stone pier."
    parts = american(" ".join([sentence] * 16))
    assert len(parts) == 2
    assert all(len(part) <= MAX_TOKENS and part.endswith("pˈɪɹ.") for part in parts)
    assert " ".join(parts) == " ".join(american(sentence) * 16)


def test_a_long_sentence_is_split_between_clauses() -> None:
    clauses = ["ðə lˈæmp wˈɛnt ˈWt, "] * 40
    parts = split("".join(clauses).strip())
    assert all(part.endswith(",") for part in parts)


@given(st.text(alphabet="ab .,:”", max_size=2500))
def test_splitting_loses_nothing_but_spaces(text: str) -> None:
    phonemes = text.strip()
    parts = split(phonemes)
    assert all(0 < len(part) <= MAX_TOKENS for part in parts)
    assert "".join(parts).replace(" ", "") == phonemes.replace(" ", "")
