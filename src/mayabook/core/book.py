"""A book as every reader returns it: chapters of blocks of clean text."""

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """The kinds of blocks."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    VERSE = "verse"
    LIST_ITEM = "list_item"
    QUOTE = "quote"
    TABLE_ROW = "table_row"
    IMAGE = "image"
    SCENE_BREAK = "scene_break"


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, line of verse, list item, table row or scene break."""

    kind: BlockKind
    text: str
    """Clean and on one line; empty for a scene break."""
    href: str
    """File of the book that holds it."""
    path: str
    """Element of that file: `/html/body/section[2]/p[1]`."""
    level: int = 0
    """1 to 6 for a heading, 0 for any other kind."""


class Matter(StrEnum):
    """What part of a book a chapter is. Only `BODY` is narrated, unless a person asks for more."""

    BODY = "body"
    COVER = "cover"
    TITLE_PAGE = "title page"
    IMPRINT = "imprint"
    CONTENTS = "table of contents"
    INDEX = "index"
    BIBLIOGRAPHY = "bibliography"
    NOTES = "notes"
    ADVERT = "advertisement"
    EMPTY = "nothing to read"


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter, whether or not it is narrated."""

    number: int
    """From 1 in reading order, over all chapters."""
    title: str
    blocks: tuple[Block, ...]
    depth: int = 1
    """1 for a top-level entry of the table of contents, 2 for one nested in it, and so on."""
    matter: Matter = Matter.BODY
    narrated: bool = True
    """Whether it is read aloud."""
    reason: str = ""
    """Why it is narrated or skipped, in words for a person: "epub:type is 'index'"."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Text of a chapter that is in no block: a footnote and its mark, a page number."""

    text: str
    reason: str
    """Why it is left out, in words for a person."""
    href: str
    """File of the book that holds it."""
    path: str
    """Element of that file, as in `Block`."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """Text of a block that its file does not print: the description of a picture or formula, the number of an item."""

    text: str
    """As it stands in the block."""
    reason: str
    """Where it comes from, in words for a person."""
    href: str
    """File of the book that holds the block."""
    path: str
    """Element of that file, as in `Block`."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The picture on the cover."""

    data: bytes
    """Content of the image file."""
    media_type: str
    """Such as `image/jpeg`."""


@dataclass(frozen=True, slots=True)
class Book:
    """A book: metadata, chapters, and what was left out of them."""

    title: str
    authors: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    """In reading order, narrated or not."""
    language: str = "en"
    """A BCP 47 tag; `en` where the book names none."""
    identifier: str = ""
    """ISBN, UUID or whatever else the book calls its identifier."""
    publisher: str = ""
    description: str = ""
    year: str = ""
    """Of publication, four digits, or empty."""
    cover: Cover | None = None
    left_out: tuple[LeftOut, ...] = ()
    """Text that no chapter holds."""
    supplied: tuple[Supplied, ...] = ()
    """Text of the chapters that the book's files do not print. For each file, its letters and those supplied are the
    letters of its blocks and of what is left out of it; `mayabook.source_check` compares them."""
    warnings: tuple[str, ...] = ()
    """What had to be mended to read the book, one line each."""

    @property
    def narrated(self) -> tuple[Chapter, ...]:
        """The chapters that are read aloud."""
        return tuple(chapter for chapter in self.chapters if chapter.narrated)
