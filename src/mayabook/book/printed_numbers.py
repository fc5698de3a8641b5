"""Page numbers of a printed edition that are plain text, and running heads beside them: "- 15 -", "[xiv]", "Page 15",
"16 THE LAMP".

One of them alone is text. They are page numbers where they are written alike and rise through the book.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from mayabook.book.content_document import PAGE_NUMBER, RUNNING_HEAD, ContentDocument
from mayabook.book.heading_text import is_chapter_line, is_number_line
from mayabook.book.text_cleaning import goes_on
from mayabook.core.book import BlockKind
from mayabook.core.words import words

ROMAN = (
    r"(?:(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})|(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))"
)
_NUMBER = rf"(?<!\w)(?:\d{{1,4}}|{ROMAN})(?!\w)"
_LINE = re.compile(
    rf"[\[({{–—-]?\s?(?i:page|pg\.?|p\.)\W{{0,3}}{_NUMBER}(?:\s?(?:of|/)\s?\d{{1,4}})?\s?[\])}}–—-]?"
    rf"|{_NUMBER}\s?\|\s?(?i:page)|[-–—~•]+\s?{_NUMBER}\s?[-–—~•]+|[\[{{]\s?{_NUMBER}\s?[\]}}]|{_NUMBER}"
)
"""A paragraph that may be a page number."""
_HEAD_AND_NUMBER = re.compile(
    rf"{_NUMBER}[\s|.–—-]+(?P<head_after>\D+)|(?P<head_before>\D*[^\d\s,:;])[\s|.–—-]+{_NUMBER}"
)
_INSIDE = re.compile(rf"\[{_NUMBER}\]|\{{{_NUMBER}\}}|(?<=\s)[-–—]\s?{_NUMBER}\s?[-–—](?=\s)")
_MARK = re.compile(rf"(?<=\S)\[{_NUMBER}\](?!\w)|\[{_NUMBER}\][.,;:!?)”’]")
"""A bracketed number that belongs to the text around it: a note reference or citation."""
_VALUE = re.compile(_NUMBER)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_KINDS = frozenset((BlockKind.PARAGRAPH, BlockKind.QUOTE))
_LONGEST_NUMBER, _LONGEST_HEAD = 20, 70
_MOST_PAGES_BETWEEN = 20
_FEWEST = 3
_FEWEST_SURE = 2
"""Numbers of a run whose look or place says that they are page numbers."""
_LAST_OF_SECTIONS = 2
"""Runs that begin at most here may number the sections of a story instead."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """A number that may be of a page. position: of its block among those of all documents. style: how it is written,
    with # for figures and % for numerals. cuts: it stands by itself, within a sentence that goes on after it. head: the
    running head beside it, as `_folded` gives it."""

    position: int
    span: tuple[int, int]
    number: int
    style: str
    cuts: bool
    head: str = ""


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The blocks of all documents in a row."""

    places: Sequence[tuple[ContentDocument, int]]
    heads: Set[str]
    """Lines that recur, as `_folded` gives them."""

    def text(self, position: int) -> str:
        if not 0 <= position < len(self.places):
            return ""
        document, index = self.places[position]
        return document.blocks[index].block.text

    def is_of_page(self, position: int) -> bool:
        """Whether a block may be a page number or running head."""
        text = self.text(position)
        return 0 < len(text) <= _LONGEST_HEAD and (_LINE.fullmatch(text) is not None or _folded(text) in self.heads)

    def cut(self, position: int) -> bool:
        """Whether a sentence goes on around a block, and around others of pages beside it."""
        above, below = position - 1, position + 1
        while self.is_of_page(above):
            above -= 1
        while self.is_of_page(below):
            below += 1
        return goes_on(self.text(above), self.text(below)) and not self.text(above)[-1].isdigit()


def is_page_line(line: str) -> bool:
    """Whether a line may be a page number, or one with a running head."""
    return len(line) <= _LONGEST_HEAD and (_LINE.fullmatch(line) or _HEAD_AND_NUMBER.fullmatch(line)) is not None


def leave_out_printed_numbers(documents: Sequence[ContentDocument], titles: Set[str] = frozenset()) -> None:
    """titles: of the book and its chapters, which running heads repeat."""
    places = [(document, index) for document in documents for index in range(len(document.blocks))]
    blocks = _Blocks(places, _recurring(places))
    known = {_folded(title) for title in (*titles, *_headings(documents))} - {""}
    found = list(_find(blocks))
    heads = Counter(printed.head for printed in found)
    by_style: dict[str, list[_Printed]] = {}
    for printed in found:
        if not printed.head or heads[printed.head] > 1:
            by_style.setdefault(printed.style, []).append(printed)
    if any("[" in style for style in by_style) and _has_marks(documents):
        by_style.pop("[#]", None)
        by_style.pop("[%]", None)
    runs = (run for of_style in by_style.values() for run in _runs(of_style))
    pages = [printed for run in runs if _are_pages(run, known) for printed in run]
    _leave_out(blocks, pages)


