"""Angle brackets: emotion tags stay, markup goes, words stay."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayabook.core.emotion_tags import EMOTION_TAGS, without_tags
from mayabook.script.inline_markup import remove_markup


def test_there_are_twenty_emotion_tags() -> None:
    assert len(EMOTION_TAGS) == 20
    for tag in EMOTION_TAGS:
        assert remove_markup(f"Well <{tag}> then.") == f"Well <{tag}> then."
        assert remove_markup(f"Well <{tag.upper()}> then.") == f"Well <{tag}> then."
        assert without_tags(f"Well <{tag}> then.").split() == ["Well", "then."]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("<whisper>Come here.</whisper> Now.", "<whisper>Come here. Now."),
        ("</laugh></b></ anything > Now.", "Now."),
        ("A <b>bold</b> <i>man</i><br/> came<BR>.", "A bold man came ."),
        ("A <span class=\"x y\">man</span> <a href='u' id=5>came</a>.", "A man came ."),
        ('<voice pitch="high">Hello</voice>', "Hello"),
        ("The sign said <Warning> in red.", "The sign said Warning in red."),
        ("He wrote <he left at noon> there.", "He wrote he left at noon there."),
        ("I <3 you > me << >> <", "I 3 you me"),
        ("3 < 5 and 7 > 2", "3 5 and 7 2"),
        ("<laughs> and <laugh harder>", "laughs and laugh harder"),
        ("See [home](/home/), [this](that).", "See [home] /home/), [this](that)."),
        ("<b", "b"),
        ("<ſigh> <Kiss>", "ſigh Kiss"),
        ("a\tb\nc\u00a0d\u2003e\x1cf", "a b c d e f"),
    ],
)
def test_what_is_left_to_speak(written: str, spoken: str) -> None:
    line = remove_markup(written)
    assert " ".join(line.split()) == spoken
    assert len(line) == len(written)


@given(st.text(st.sampled_from("<>/ ab=\"'\n" + string.ascii_lowercase)) | st.text())
def test_same_length_same_places_and_only_known_tags(text: str) -> None:
    line = remove_markup(text)
    assert len(line) == len(text)
    assert all(new in (old, " ", old.lower()) for old, new in zip(text, line, strict=True))
    assert not set(without_tags(line)) & set("<>")
    assert remove_markup(line) == line
