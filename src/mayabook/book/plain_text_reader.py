"""The reader of plain text."""

from pathlib import Path

from mayabook.book.reader import BookReader, unreadable
from mayabook.book.text_cleaning import has_words
from mayabook.core.book import Book
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings


class PlainTextReader(BookReader):
    """Text in UTF-8, with or without a byte order mark."""

    name = "plain text"
    suffixes = (".txt", ".text")

    def sniff(self, head: bytes) -> bool:
        return False  # any text is a text: the suffix decides

    def read(self, path: Path, settings: BookSettings) -> Book:
        from mayabook.book.plain_text import read_plain_text

        try:
            if path.stat().st_size > settings.max_bytes:
                raise BookError(
                    f"{path.name} is larger than the setting book.max_bytes allows: raise it if you trust the file."
                )
            written = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise unreadable(path, error) from error
        except UnicodeDecodeError as error:
            raise BookError(f"{path} is not UTF-8 text: save it as UTF-8, or use an EPUB.") from error
        book = read_plain_text(written, path.name, path.stem)
        if not any(has_words(block.text) for chapter in book.chapters for block in chapter.blocks):
            raise BookError(f"{path.name} contains no words: choose another file.")
        return book
