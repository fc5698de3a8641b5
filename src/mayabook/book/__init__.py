"""Book file -> Book: readers of EPUB and plain text, and the registry that other packages add theirs to."""

from mayabook.book.reader import BookReader
from mayabook.book.registry import read_book, read_with, reader_for, readers

__all__ = ["BookReader", "read_book", "read_with", "reader_for", "readers"]
