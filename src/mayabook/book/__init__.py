"""EPUB -> Book: containers, reading order, chapters, what to skip and why, clean text."""

from mayabook.book.epub_reader import read_book

__all__ = ["read_book"]
