"""Verse numbers in plain text: "1:1 In the beginning ...", and "2 And the earth ..." where more of them follow."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mayabook.book.content_document import ContentDocument
from mayabook.book.raised_text import VERSE_NUMBER
from mayabook.core.book import BlockKind

_AFTER_SENTENCE = r"(?<=[.!?;:,”’\"')\]]\s)"
_WITH_CHAPTER = re.compile(
    rf"(?:^(?:(?:[1-3]\s)?[A-Z][a-z]+\.?\s)?|{_AFTER_SENTENCE})(\d{{1,3}}):([1-9]\d{{,2}})\.?\s?(?=[“‘\"'(\[]*[^\W\d_])"
)
_BARE = re.compile(
    rf"^()\[?(\d{{1,3}})\]?(?:\s+(?=[“‘\"'(\[]*[^\W\d_])|(?=[A-Z][a-z]+\s))|{_AFTER_SENTENCE}()(\d{{1,3}})\s+(?=[“‘\"'(\[]*[A-Z])"
)
_DIGIT = re.compile(r"\d")
_SCRIPTURE = re.compile(r"[“‘\"'(\[]*(?:[a-z]|(?:And|But|For|Nor|Yea|Behold|Therefore|Wherefore|Thus|Unto|Thou|Thy)\b)")
"""Beginnings of verses, which lists do not have."""
_CITES = re.compile(r"\bibid\b|\bop\. cit|\bcf\.|\bpp?\. ?\d|\bsee\b|\(\d{4}\)|\bpress\b|https?:", re.IGNORECASE)
_ENDS = re.compile(r"[.,;:!?…—][\"'”’)\]]*$")
_KINDS = frozenset((BlockKind.PARAGRAPH, BlockKind.VERSE, BlockKind.QUOTE))
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that may be of a verse. chapter: 0 where it is not written. begins: it begins a block."""

    index: int
    span: tuple[int, int]
    chapter: int
    verse: int
    begins: bool

    def follows(self, other: "_Number") -> bool:
        if self.chapter == other.chapter:
            return self.verse == other.verse + 1
        return self.chapter == other.chapter + 1 and self.verse == 1


def leave_out_verse_numbers(document: ContentDocument) -> None:
    """Leaves out numbers that rise by one, at least three of them, before the texts of verses.

    Numbers with a chapter that do not begin at verse 1 may be times, "9:15" and "9:16": their texts must read like
    verses.
    """
    with_chapter = [
        run
        for run in _runs(_find(document, _WITH_CHAPTER))
        if _is_long(run) and (run[0].verse == 1 or _are_verses(document, run))
    ]
    runs = with_chapter or [
        run for run in _runs(_find(document, _BARE)) if _is_long(run) and _are_verses(document, run)
    ]
    spans: dict[int, list[tuple[int, int]]] = {}
    for number in (number for run in runs for number in run):
        spans.setdefault(number.index, []).append(number.span)
    document.cut_out(spans, VERSE_NUMBER)


def _find(document: ContentDocument, pattern: re.Pattern[str]) -> Iterator[_Number]:
    for index, doc_block in enumerate(document.blocks):
        if doc_block.block.kind in _KINDS and not doc_block.is_note and _DIGIT.search(doc_block.block.text):
            for match in pattern.finditer(doc_block.block.text):
                chapter, verse = [group for group in match.groups() if group is not None]
                yield _Number(index, match.span(), int(chapter or "0"), int(verse), match.start() == 0)


def _runs(numbers: Iterator[_Number]) -> Iterator[list[_Number]]:
    """Numbers inside a block belong to a run or are text."""
    run: list[_Number] = []
    for number in numbers:
        if run and number.follows(run[-1]):
            run.append(number)
        elif number.begins:
            yield run
            run = [number]
    yield run


def _is_long(run: Sequence[_Number]) -> bool:
    return len(run) >= _FEWEST


def _are_verses(document: ContentDocument, run: Sequence[_Number]) -> bool:
    """Whether the texts after the numbers are verses, not items of a list or notes."""
    texts = [document.blocks[number.index].block.text for number in run]
    if any(str(number.verse) in document.references for number in run) or any(map(_CITES.search, texts)):
        return False
    n_ended = sum(_ENDS.search(text) is not None for text in texts)
    starts = (_SCRIPTURE.match(text, number.span[1]) for text, number in zip(texts, run, strict=True))
    return 2 * n_ended > len(run) and (any(starts) or not all(number.begins for number in run))
