"""Helpers of the tests in this folder: read a book made of strings, and look at it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mayabook.book import read_book
from mayabook.core.book import Book, Chapter
from mayabook.core.settings import BookSettings
from mayabook.source_check import check_source
from tests.epubs import write_epub, write_zip


def read_pages(folder: Path, pages: Mapping[str, str | bytes], *, loses: bool = False, **options: Any) -> Book:
    """loses: the reader cannot have all of the book's text, or not as the second reading has it. Else they agree."""
    return _read(write_epub(folder / "book.epub", pages, **options), BookSettings(), loses)


def read_body(folder: Path, body: str | bytes, *, loses: bool = False, **settings: Any) -> Book:
    """A book of one document."""
    return _read(write_epub(folder / "book.epub", {"one.xhtml": body}), BookSettings(**settings), loses)


def read_files(folder: Path, files: Mapping[str, str | bytes], *, loses: bool = False, **settings: Any) -> Book:
    return _read(write_zip(folder / "book.epub", files), BookSettings(**settings), loses)


def _read(file: Path, settings: BookSettings, loses: bool) -> Book:
    book = read_book(file, settings)
    differences = list(map(str, check_source(file, book).differences))
    assert loses or differences == []
    return book


def kinds_and_texts(book: Book) -> list[tuple[str, str]]:
    return [(str(block.kind), block.text) for chapter in book.chapters for block in chapter.blocks]


def texts_of(chapters: Iterable[Chapter]) -> list[list[str]]:
    return [[block.text for block in chapter.blocks] for chapter in chapters]


def titles_of(book: Book) -> list[str]:
    return [chapter.title for chapter in book.chapters]


def all_text(book: Book) -> str:
    return " ".join(text for _, text in kinds_and_texts(book))
