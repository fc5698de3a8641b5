"""Layout heuristics: verse, data tables, drop caps."""

import re
from collections.abc import Sequence

from mayabook.book.semantics import BLOCK_TAGS, HEADING_TAGS, opening_of
from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, local_name

_LONGEST_VERSE = 60
_FEWEST_VERSES = 3
_MOST_BLOCKS_IN_CELL = 2
_LONGEST_CELL = 1000
_INITIAL = re.compile(r"[\"'“‘«]?[^\W\d_]")
_INITIAL_CLASS = re.compile(r"drop|initial|lettrine|versal", re.IGNORECASE)
_WORDS_OF_ONE_LETTER = frozenset("AIO")


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


def is_pictured_initial(image: Element) -> bool:
    """Whether an image is a drop cap: its alternative text is the first letter of the word that follows."""
    following = image.getnext()
    is_inline = following is not None and local_name(following) not in BLOCK_TAGS
    after = image.tail or (following.text or "" if following is not None and is_inline else "")
    return _INITIAL.fullmatch(clean_text(image.get("alt", ""))) is not None and after[:1].isalpha()


def tail_after(element: Element) -> str:
    """The text after an element, without a space that would separate a drop cap from its word ("T he")."""
    tail = element.tail or ""
    if tail[:1].isspace() and _INITIAL_CLASS.search(element.get("class", "")):
        initial = opening_of(element, 2)
        if _INITIAL.fullmatch(initial) and initial[-1] not in _WORDS_OF_ONE_LETTER and tail.strip()[:1].isalpha():
            return tail.lstrip()
    return tail
