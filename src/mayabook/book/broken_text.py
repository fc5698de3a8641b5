"""Mends text that conversion broke: words cut by a hyphen at the end of a line, sentences cut at the end of a page or
file."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import pairwise

from mayabook.book.content_document import ContentDocument
from mayabook.book.text_cleaning import goes_on
from mayabook.core.book import BlockKind

_CUT = re.compile(r"\b([^\W\d_]+)[-‐¬] ([^\W\d_]+)")
_JOINED_BY_HYPHEN = frozenset("and or to nor but und oder bis et ou y o e".split())
"""Words after a hanging hyphen: "two- and threefold"."""
_WITH_HYPHEN = frozenset(("self", "well", "half"))
_TENS = frozenset("twenty thirty forty fifty sixty seventy eighty ninety".split())
_ONES = frozenset(
    "one two three four five six seven eight nine first second third fourth fifth sixth seventh eighth ninth".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MENDED_KINDS = frozenset((BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.LIST_ITEM))
_PROSE = frozenset((BlockKind.PARAGRAPH, BlockKind.QUOTE))
_MOVED = "moved to the file in which its sentence begins"


def join_cut_sentences(documents: Sequence[ContentDocument], listed: Set[str]) -> None:
    """Moves the rest of a sentence from the beginning of a file to the end of the file before it.

    listed: files at whose beginning the table of contents starts a chapter.
    """
    readable = [document for document in documents if document.blocks]
    for above, document in pairwise(readable):
        last = next((n for n in range(len(above.blocks) - 1, -1, -1) if not above.blocks[n].is_note), None)
        if last is None or document.href in listed or document.blocks[0].is_note:
            continue
        start, rest = above.blocks[last].block, document.blocks[0].block
        if not (start.kind is rest.kind is BlockKind.PARAGRAPH):
            continue
        if goes_on(start.text, rest.text):
            joined = replace(start, text=f"{start.text} {rest.text}")
            above.blocks[last] = replace(above.blocks[last], block=joined)
            above.supply(rest.text, _MOVED, start.path)
            document.leave_out({0}, _MOVED)


def join_at_page_breaks(document: ContentDocument) -> None:
    """Joins the two parts of a sentence between which a page ends. Lines that do not begin as sentences do are entries
    of a list."""
    joined: set[int] = set()
    start = 0
    for index in sorted(document.page_breaks):
        if not 0 < index < len(document.blocks):
            continue
        start = start if joined and max(joined) == index - 1 else index - 1
        above, below = document.blocks[start], document.blocks[index]
        is_one = above.block.kind is below.block.kind and above.block.kind in _PROSE and above.is_note == below.is_note
        if is_one and not above.block.text[:1].islower() and goes_on(above.block.text, below.block.text):
            text = f"{above.block.text} {below.block.text}"
            document.blocks[start] = replace(above, block=replace(above.block, text=text))
            joined.add(index)
    document.remove(joined)


def join_cut_words(documents: Sequence[ContentDocument]) -> None:
    """Closes "exam- ple", as far as the words of the book do not say otherwise."""
    cut = [
        (document, index)
        for document in documents
        for index, doc_block in enumerate(document.blocks)
        if doc_block.block.kind in _MENDED_KINDS and _may_be_cut(doc_block.block.text)
    ]
    if not cut:
        return
    known = Counter(
        word.casefold()
        for document in documents
        for doc_block in document.blocks
        for word in _WORD.findall(_CUT.sub(" ", doc_block.block.text))
    )
    for document, index in cut:
        block = document.blocks[index].block
        text = _CUT.sub(lambda match: _mended(match, known), block.text)
        document.blocks[index] = replace(document.blocks[index], block=replace(block, text=text))


def _may_be_cut(text: str) -> bool:
    return ("- " in text or "‐ " in text or "¬ " in text) and _CUT.search(text) is not None


def _mended(match: re.Match[str], known: Counter[str]) -> str:
    first, second = match[1].casefold(), match[2].casefold()
    is_number = first in _TENS and second in _ONES
    if not match[2].islower() or second in _JOINED_BY_HYPHEN or second.startswith(first):
        return match[0]
    if known[first + second]:
        return match[1] + match[2]
    if known[f"{first}-{second}"] or is_number or first in _WITH_HYPHEN:
        return f"{match[1]}-{match[2]}"
    return match[0] if known[first] and known[second] else match[1] + match[2]
