"""What the pipeline knows of a language by its tag."""

import pytest

from mayabook.core.language import ENGLISH, Language


@pytest.mark.parametrize(
    ("tag", "code", "iso_639_2"),
    [
        ("en", "en", "eng"),
        ("EN-gb", "en", "eng"),
        ("en_US", "en", "eng"),
        ("zh-Hant-TW", "zh", "zho"),
        ("de-CH", "de", "deu"),
        ("grc", "grc", "grc"),
        ("xx", "xx", "und"),
        ("", "", "und"),
    ],
)
def test_codes(tag: str, code: str, iso_639_2: str) -> None:
    language = Language.of(tag)
    assert (language.code, language.iso_639_2) == (code, iso_639_2)
    assert (language == ENGLISH) == (code == "en")
    assert language.has_phonetics == language.has_text_normalisation == (code == "en")
