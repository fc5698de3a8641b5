"""Page numbers and note references that are plain text: "[Pg 12]", "twice.¹²", and "twice.[2]" where a note answers."""

import re
from dataclasses import dataclass

from mayabook.book.content_document import PAGE_NUMBER, ContentDocument
from mayabook.book.exponents import UNITS
from mayabook.book.printed_numbers import ROMAN
from mayabook.book.raised_text import UNLINKED_REFERENCE
from mayabook.book.text_cleaning import plain_digits
from mayabook.book.untyped_notes import answering_notes, mark_notes


@dataclass(frozen=True, slots=True)
class _Mark:
    """A kind of mark. signs: characters of which every mark has one, because looking for them is faster."""

    pattern: re.Pattern[str]
    signs: str

    def find(self, text: str) -> list[re.Match[str]]:
        if not any(sign in text for sign in self.signs):
            return []
        found = self.pattern.finditer(text)
        return [match for match in found if not self._is_power(match) and not self._ends_emphasis(match)]

    def _is_power(self, match: re.Match[str]) -> bool:
        """Of a unit: "feet²"."""
        word = _WORD.search(match.string[: match.start()]) if self is _RAISED else None
        return word is not None and word[0] in UNITS

    def _ends_emphasis(self, match: re.Match[str]) -> bool:
        """Of words between stars: "*all* of them", "*** END ***"."""
        return self is _SYMBOL and _OPENS_EMPHASIS.search(match.string[: match.start()]) is not None


_OPENS_EMPHASIS = re.compile(r"(?:^|\s)[*†‡]+\s?\S")
_PAGE = _Mark(re.compile(rf"[\[{{](?:Pg|PG|pg|Page|p)\.?\s?(?:\d{{1,4}}|{ROMAN})[\]}}]"), "[{")
_RAISED = _Mark(
    re.compile(r"(?:(?<=[^\W\d_]{4})|(?<=[.,;:!?…\"'”’»]))[⁰¹²³⁴-⁹]{1,3}(?![\w⁄])"),
    "⁰¹²³⁴⁵⁶⁷⁸⁹",
)
_IN_BRACKETS = _Mark(re.compile(r"(?<=[\w.,;:!?…\"'”’»)])(?:\s?\[\d{1,3}\]|\{\d{1,3}\}|\(\d{1,3}\))(?!\w)"), "[{(")
_SYMBOL = _Mark(re.compile(r"(?<=[^\s*†‡])[*†‡]{1,3}(?=[\s.,;:!?”’\"']|$)"), "*†‡")
_WORD = re.compile(r"[^\W\d_]+$")


def take_out_plain_marks(document: ContentDocument) -> None:
    """Leaves out what is surely a mark, and marks that notes of the document answer, together with these notes."""
    _take_out(document, _PAGE, PAGE_NUMBER)
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
            found.setdefault(plain_digits(match[0].strip(" []{}()")), index)
    return found


def _take_out(document: ContentDocument, mark: _Mark, reason: str) -> None:
    found = {
        index: [match.span() for match in mark.find(doc_block.block.text)]
        for index, doc_block in enumerate(document.blocks)
        if not doc_block.is_note
    }
    document.cut_out({index: spans for index, spans in found.items() if spans}, reason)
