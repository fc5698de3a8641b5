"""Book file -> Book: readers of EPUB and plain text, and the registry that other packages add theirs to."""

from mayabook.book.reader import BookFacts, BookReader
from mayabook.book.registry import read_book, read_with, reader_for, readers

__all__ = ["BookFacts", "BookReader", "read_book", "read_with", "reader_for", "readers"]