def _folded(text: str) -> str:
    return " ".join(words(text.casefold()))


def _recurring(places: Sequence[tuple[ContentDocument, int]]) -> set[str]:
    """Short lines without an end of sentence that stand in the book three times or more."""
    texts = (document.blocks[index].block.text for document, index in places)
    counted = Counter(_folded(text) for text in texts if len(text) <= _LONGEST_HEAD and text[-1:].isalnum())
    return {text for text, count in counted.items() if count >= _FEWEST and not is_number_line(text)} - {""}


def _headings(documents: Sequence[ContentDocument]) -> Iterator[str]:
    for document in documents:
        for doc_block in document.blocks:
            if doc_block.block.kind is BlockKind.HEADING:
                yield doc_block.block.text


def _find(blocks: _Blocks) -> Iterator[_Printed]:
    for position, (document, index) in enumerate(blocks.places):
        block = document.blocks[index].block
        text = block.text
        if block.kind not in _KINDS or document.blocks[index].is_note:
            continue
        if len(text) <= _LONGEST_NUMBER and (line := _LINE.fullmatch(text)) is not None:
            yield _printed(line, position, cuts=blocks.cut(position))
        elif len(text) <= _LONGEST_HEAD and (line := _HEAD_AND_NUMBER.fullmatch(text)) is not None:
            yield _printed(line, position, cuts=blocks.cut(position), head=line["head_after"] or line["head_before"])
        elif "[" in text or "{" in text or any(f"{dash} " in text for dash in "-–—"):
            yield from (_printed(match, position, cuts=False) for match in _INSIDE.finditer(text))


def _printed(match: re.Match[str], position: int, *, cuts: bool, head: str = "") -> _Printed:
    numbers = _VALUE.findall(match[0])
    written = numbers[-1] if match[0].startswith(head or " ") else numbers[0]
    if head:
        return _Printed(position, match.span(), _value(written), "head", cuts, _folded(head))
    style = re.sub(r"\d+", "#", match[0].casefold()) if written.isdecimal() else match[0].replace(written, "%")
    return _Printed(position, match.span(), _value(written), style, cuts)


def _value(written: str) -> int:
    if written.isdecimal():
        return int(written)
    values = [_ROMAN_VALUES[char] for char in written.lower()]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _has_marks(documents: Sequence[ContentDocument]) -> bool:
    return any(
        "[" in doc_block.block.text and _MARK.search(doc_block.block.text) is not None
        for document in documents
        for doc_block in document.blocks
    )


def _runs(found: Sequence[_Printed]) -> Iterator[list[_Printed]]:
    """Parts of the numbers of one style in which they rise."""
    run: list[_Printed] = []
    for printed in found:
        if run and not 0 < printed.number - run[-1].number <= _MOST_PAGES_BETWEEN:
            yield run
            run = []
        run.append(printed)
    yield run


def _are_pages(run: Sequence[_Printed], known: Set[str]) -> bool:
    style = run[0].style
    n_cuts = sum(printed.cuts for printed in run)
    if heads := {printed.head for printed in run} - {""}:
        is_certain = n_cuts > 1 or (n_cuts == 1 and all(" " in head for head in heads))
        are_divisions = any(is_chapter_line(f"{head} 1") for head in heads)
        return len(run) >= _FEWEST_SURE and (heads <= known or (is_certain and not are_divisions))
    if style in ("#", "%"):
        return len(run) >= _FEWEST and 2 * n_cuts >= len(run)
    if n_cuts or "p" in style.casefold() or "{" in style:
        return len(run) >= _FEWEST_SURE
    return len(run) >= _FEWEST and run[0].number > _LAST_OF_SECTIONS


def _leave_out(blocks: _Blocks, pages: Sequence[_Printed]) -> None:
    """Leaves out page numbers, and the lines beside them that recur beside page numbers."""
    alone = {printed.position for printed in pages if blocks.is_of_page(printed.position)}
    beside = [n for position in alone for n in (position - 1, position + 1) if n not in alone and blocks.is_of_page(n)]
    counted = Counter(_folded(blocks.text(position)) for position in beside)
    heads = {n for n in beside if counted[_folded(blocks.text(n))] >= _FEWEST_SURE}
    spans: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for printed in pages:
        document, index = blocks.places[printed.position]
        spans.setdefault(document.href, {}).setdefault(index, []).append(printed.span)
    head_blocks = {id(document.blocks[index]) for document, index in (blocks.places[n] for n in heads)}
    for document in {document.href: document for document, _ in blocks.places}.values():
        document.cut_out({n: sorted(parts) for n, parts in spans.get(document.href, {}).items()}, PAGE_NUMBER)
        document.leave_out({n for n, block in enumerate(document.blocks) if id(block) in head_blocks}, RUNNING_HEAD)
