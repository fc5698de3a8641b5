"""Finds where chapters start: by the table of contents, else by headings, else by files."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.heading_text import is_bare_number, is_number_line, joined_title
from mayabook.book.table_of_contents import TocEntry
from mayabook.core.book import BlockKind
from mayabook.core.words import words

_MOST_WORDS_OF_LABEL = 8
_NEAR = 4
_TELLS_NOTHING = re.compile(
    r"(?:(?:front |back |book )?cover(?: page| image)?|start(?: reading| here)?|begin(?:ning)?(?: reading)?"
    r"|(?:body |main )?text|book|(?:half[ -]?)?title[ -]?page|copyright(?: page)?|imprint|(?:table of )?contents"
    r"|toc|front ?matter|bodymatter|content)\W*",
    re.IGNORECASE,
)
"""Titles of entries that say nothing about where chapters are."""


@dataclass(frozen=True, slots=True)
class ChapterStart:
    """Where a chapter starts. document, block: index of a content document, and of the chapter's first block in it.
    target_block: the block that the table of contents points at; the heading may stand before it. title: empty where
    only the text has one."""

    document: int
    block: int
    title: str
    depth: int
    target_block: int


def find_chapter_starts(
    documents: Sequence[ContentDocument], entries: Iterable[TocEntry], warn: Callable[[str], None]
) -> list[ChapterStart]:
    """Chapter starts in reading order. Entries with a broken link are skipped, with a warning."""
    starts = _listed(documents, entries, warn)
    telling = [start for start in starts if not _TELLS_NOTHING.fullmatch(start.title)]
    if len(telling) < 2:  # a table of one chapter, or of "Cover" and "Start", is no table of contents
        found = _at_headings(documents)
        if len(found) > len(telling):
            starts = _added(starts, found)
        starts = starts or _at_files(documents)
    return _with_headings(starts, documents)


def _added(listed: list[ChapterStart], found: list[ChapterStart]) -> list[ChapterStart]:
    """The starts that were found, and the pages before them that the table of contents lists ("Cover")."""
    first = found[0].document if found else 0
    return [start for start in listed if start.document < first and not start.block] + found


def heading_title(doc_blocks: Sequence[DocumentBlock]) -> str:
    """The first heading near the beginning; after a bare number ("Chapter 3") the heading that follows it is added."""
    for first, second in zip_longest(doc_blocks[:_NEAR], doc_blocks[1 : _NEAR + 1]):
        is_heading_next = second is not None and second.block.kind is BlockKind.HEADING
        if first.block.kind is BlockKind.PARAGRAPH and is_heading_next and is_number_line(first.block.text):
            return joined_title((first.block.text, second.block.text))
        if first.block.kind is BlockKind.HEADING:
            if second and second.block.kind is BlockKind.HEADING and is_number_line(first.block.text):
                return joined_title((first.block.text, second.block.text))
            return str(first.block.text)
    return ""


def _listed(
    documents: Sequence[ContentDocument], entries: Iterable[TocEntry], warn: Callable[[str], None]
) -> list[ChapterStart]:
    numbers = {document.href: number for number, document in enumerate(documents)}
    starts: list[ChapterStart] = []
    lost: list[tuple[TocEntry, int]] = []
    for entry in entries:
        number = numbers.get(entry.name or "")
        if number is None:
            warn(f"the table of contents lists {entry.title!r} at {entry.href}, which is not in the reading order")
        elif entry.fragment and entry.fragment not in documents[number].anchors:
            lost.append((entry, number))
        else:
            doc_block = documents[number].anchors[entry.fragment] if entry.fragment else 0
            starts.append(ChapterStart(number, doc_block, entry.title, entry.depth, doc_block))

    taken = {start.document for start in starts}
    for entry, number in lost:
        same = (i for i, doc_block in enumerate(documents[number].blocks) if _is_heading(doc_block, entry.title))
        found = next(same, None if number in taken else 0)
        outcome = "passed over" if found is None else "looked for by its title" if found else "taken for the whole file"
        warn(f"the table of contents lists {entry.title!r} at {entry.href}, where nothing is; it was {outcome}")
        if found is not None:
            starts.append(ChapterStart(number, found, entry.title, entry.depth, found))
            taken.add(number)
    return _with_numbers(_merged(starts), documents)


def _with_numbers(starts: list[ChapterStart], documents: Sequence[ContentDocument]) -> list[ChapterStart]:
    """Joins entries for pages that hold nothing but the number of a chapter ("9") with the entries that follow them."""
    joined: list[ChapterStart] = []
    for start in starts:
        above = joined[-1] if joined else None
        if above is not None and above.depth == start.depth and _is_number_page(above, start, documents):
            joined[-1] = replace(above, title=joined_title((above.title, start.title)))
        else:
            joined.append(start)
    return joined


def _is_number_page(start: ChapterStart, following: ChapterStart, documents: Sequence[ContentDocument]) -> bool:
    if following.document != start.document + 1 or following.block or not is_bare_number(start.title):
        return False
    texts = [doc_block.block.text for doc_block in documents[start.document].blocks[start.block :]]
    next_blocks = documents[following.document].blocks
    is_numbered = is_number_line(following.title) or (bool(next_blocks) and is_number_line(next_blocks[0].block.text))
    return len(texts) == 1 and is_bare_number(texts[0]) and not is_numbered


def _is_heading(doc_block: DocumentBlock, title: str) -> bool:
    return doc_block.block.kind is BlockKind.HEADING and words(doc_block.block.text.casefold()) == words(
        title.casefold()
    )


def _merged(starts: list[ChapterStart]) -> list[ChapterStart]:
    """In reading order. Entries with one target ("Part One", "Chapter 1") become one, with the depth of the last."""
    merged: dict[tuple[int, int], ChapterStart] = {}
    for start in sorted(starts, key=lambda start: (start.document, start.block)):
        place = (start.document, start.block)
        if place in merged and merged[place].title.casefold() != start.title.casefold():
            title = ": ".join(filter(None, (merged[place].title, start.title)))
            merged[place] = replace(start, title=title)
        else:
            merged.setdefault(place, start)
    return list(merged.values())


def _at_headings(documents: Sequence[ContentDocument]) -> list[ChapterStart]:
    """Starts at headings of the highest level that occurs twice, and of the levels above it."""
    headings = [
        (number, index, doc_block.block.level)
        for number, document in enumerate(documents)
        for index, doc_block in enumerate(document.blocks)
        if doc_block.block.kind is BlockKind.HEADING
        and not doc_block.is_note
        and not _continues_heading(document.blocks, index)
    ]
    counts = Counter(level for _, _, level in headings)
    repeated = [level for level in counts if counts[level] > 1]
    lowest = min(repeated or counts, default=0)
    depths = {level: depth for depth, level in enumerate(sorted(level for level in counts if level <= lowest), 1)}
    return [
        ChapterStart(number, index, heading_title(documents[number].blocks[index : index + 2]), depths[level], index)
        for number, index, level in headings
        if level in depths
    ]


def _continues_heading(doc_blocks: Sequence[DocumentBlock], index: int) -> bool:
    """Whether a heading is the title to the number above it, in the same level."""
    above, heading = doc_blocks[index - 1].block, doc_blocks[index].block
    is_run = index > 0 and above.kind is BlockKind.HEADING and above.level == heading.level
    return is_run and is_number_line(above.text) and not is_number_line(heading.text)


def _at_files(documents: Sequence[ContentDocument]) -> list[ChapterStart]:
    """One start per file. Document titles are used only where they differ: often each is the title of the book."""
    titles = Counter(document.title for document in documents)
    return [
        ChapterStart(number, 0, document.title if titles[document.title] == 1 else "", 1, 0)
        for number, document in enumerate(documents)
        if document.blocks
    ]


def _with_headings(starts: Iterable[ChapterStart], documents: Sequence[ContentDocument]) -> list[ChapterStart]:
    """Moves starts up to the headings above them: a table of contents may point below the heading or the number."""
    found: list[ChapterStart] = []
    for start in starts:
        doc_blocks = documents[start.document].blocks
        doc_block = start.block
        if found and found[-1].document == start.document:
            first = found[-1].block + 1
        else:
            first = 0
            if all(_is_label(doc_block) for doc_block in doc_blocks[:doc_block]):
                doc_block = 0
        while doc_block > first and doc_blocks[doc_block - 1].block.kind is BlockKind.HEADING:
            doc_block -= 1
        found.append(replace(start, block=doc_block))
    return found


def _is_label(doc_block: DocumentBlock) -> bool:
    """Whether a block is a heading or looks like one: a few words without final punctuation."""
    block = doc_block.block
    is_line = block.kind in (BlockKind.PARAGRAPH, BlockKind.IMAGE) and block.text[-1:] not in tuple(".!?…”\"’'")
    return block.kind is BlockKind.HEADING or (is_line and len(block.text.split()) <= _MOST_WORDS_OF_LABEL)
