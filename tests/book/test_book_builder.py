"""The EPUBs that tests build are EPUBs to another reader as well."""

from pathlib import Path

import pytest
from fast_ebook import epub

from tests.epubs import PIXEL_PNG, write_epub


@pytest.mark.parametrize("version", [2, 3])
def test_an_independent_reader_agrees(tmp_path: Path, version: int) -> None:
    pages = {"text/b.xhtml": "<h1>B</h1>", "a.xhtml": "<h1>A</h1>", "c.xhtml": "<h1>C</h1>"}
    toc = [("B &amp; more", "text/b.xhtml", [("A", "a.xhtml#x")]), ("C", "c.xhtml")]
    path = write_epub(tmp_path / "book.epub", pages, toc=toc, version=version, not_linear=["c.xhtml"], cover=PIXEL_PNG)
    book = epub.read_epub(path)
    names = {item.get_id(): item.get_name() for item in book.get_items()}
    assert [(names[item_id], linear) for item_id, linear in book.get_spine()] == [
        ("text/b.xhtml", True),
        ("a.xhtml", True),
        ("c.xhtml", False),
    ]
    assert book.validate() == []
    assert [value for value, _ in book.get_metadata("DC", "title")] == ["The Test Book"]
    cover = book.get_item_with_id("the-cover")
    assert cover is not None
    assert cover.get_content() == PIXEL_PNG
