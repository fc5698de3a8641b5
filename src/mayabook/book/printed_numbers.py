"""Page numbers of a printed edition that are plain text: "- 15 -", "[14]", "{12}", "Page 15".

One of them alone is text. They are page numbers where they are written alike and rise through the book.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mayabook.book.content_document import ContentDocument
from mayabook.core.book import BlockKind

_NUMBER = r"(?P<number>\d{1,4})"
_LINE = re.compile(
    rf"[\[({{–—-]?\s?(?:page|pg\.?|p\.)\W{{0,3}}{_NUMBER}(?:\s?(?:of|/)\s?\d{{1,4}})?\s?[\])}}–—-]?"
    rf"|{_NUMBER.replace('number', 'before')}\s?\|\s?page"
    rf"|[-–—~•]+\s?{_NUMBER.replace('number', 'dashed')}\s?[-–—~•]+"
    rf"|[\[{{]\s?{_NUMBER.replace('number', 'bracketed')}\s?[\]}}]"
    rf"|{_NUMBER.replace('number', 'bare')}",
    re.IGNORECASE,
)
"""A paragraph that may be a page number."""
_INSIDE = re.compile(
    rf"\[{_NUMBER}\]|\{{{_NUMBER.replace('number', 'braced')}\}}"
    rf"|(?<=\s)[-–—]\s?{_NUMBER.replace('number', 'dashed')}\s?[-–—](?=\s)"
)
_MARK = re.compile(r"(?<=\S)\[\d{1,4}\](?!\w)|\[\d{1,4}\][.,;:!?)”’]")
"""A bracketed number that belongs to the text around it: a note reference or citation."""
_KINDS = frozenset((BlockKind.PARAGRAPH, BlockKind.QUOTE))
_OPEN_END = re.compile(r"[\w,;–-]$")
_MOST_PAGES_BETWEEN = 20
_FEWEST = 3
_FEWEST_SURE = 2
"""Numbers of a run whose look or place says that they are page numbers."""
_LAST_OF_SECTIONS = 2
"""Runs that begin at most here may number the sections of a story instead."""


@dataclass(frozen=True, slots=True)
class _Printed:
    """A number that may be of a page. style: how it is written, with # for figures. cuts: it stands by itself, within
    a sentence that goes on after it."""

    document: ContentDocument
    index: int
    span: tuple[int, int]
    number: int
    style: str
    cuts: bool


def leave_out_printed_numbers(documents: Sequence[ContentDocument]) -> None:
    by_style: dict[str, list[_Printed]] = {}
    for printed in _find(documents):
        by_style.setdefault(printed.style, []).append(printed)
    if any("[" in style for style in by_style) and _has_marks(documents):
        by_style.pop("[#]", None)
    spans: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for run in (run for found in by_style.values() for run in _runs(found)):
        for printed in run if _are_pages(run) else ():
            spans.setdefault(printed.document.href, {}).setdefault(printed.index, []).append(printed.span)
    for document in documents:
        found = spans.get(document.href, {})
        document.cut_out({index: sorted(parts) for index, parts in found.items()}, "page number")


def _find(documents: Sequence[ContentDocument]) -> Iterator[_Printed]:
    blocks = [(document, index) for document in documents for index in range(len(document.blocks))]
    for position, (document, index) in enumerate(blocks):
        block = document.blocks[index].block
        if block.kind not in _KINDS or document.blocks[index].is_note:
            continue
        if len(block.text) <= 20 and (line := _LINE.fullmatch(block.text)) is not None:
            around = [_text_at(blocks, position + step) for step in (-1, 1)]
            cuts = _OPEN_END.search(around[0]) is not None and around[1][:1].islower()
            yield _printed(document, index, line, cuts)
        elif "[" in block.text or "{" in block.text or any(f"{dash} " in block.text for dash in "-–—"):
            yield from (_printed(document, index, match, False) for match in _INSIDE.finditer(block.text))


def _text_at(blocks: Sequence[tuple[ContentDocument, int]], position: int) -> str:
    if not 0 <= position < len(blocks):
        return ""
    document, index = blocks[position]
    return document.blocks[index].block.text


def _printed(document: ContentDocument, index: int, match: re.Match[str], cuts: bool) -> _Printed:
    number = next(int(group) for group in match.groups() if group)
    return _Printed(document, index, match.span(), number, re.sub(r"\d+", "#", match[0].casefold()), cuts)


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


def _are_pages(run: Sequence[_Printed]) -> bool:
    style = run[0].style
    n_cuts = sum(printed.cuts for printed in run)
    if style == "#":
        return len(run) >= _FEWEST and 2 * n_cuts >= len(run)
    if n_cuts or "p" in style or "{" in style:
        return len(run) >= _FEWEST_SURE
    return len(run) >= _FEWEST and run[0].number > _LAST_OF_SECTIONS
