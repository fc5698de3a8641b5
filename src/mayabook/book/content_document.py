"""One document of a book, taken apart."""

from dataclasses import dataclass, field

from mayabook.core.book import Block, LeftOut


@dataclass(frozen=True, slots=True)
class DocumentBlock:
    """A block and what is known of where it stands.

    declared: the epub:type or role around it that says what part of the book it is. linked: share of its
    characters that are links. is_note: it is the body of a footnote.
    """

    block: Block
    declared: str = ""
    linked: float = 0.0
    is_note: bool = False


@dataclass(slots=True)
class ContentDocument:
    """One document. title: from its head. anchors: id -> number of the block that starts there."""

    href: str
    title: str = ""
    blocks: list[DocumentBlock] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
