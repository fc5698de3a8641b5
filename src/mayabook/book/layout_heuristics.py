"""Layout heuristics: verse and data tables."""

from collections.abc import Sequence

from mayabook.book.semantics import BLOCK_TAGS, HEADING_TAGS
from mayabook.book.xml_parsing import Element, local_name

_LONGEST_VERSE = 60
_FEWEST_VERSES = 3
_MOST_BLOCKS_IN_CELL = 2
_LONGEST_CELL = 1000


def is_verse(lines: Sequence[str]) -> bool:
    """Whether lines are read as verse: at least three, all short."""
    return len(lines) >= _FEWEST_VERSES and all(len(line) <= _LONGEST_VERSE for line in lines)


def is_data(row: Element) -> bool:
    """Whether the cells of a row are short data. Tables are also used to lay out whole pages."""
    for cell in row:
        n_blocks, size = 0, len(cell.text or "")
        for inner in cell.iterdescendants():
            tag = local_name(inner)
            n_blocks += tag in BLOCK_TAGS
            size += len(inner.text or "") + len(inner.tail or "")
            if n_blocks > _MOST_BLOCKS_IN_CELL or size > _LONGEST_CELL or tag == "table" or tag in HEADING_TAGS:
                return False
    return True
