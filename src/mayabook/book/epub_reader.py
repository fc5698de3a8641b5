"""EPUB as a book format."""

from pathlib import Path

from mayabook.book.reader import BookFacts, BookReader
from mayabook.core.book import Book
from mayabook.core.settings import BookSettings


class EpubReader(BookReader):
    """EPUB 2 and 3."""

    name = "EPUB"
    suffixes = (".epub",)

    def sniff(self, head: bytes) -> bool:
        """An EPUB is a zip whose first entry, stored, is a file named mimetype that holds the media type."""
        return head.startswith(b"PK\3\4") and b"application/epub+zip" in head[:128]

    def read(self, path: Path, settings: BookSettings) -> Book:
        from mayabook.book.epub import read_epub  # imports lxml

        return read_epub(path, settings)

    def read_facts(self, path: Path, settings: BookSettings) -> BookFacts:
        from mayabook.book.epub import read_epub_facts

        return read_epub_facts(path, settings)
