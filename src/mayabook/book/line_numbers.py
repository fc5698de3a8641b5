"""Numbers of the lines of a poem that are plain text: "and the night is here. 10"."""

import re
from collections import Counter
from collections.abc import Iterator

from mayabook.book.content_document import ContentDocument
from mayabook.core.book import BlockKind

LINE_NUMBER = "line number"
_NUMBER = re.compile(r"^(?P<first>\d{1,4})\s+(?=[^\W\d])|(?<=[^\d\s])(?P<last>\s*\d{1,4})$")
_STEP = 5
_FEWEST = 2


def leave_out_line_numbers(document: ContentDocument) -> None:
    """Leaves out numbers that count every fifth or tenth line: two or more as far apart as their lines are, or one that
    is the number of its line."""
    for lines in _poems(document):
        numbers = [
            (index, place, match)
            for place, index in enumerate(lines, 1)
            if (match := _NUMBER.search(document.blocks[index].block.text)) and int(match[0]) % _STEP == 0
        ]
        counted = Counter(int(match[0]) - place for _, place, match in numbers)
        spans = {
            index: [match.span()]
            for index, place, match in numbers
            if counted[int(match[0]) - place] >= _FEWEST or int(match[0]) == place
        }
        document.cut_out(spans, LINE_NUMBER)


def _poems(document: ContentDocument) -> Iterator[list[int]]:
    """The indexes of lines of verse that follow one another."""
    lines: list[int] = []
    for index, doc_block in enumerate(document.blocks):
        if doc_block.block.kind is BlockKind.VERSE:
            lines.append(index)
        elif lines:
            yield lines
            lines = []
    yield lines
