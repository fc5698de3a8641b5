"""No text stops the checks: whatever a book holds, its words, their readings and their phonemes are found."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mayabook.checks.phonetics import Phonetics
from mayabook.checks.text_normalisation import expected_units, text_units
from mayabook.checks.thresholds import load_thresholds
from mayabook.script.expected_words import expected_words
from mayabook.script.tempting_readings import tempting_readings
from tests.checks.speaking import verbalised

FIGURES = load_thresholds()
PHONETICS = Phonetics(FIGURES.phonetics)
ALPHABETS = st.one_of(
    st.text(min_size=1, max_size=30),
    st.text("0123456789⁻⁹²½Ⅳ⓶፮٣०,.-−–/:$£€%°'’“ IVXMabsthnd", min_size=1, max_size=20),
)


@given(ALPHABETS)
@example("10⁻⁹")
@example("⑴ ፮ê ⓶")
@example("−፮ $፮ bn ፮/፮")
def test_any_text_has_words_readings_and_phonemes(text: str) -> None:
    words = text.split()
    if not words:
        return
    chunk = verbalised(" ".join(words))
    expected = expected_words(chunk.sentences)
    assert [at for each in expected for at in each.written] == list(range(len(chunk.sentences[0].text.split())))
    for unit in (*expected_units(expected), *text_units(words)):
        assert unit.verbalisations
    for each in expected:
        for reading in tempting_readings(each, str.isupper):
            assert isinstance(reading, str)
    for word in words:
        assert isinstance(PHONETICS.phonemes(word.lower()), str)
        assert PHONETICS.distance(word, word) == 0


@pytest.mark.parametrize(("text", "same"), [("10⁹", "109"), ("x²", "x2"), ("①", "1")])
def test_raised_and_circled_digits_are_digits(text: str, same: str) -> None:
    assert PHONETICS.phonemes(text) == PHONETICS.phonemes(same)
