"""Help, messages and documentation say of the containers what their table says."""

from pathlib import Path

import pytest

from mayabook.core.errors import OutputError
from mayabook.core.output_formats import FORMATS, ChapterStyle, CoverStyle, suffixes_in_words
from mayabook.core.settings import MasterSettings
from mayabook.master import check_output

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_they_are_told_in_one_order() -> None:
    assert suffixes_in_words() == ".m4b (default), .mp3, .opus, .flac or .wav"
    with pytest.raises(OutputError, match=r"ends in \.m4b, \.mp3, \.opus, \.flac, \.wav\."):
        check_output(Path("book.ogg"), MasterSettings())


def test_the_documentation_has_a_row_for_each() -> None:
    text = ARCHITECTURE.read_text()
    for form in FORMATS.values():
        has = {True: "yes", False: "no"}
        chapters = has[form.chapters != ChapterStyle.NONE]
        cover = has[form.cover != CoverStyle.NONE]
        most = f"{form.max_bitrate} kbit/s" if form.max_bitrate else "lossless"
        assert f"| `{form.suffix}` | {form.name} | {most} | {chapters} | {cover} | {form.players} |" in text
