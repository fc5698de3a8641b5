"""Addresses of the REST API that answers and pages link to."""

from typing import Final
from urllib.parse import quote

from mayabook.studio.library import Library, LibraryBook

PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Media types of covers that are served. Others are not, because SVG, for example, can contain scripts."""


def book_resource(book_id: str, *parts: str) -> str:
    """The address of something that belongs to a book."""
    return "/".join(["/api/books", quote(book_id, safe=""), *(quote(part, safe="") for part in parts)])


def cover_address(library: Library, book: LibraryBook) -> str:
    """Empty if the book has no cover of a type that is served."""
    cover = library.facts(book).cover
    return book_resource(book.id, "cover") if cover is not None and cover.media_type in PICTURES else ""


def audiobook_address(book: LibraryBook) -> str:
    """Empty if there is no audiobook in one file."""
    return book_resource(book.id, "audiobook") if book.audiobook is not None else ""
