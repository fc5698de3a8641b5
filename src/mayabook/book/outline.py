"""Where the chapters of a book start: by its table of contents, else by its headings, else by its files."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.table_of_contents import TocEntry
from mayabook.core.book import BlockKind
from mayabook.core.words import words

_MOST_WORDS_OF_LABEL = 8
_NEAR = 4
_NUMBER_ONLY = re.compile(r"(chapter|part|book|section)\s+\S+|[\divxlc]+\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChapterStart:
    """page, piece: numbers of the page and of the first piece of the chapter in it. aim: the piece that the table
    of contents points at; its heading may stand before. title: empty where only the text can tell."""

    page: int
    piece: int
    title: str
    depth: int
    aim: int


def find_starts(
    pages: Sequence[ContentDocument], entries: Iterable[TocEntry], warn: Callable[[str], None]
) -> list[ChapterStart]:
    """In reading order. Entries that lead nowhere are left out, with a warning."""
    starts = _listed(pages, entries, warn)
    if len(starts) < 2:  # a table with one entry ("Start") is none
        starts = max(starts, _at_headings(pages), key=len) or _at_files(pages)
    return _with_headings(starts, pages)


def heading_title(pieces: Sequence[DocumentBlock]) -> str:
    """The heading near the beginning of the pieces; a bare number is followed by the heading after it."""
    for first, second in zip_longest(pieces[:_NEAR], pieces[1 : _NEAR + 1]):
        if first.block.kind is BlockKind.HEADING:
            if second and second.block.kind is BlockKind.HEADING and _NUMBER_ONLY.fullmatch(first.block.text):
                return f"{first.block.text}: {second.block.text}"
            return str(first.block.text)
    return ""


def _listed(
    pages: Sequence[ContentDocument], entries: Iterable[TocEntry], warn: Callable[[str], None]
) -> list[ChapterStart]:
    numbers = {page.href: number for number, page in enumerate(pages)}
    starts: list[ChapterStart] = []
    lost: list[tuple[TocEntry, int]] = []
    for entry in entries:
        number = numbers.get(entry.name or "")
        if number is None:
            warn(f"the table of contents lists {entry.title!r} at {entry.href}, which is not in the reading order")
        elif entry.fragment and entry.fragment not in pages[number].anchors:
            lost.append((entry, number))
        else:
            piece = pages[number].anchors[entry.fragment] if entry.fragment else 0
            starts.append(ChapterStart(number, piece, entry.title, entry.depth, piece))

    taken = {start.page for start in starts}
    for entry, number in lost:
        same = (i for i, piece in enumerate(pages[number].blocks) if _is_heading(piece, entry.title))
        found = next(same, None if number in taken else 0)
        outcome = "passed over" if found is None else "looked for by its title" if found else "taken for the whole file"
        warn(f"the table of contents lists {entry.title!r} at {entry.href}, where nothing is; it was {outcome}")
        if found is not None:
            starts.append(ChapterStart(number, found, entry.title, entry.depth, found))
            taken.add(number)
    return _merged(starts)


def _is_heading(piece: DocumentBlock, title: str) -> bool:
    return piece.block.kind is BlockKind.HEADING and words(piece.block.text.casefold()) == words(title.casefold())


def _merged(starts: list[ChapterStart]) -> list[ChapterStart]:
    """In reading order; those of one place ("Part One", "Chapter 1") become one, as deep as the last."""
    merged: dict[tuple[int, int], ChapterStart] = {}
    for start in sorted(starts, key=lambda start: (start.page, start.piece)):
        place = (start.page, start.piece)
        if place in merged and merged[place].title.casefold() != start.title.casefold():
            title = ": ".join(filter(None, (merged[place].title, start.title)))
            merged[place] = replace(start, title=title)
        else:
            merged.setdefault(place, start)
    return list(merged.values())


def _at_headings(pages: Sequence[ContentDocument]) -> list[ChapterStart]:
    """At headings of the highest level that occurs twice, and of any above it."""
    headings = [
        (number, index, piece.block.level)
        for number, page in enumerate(pages)
        for index, piece in enumerate(page.blocks)
        if piece.block.kind is BlockKind.HEADING and not piece.is_note
    ]
    counts = Counter(level for _, _, level in headings)
    repeated = [level for level in counts if counts[level] > 1]
    lowest = min(repeated or counts, default=0)
    depths = {level: depth for depth, level in enumerate(sorted(level for level in counts if level <= lowest), 1)}
    return [
        ChapterStart(number, index, heading_title(pages[number].blocks[index : index + 2]), depths[level], index)
        for number, index, level in headings
        if level in depths
    ]


def _at_files(pages: Sequence[ContentDocument]) -> list[ChapterStart]:
    """Titles of files are only of use where they differ: often each carries the title of the book."""
    titles = Counter(page.title for page in pages)
    return [
        ChapterStart(number, 0, page.title if titles[page.title] == 1 else "", 1, 0)
        for number, page in enumerate(pages)
        if page.blocks
    ]


def _with_headings(starts: Iterable[ChapterStart], pages: Sequence[ContentDocument]) -> list[ChapterStart]:
    """A table of contents may point below the heading of a chapter, or below its number: they belong to it."""
    found: list[ChapterStart] = []
    for start in starts:
        pieces = pages[start.page].blocks
        piece = start.piece
        if found and found[-1].page == start.page:
            first = found[-1].piece + 1
        else:
            first = 0
            if all(_is_label(piece) for piece in pieces[:piece]):
                piece = 0
        while piece > first and pieces[piece - 1].block.kind is BlockKind.HEADING:
            piece -= 1
        found.append(replace(start, piece=piece))
    return found


def _is_label(piece: DocumentBlock) -> bool:
    """A heading in all but name: a few words that are no sentence."""
    block = piece.block
    is_line = block.kind in (BlockKind.PARAGRAPH, BlockKind.IMAGE) and block.text[-1:] not in tuple(".!?…”\"’'")
    return block.kind is BlockKind.HEADING or (is_line and len(block.text.split()) <= _MOST_WORDS_OF_LABEL)
