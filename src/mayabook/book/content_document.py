"""A content document as blocks."""

from dataclasses import dataclass, field

from mayabook.core.book import Block, LeftOut


@dataclass(frozen=True, slots=True)
class DocumentBlock:
    """A block and its context.

    declared: epub:type or role of an ancestor that says what part of the book it is. linked: share of its characters
    that are links, 0 to 1. is_note: it belongs to a footnote.
    """

    block: Block
    declared: str = ""
    linked: float = 0.0
    is_note: bool = False


@dataclass(slots=True)
class ContentDocument:
    """One content document. title: from its head. anchors: id -> index of the block that starts there."""

    href: str
    title: str = ""
    blocks: list[DocumentBlock] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
