"""Page numbers and note references that are plain text: "[Pg 12]", "twice.¹²", and "twice.[2]" where a note answers."""

import re
from dataclasses import dataclass, replace

from mayabook.book.content_document import ContentDocument
from mayabook.book.raised_text import UNITS, UNLINKED_REFERENCE
from mayabook.book.text_cleaning import clean_text, plain_digits
from mayabook.book.untyped_notes import answering_notes, mark_notes


@dataclass(frozen=True, slots=True)
class _Mark:
    """A kind of mark. signs: characters of which every mark has one, because looking for them is faster."""

    pattern: re.Pattern[str]
    signs: str

    def find(self, text: str) -> list[re.Match[str]]:
        if not any(sign in text for sign in self.signs):
            return []
        return [match for match in self.pattern.finditer(text) if not self._is_power(match)]

    def _is_power(self, match: re.Match[str]) -> bool:
        """Of a unit: "feet²"."""
        word = _WORD.search(match.string[: match.start()]) if self is _RAISED else None
        return word is not None and word[0] in UNITS


_PAGE = _Mark(re.compile(r"[\[{](?:Pg|PG|pg|Page|p)\.?\s?\d{1,4}[\]}]"), "[{")
_RAISED = _Mark(
    re.compile(r"(?:(?<=[^\W\d_]{4})|(?<=[.,;:!?…\"'”’»]))[⁰¹²³⁴-⁹]{1,3}(?![\w⁄])"),
    "⁰¹²³⁴⁵⁶⁷⁸⁹",
)
_IN_BRACKETS = _Mark(re.compile(r"(?<=[\w.,;:!?…\"'”’»)])\s?\[\d{1,3}\](?!\w)"), "[")
_SYMBOL = _Mark(re.compile(r"(?<=[^\s*†‡])[*†‡]{1,3}(?=[\s.,;:!?”’\"']|$)"), "*†‡")
_WORD = re.compile(r"[^\W\d_]+$")


def take_out_plain_marks(document: ContentDocument) -> None:
    """Leaves out what is surely a mark, and marks that notes of the document answer, together with these notes."""
    _take_out(document, _PAGE, "page number")
    document.references = _references(document, _RAISED) | document.references
    _take_out(document, _RAISED, UNLINKED_REFERENCE)
    for mark in (_IN_BRACKETS, _SYMBOL):
        references = _references(document, mark)
        notes = answering_notes(document, references) if references else []
        if notes:
            mark_notes(document, notes)
            _take_out(document, mark, UNLINKED_REFERENCE)


def _references(document: ContentDocument, mark: _Mark) -> dict[str, int]:
    """Label of each mark -> index of the block that it first stands in."""
    found: dict[str, int] = {}
    for index, doc_block in enumerate(document.blocks):
        for match in mark.find(doc_block.block.text):
            found.setdefault(plain_digits(match[0].strip(" []")), index)
    return found


def _take_out(document: ContentDocument, mark: _Mark, reason: str) -> None:
    empty: set[int] = set()
    for index, doc_block in enumerate(document.blocks):
        block = doc_block.block
        found = [] if doc_block.is_note else mark.find(block.text)
        if not found:
            continue
        for match in found:
            document.omit(clean_text(match[0]), reason, block.path)
        text = clean_text(_without(block.text, found))
        document.blocks[index] = replace(doc_block, block=replace(block, text=text))
        if not text:
            empty.add(index)
    document.remove(empty)


def _without(text: str, matches: list[re.Match[str]]) -> str:
    starts = [0, *(match.end() for match in matches)]
    ends = [*(match.start() for match in matches), len(text)]
    return "".join(text[start:end] for start, end in zip(starts, ends, strict=True))
