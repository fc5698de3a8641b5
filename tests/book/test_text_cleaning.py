import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayabook.book.text_cleaning import clean_text, has_words, is_ornament


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  two\n\twords ", "two words"),
        ("no\u00a0break\u2009thin\u3000wide", "no break thin wide"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth\u2060joined\ufeff", "zerowidthjoined"),
        ("to\u200dgether", "together"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("\u202aleft\u202c to \u2066right\u2069", "left to right"),
        ("it\x92s \x93so\x94 \x97 he said\x85", "it’s “so” — he said…"),
        ("e\u0301te\u0301", "été"),
        ("ﬁnd the oﬃce", "find the office"),
        ("\u200b\u00a0\n", ""),
    ],
)
def test_clean(raw: str, expected: str) -> None:
    assert clean_text(raw) == expected


@given(st.text())
def test_clean_is_settled_after_one_pass_and_on_one_line(raw: str) -> None:
    cleaned = clean_text(raw)
    assert clean_text(cleaned) == cleaned
    assert cleaned == " ".join(cleaned.split())


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x2FF), min_size=1))
def test_clean_keeps_every_letter_and_digit(word: str) -> None:
    assert clean_text(f"\u00ad{word}\u200b") == clean_text(word)
    assert has_words(clean_text(word))


@pytest.mark.parametrize(
    "text", ["***", "* * *", "⁂", "—", "#", "~", "• • •", "· · ·", "❦", "§", "- - -", "…", "◆◇◆", "_"]
)
def test_ornaments(text: str) -> None:
    assert is_ornament(text)


@pytest.mark.parametrize("text", ["", "“…”", "?", "!", "«—»", "'", "* a *", "1", "第"])
def test_not_ornaments(text: str) -> None:
    assert not is_ornament(text)
