"""Respellings: where they apply, and what a person is told about a bad file."""

from pathlib import Path

import pytest

from mayabook.core.errors import ScriptError
from mayabook.script import Lexicon, read_lexicon


def lexicon(folder: Path, words: str) -> Lexicon:
    file = folder / "lexicon.toml"
    file.write_text(f"[words]\n{words}", encoding="utf-8")
    return read_lexicon(file)


@pytest.mark.parametrize(
    ("words", "text", "spoken"),
    [
        ('"Siobhan" = "Shivawn"', "Siobhan met Siobhan’s and Siobhan's aunt.", "Shivawn met Shivawn’s and Shivawn's aunt."),
        ('"Siobhan" = "Shivawn"', "siobhan, SIOBHAN, Siobhanna, McSiobhan", "siobhan, Shivawn, Siobhanna, McSiobhan"),
        ('"Siobhan" = "Shivawn"', "“Siobhan!” (Siobhan) Siobhan—Siobhan-like", "“Shivawn!” (Shivawn) Shivawn—Shivawn-like"),
        ('"gaol" = "jail"', "Gaol, GAOL and gaol, not gaoler.", "jail, jail and jail, not gaoler."),
        ('"read" = {say = "red", case = true}', "Read what I read.", "Read what I red."),
        ('"US" = {say = "you ess"}', "Tell us about the US.", "Tell us about the you ess."),
        ('"Reading" = {say = "Redding", case = false}', "reading Reading", "Redding Redding"),
        ('"Aoife" = {ipa = "/ˈiːfə/"}', "Aoife’s, AOIFE, Aoifes", "[Aoife’s](/ˈiːfəz/), [Aoife](/ˈiːfə/), [Aoifes](/ˈiːfəz/)"),
        # the longest entry wins, and a respelling is not respelled again
        ('"St. James" = "Saint James"\n"St." = "Street"', "St. James St. here", "Saint James Street here"),
        ('"lead" = "led"\n"led" = "ell ee dee"', "lead, led", "led, ell ee dee"),
        ('"Polish" = "Pole-ish"\n"polish" = "pollish"', "Polish polish POLISH", "Pole-ish pollish pollish"),
        # parts of words are left alone, accents and apostrophes included
        ('"don" = "dawn"', "don don't don’t don’s", "dawn don't don’t dawn’s"),
        ('"cafe" = "caff"', "cafe cafe\u0301 café", "caff cafe\u0301 café"),
        ('"O\'Neill" = "Oh Neel"', "O’Neill and O'Neill", "Oh Neel and Oh Neel"),
        # digits beside a word are a word of their own, but not those beside a letter or two
        ('"covid" = "coe-vid"', "COVID19, 5covid", "coe-vid 19, 5 coe-vid"),
        ('"Aoife" = {ipa = "ˈiːfə"}', "Aoife2", "[Aoife](/ˈiːfə/) 2"),
        ('"st" = "street"\n"B12" = "bee twelve"', "1st B12 B123", "1st bee twelve B123"),
        ('"Ærø" = "Airer"', "Ærø, Ærøs", "Airer, Airers"),
        ('"C++" = "see plus plus"\n"&" = "and"', "C++ & C++.", "see plus plus and see plus plus."),
        ('"東京" = "Tokyo"', "to 東京 now", "to Tokyo now"),
        # an emotion tag is no word of the book
        ('"laugh" = "larf"\n"harder" = "hardah"', "<laugh> I laugh <laugh_harder> harder", "<laugh> I larf <laugh_harder> hardah"),
        ('"  New   York " = " Noo  Yawk "', "In New York.", "In Noo Yawk."),
        ('"a.b" = "x"', "acb a.b", "acb x"),
        ('"x" = "\\\\1 a"', "x", "\\1 a"),
    ],
)  # fmt: skip
def test_respelling(tmp_path: Path, words: str, text: str, spoken: str) -> None:
    assert lexicon(tmp_path, words).respell(text) == spoken


def test_no_entries_change_nothing(tmp_path: Path) -> None:
    assert lexicon(tmp_path, "").respell("As written.") == "As written."
    assert Lexicon().respell("As written.") == "As written."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[words]\n"Siobhan" = \n"b" = "c"', r"not valid TOML \(.*line 2.*\); correct that line"),
        ('"Siobhan" = "Shivawn"', r"has no table \[words\]"),
        ("words = 3", r"has no table \[words\]"),
        ('[words]\n"a" = "b"\n[voices]\n"c" = "d"', r"has 'voices' outside of \[words\]"),
        ('[words]\n"Siobhan" = 3', r"entry 'Siobhan' has no text to say"),
        ('[words]\n"Siobhan" = {ipa = "ʃɪ#n"}', r"entry 'Siobhan' has '#' in its ipa, which is no symbol of IPA"),
        ('[words]\n"Siobhan" = {ipa = "ˈ"}', r"entry 'Siobhan' has an ipa without a sound"),
        ('[words]\n"Siobhan" = {ipa = 3}', r"entry 'Siobhan' has an ipa that is no text"),
        ('[words]\n"Siobhan" = {case = true}', r"entry 'Siobhan' has no text to say"),
        ('[words]\n"Siobhan" = {say = "x", how = 1}', r"entry 'Siobhan' has an unknown option 'how'"),
        ('[words]\n"Siobhan" = {say = "x", case = "yes"}', r"entry 'Siobhan' has case = 'yes'; use true or false"),
        ('[words]\n"Siobhan" = " "', r"entry 'Siobhan' has a respelling with nothing to speak"),
        ('[words]\n"Siobhan" = "…"', r"entry 'Siobhan' has a respelling with nothing to speak"),
        ('[words]\n"Siobhan" = "<b>x</b>"', r"entry 'Siobhan' has an angle bracket"),
        ('[words]\n" " = "x"', r"entry ' ' is an empty word"),
    ],
)
def test_a_bad_lexicon_is_one_line_that_names_the_entry(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "lexicon.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ScriptError, match=message) as caught:
        read_lexicon(file)
    assert "\n" not in str(caught.value)
    assert "lexicon.toml" in str(caught.value)


def test_a_lexicon_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"There is no lexicon .*absent.toml; check the path"):
        read_lexicon(tmp_path / "absent.toml")
    with pytest.raises(ScriptError, match="Cannot read the lexicon"):
        read_lexicon(tmp_path)
    file = tmp_path / "latin.toml"
    file.write_bytes('[words]\n"Zoë" = "Zoey"'.encode("latin-1"))
    with pytest.raises(ScriptError, match="not UTF-8; save it as UTF-8 text"):
        read_lexicon(file)
