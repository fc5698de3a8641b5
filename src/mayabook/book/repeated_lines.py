"""Leaves out lines that a listener would hear again and again: running heads, headings given twice, navigation."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile

from mayabook.book.content_document import RUNNING_HEAD, ContentDocument
from mayabook.book.metadata import Metadata
from mayabook.book.navigation_lines import is_navigation
from mayabook.core.book import BlockKind
from mayabook.core.words import words

_LINES = frozenset((BlockKind.PARAGRAPH, BlockKind.TABLE_ROW))
_MOSTLY = 0.5
_MOST_LINES = 3
"""Lines of links in a row that lead around the book; more of them are a table of contents."""
_FEWEST_FILES = 3
"""Files that begin with the same line before it counts as a running head."""


def leave_out_repeated_lines(documents: Sequence[ContentDocument], metadata: Metadata) -> None:
    known = {_folded(name) for name in (metadata.title, *metadata.authors)} - {""}
    openings = Counter(_folded(document.blocks[0].block.text) for document in documents if document.blocks)
    heads = {text for text in known if openings[text] >= _FEWEST_FILES}
    for document in documents:
        if len(document.blocks) > 1 and _folded(document.blocks[0].block.text) in heads:
            document.leave_out({0}, RUNNING_HEAD)
        document.leave_out(set(_repeated_headings(document)), "heading given twice")
        document.leave_out(set(_navigation(document)), "navigation")


def _folded(text: str) -> str:
    return " ".join(words(text.casefold()))


def _repeated_headings(document: ContentDocument) -> Iterator[int]:
    for index in range(1, len(document.blocks)):
        above, block = document.blocks[index - 1].block, document.blocks[index].block
        if block.kind is above.kind is BlockKind.HEADING and _folded(above.text) == _folded(block.text):
            yield index


def _navigation(document: ContentDocument) -> Iterator[int]:
    for index, doc_block in enumerate(document.blocks):
        if doc_block.linked:
            is_line = doc_block.block.kind in _LINES and _n_links_around(document, index) <= _MOST_LINES
            if is_navigation(doc_block.block.text, doc_block.linked, places=is_line):
                yield index


def _n_links_around(document: ContentDocument, index: int) -> int:
    """How many blocks in a row, with this one, are mostly links."""
    near = range(max(0, index - _MOST_LINES), min(len(document.blocks), index + _MOST_LINES + 1))
    sides = reversed(near[: index - near.start]), near[index - near.start + 1 :]
    rows = (takewhile(lambda n: document.blocks[n].linked > _MOSTLY, side) for side in sides)
    return 1 + sum(1 for row in rows for _ in row)
