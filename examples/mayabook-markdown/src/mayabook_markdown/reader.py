"""The reader that MayaBook finds by the entry point; it imports the parser only to read."""

from pathlib import Path

from mayabook.book import BookReader
from mayabook.core.book import Book
from mayabook.core.settings import BookSettings


class MarkdownReader(BookReader):
    """CommonMark with tables, in UTF-8, with or without front matter."""

    name = "Markdown"
    suffixes = (".md", ".markdown")

    def sniff(self, head: bytes) -> bool:
        return False  # any text is Markdown: the suffix decides

    def read(self, path: Path, settings: BookSettings) -> Book:
        from mayabook_markdown.parsing import read_markdown

        return read_markdown(path, settings)
