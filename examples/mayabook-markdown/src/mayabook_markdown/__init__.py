"""Markdown as a book format of MayaBook."""

from mayabook_markdown.reader import MarkdownReader

__all__ = ["MarkdownReader"]
