"""The contract of readers, on those that are built in."""

from pathlib import Path

from mayabook.book.epub_reader import EpubReader
from mayabook.book.plain_text_reader import PlainTextReader
from mayabook.testing import ReaderContract
from tests.epubs import write_epub


class TestEpubReader(ReaderContract):
    reader = EpubReader()

    def sample(self, folder: Path) -> Path:
        pages = {
            "one.xhtml": "<h1>One</h1><p>The boat came in at dawn.</p><hr/><p>They walked down.</p>",
            "two.xhtml": "<h1>Two</h1><p>It rained &mdash; all night.</p><blockquote>Some letters.</blockquote>",
        }
        return write_epub(folder / "book.epub", pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])


class TestPlainTextReader(ReaderContract):
    reader = PlainTextReader()

    def sample(self, folder: Path) -> Path:
        file = folder / "book.txt"
        file.write_text(
            "Chapter 1\n\nThe boat came in\nat dawn.\n\n* * *\n\n“Who?”\n\n\nThe Letter\n\nIt rained — all night.\n",
            encoding="utf-8",
        )
        return file
