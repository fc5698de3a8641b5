"""What an open element means for the text in it: the kind of block, its level, and the part of the book."""

import re
from typing import NamedTuple

from mayabook.book.class_names import Role, roles_of
from mayabook.book.heading_text import is_number_line
from mayabook.book.layout_heuristics import is_data
from mayabook.book.semantics import (
    BLOCK_TAGS,
    GUTENBERG,
    HEADING_TAGS,
    TRANSCRIBER,
    VERSE,
    classes_of,
    matter_type,
    opening_of,
)
from mayabook.book.text_cleaning import has_words
from mayabook.book.xml_parsing import Element, local_name
from mayabook.core.book import BlockKind

LEVEL_BY_CLASS = 2
"""Level of headings that no tag marks."""
LONGEST_HEADING = 80
"""Characters of the longest paragraph that is a heading by its class."""
_BLOCK_STYLE = re.compile(r"display\s*:\s*block", re.IGNORECASE)


class Frame(NamedTuple):
    """State that an open element passes on to the text inside it.

    kind, level: of its block; level of a heading, else 0. declared: part of the book, see `declared_part`, or empty.
    is_note: inside a note. in_row: inside a table row that is read cell by cell. in_link: inside a link. preformatted:
    inside `pre`. is_block: block-level element. steps: length of the element path of its
    block. first: index of the first block in it.
    """

    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    declared: str = ""
    is_note: bool = False
    in_row: bool = False
    in_link: bool = False
    preformatted: bool = False
    is_block: bool = False
    steps: int = 0
    first: int = 0


def begins_block(element: Element, tag: str, parent: Frame) -> bool:
    """Whether the text of an element is apart from the text around it."""
    if tag in BLOCK_TAGS:
        return True
    if parent.kind is BlockKind.VERSE and "line" in classes_of(element):
        return True
    return bool(_BLOCK_STYLE.search(element.get("style", "")))


def kind_of(element: Element, tag: str, marks: frozenset[str], parent: Frame) -> tuple[BlockKind, int]:
    """The kind of block that an element makes, and the level of a heading. marks: its types and classes."""
    if tag in HEADING_TAGS:
        return BlockKind.HEADING, int(tag[1])
    if element.get("role") == "heading":
        level = element.get("aria-level", "")
        return BlockKind.HEADING, int(level) if level in tuple("123456") else 2
    if _is_heading_by_class(element, tag) or _is_of_heading_group(element, tag):
        return BlockKind.HEADING, LEVEL_BY_CLASS
    if any(mark.rstrip("0123456789-_") in VERSE for mark in marks):
        return BlockKind.VERSE, 0
    if tag == "tr" and not parent.in_row and is_data(element):
        return BlockKind.TABLE_ROW, 0
    if parent.kind is not BlockKind.VERSE:
        if tag in ("li", "dt", "dd"):
            return BlockKind.LIST_ITEM, 0
        if tag == "blockquote":
            return BlockKind.QUOTE, 0
    return parent.kind, parent.level


def _is_of_heading_group(element: Element, tag: str) -> bool:
    """Whether a paragraph is a title beside a heading."""
    return tag == "p" and (parent := element.getparent()) is not None and local_name(parent) == "hgroup"


def declared_part(element: Element, types: frozenset[str]) -> str:
    """The part of the book that an element says it is, by its type or class; empty if neither does."""
    if declared := matter_type(types):
        return declared
    roles = roles_of(element)
    if Role.GUTENBERG in roles:
        return GUTENBERG
    return TRANSCRIBER if Role.TRANSCRIBER in roles else ""


def _is_heading_by_class(element: Element, tag: str) -> bool:
    """A short paragraph of a class for headings, without a sentence in it and without blocks of its own."""
    if tag not in ("p", "div") or Role.HEADING not in roles_of(element):
        return False
    text = opening_of(element, LONGEST_HEADING)
    if not has_words(text) or len(text) > LONGEST_HEADING or (text[-1] in ".!?…”" and not is_number_line(text)):
        return False
    return not any(local_name(inner) in BLOCK_TAGS for inner in element.iterdescendants())
