"""A content document as blocks, with a record of everything that blocks and file do not have in common."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from mayabook.book.text_cleaning import clean_text, has_words
from mayabook.core.book import Block, LeftOut, Supplied

PAGE_NUMBER = "page number"
RUNNING_HEAD = "running head"
_OF_PAGES = (PAGE_NUMBER, RUNNING_HEAD)
"""Reasons for leaving out what stands between two pages."""


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
    """One content document. title: from its head. anchors: id -> index of the block that starts there. references:
    label of each note reference that no link marks -> index of the block that it first stands in. page_breaks: indexes
    of the blocks before which a page ends."""

    href: str
    title: str = ""
    blocks: list[DocumentBlock] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    references: dict[str, int] = field(default_factory=dict)
    supplied: list[Supplied] = field(default_factory=list)
    page_breaks: set[int] = field(default_factory=set)

    def omit(self, text: str, reason: str, path: str) -> None:
        """Records text of the file that no block holds: every rule that drops text calls this with all of that text.

        Hidden text, too, is omitted and not forgotten; only what is never shown (head, script, style, template) is not
        recorded. Text that is moved, joined or cleaned keeps its letters and needs no record; text that is replaced is
        omitted, and what stands for it is supplied. Afterwards the file is read again by other parsers, and a letter
        that is neither in a block nor here fails the book's proof.
        """
        if has_words(text):
            self.left_out.append(LeftOut(text, reason, self.href, path))

    def supply(self, text: str, reason: str, path: str) -> None:
        """Records text of a block that is not text of the file: from an attribute, a stylesheet or a counter."""
        if has_words(text):
            self.supplied.append(Supplied(text, reason, self.href, path))

    def leave_out(self, indexes: Set[int], reason: str) -> None:
        """Takes blocks out of the document, for a reason in words for a person."""
        for index in sorted(indexes):
            self.omit(self.blocks[index].block.text, reason, self.blocks[index].block.path)
        self.remove(indexes, at_page_break=reason in _OF_PAGES)

    def cut_out(self, spans: Mapping[int, Sequence[tuple[int, int]]], reason: str) -> None:
        """Leaves out parts of blocks. spans: index of a block -> start and end of each part, in order."""
        empty: set[int] = set()
        for index, parts in spans.items():
            block = self.blocks[index].block
            kept, last = "", 0
            for start, end in parts:
                self.omit(clean_text(block.text[start:end]), reason, block.path)
                kept, last = kept + block.text[last:start], end
            text = clean_text(kept + block.text[last:])
            self.blocks[index] = replace(self.blocks[index], block=replace(block, text=text))
            if parts and not text:
                empty.add(index)
        self.remove(empty, at_page_break=reason in _OF_PAGES)

    def remove(self, indexes: Set[int], *, at_page_break: bool = False) -> None:
        """Takes blocks out whose text is elsewhere. at_page_break: a page ends where they stood."""
        if not indexes:
            return
        before = 0
        moved = []
        for index in range(len(self.blocks) + 1):
            moved.append(index - before)
            before += index in indexes
        self.blocks = [doc_block for index, doc_block in enumerate(self.blocks) if index not in indexes]
        self.anchors = {name: moved[index] for name, index in self.anchors.items()}
        breaks = self.page_breaks | indexes if at_page_break else self.page_breaks
        self.page_breaks = {moved[index] for index in breaks}
