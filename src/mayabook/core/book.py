"""What a book is once it has left its container."""

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
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
    """A heading, paragraph, line of verse, list item, table row or scene break.

    text: clean and on one line, empty for a scene break.
    href, path: where it stands in the EPUB: the file, and the element in it (`/html/body/section[2]/p[1]`).
    level: 1 to 6 for a heading, 0 otherwise.
    """

    kind: BlockKind
    text: str
    href: str
    path: str
    level: int = 0


class Matter(StrEnum):
    """What part of a book a chapter is. Everything but `BODY` is left out unless a person asks for it."""

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
    """number: from 1 in reading order, over all chapters, narrated or not.

    depth: 1 for a top-level entry of the table of contents, 2 for one nested in it, and so on.
    narrated: whether it is read aloud; reason: why, in words for a person ("epub:type is 'index'").
    """

    number: int
    title: str
    blocks: tuple[Block, ...]
    depth: int = 1
    matter: Matter = Matter.BODY
    narrated: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Words of a narrated or skipped chapter that are in no block: a footnote and its mark, a page number.

    reason: in words for a person. href, path: where it stands, as in `Block`.
    """

    text: str
    reason: str
    href: str
    path: str


@dataclass(frozen=True, slots=True)
class Cover:
    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Book:
    """language: a BCP 47 tag, `en` when the book names none. year: four digits or empty.

    left_out: what no chapter holds although it was in the text. Words of the book's documents = words of all
    chapters + words left out. warnings: what had to be mended to read it, one line each.
    """

    title: str
    authors: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    language: str = "en"
    identifier: str = ""
    publisher: str = ""
    description: str = ""
    year: str = ""
    cover: Cover | None = None
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def narrated(self) -> tuple[Chapter, ...]:
        return tuple(chapter for chapter in self.chapters if chapter.narrated)
