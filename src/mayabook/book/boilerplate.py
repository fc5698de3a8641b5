"""Text that was added to a book by those who digitised it: boilerplate of Project Gutenberg and transcriber's notes.

Old files of Project Gutenberg mark it by lines alone, which are looked for near the ends of the book; newer ones by
classes, which `block_extraction` reads.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.semantics import GUTENBERG, TRANSCRIBER
from mayabook.core.book import BlockKind

_START = re.compile(
    r"\*{2,3} ?START OF (?:THE|THIS) PROJECT GUTENBERG|\*END\*? ?THE SMALL PRINT|\*{3}START\*{2}THE SMALL PRINT",
    re.IGNORECASE,
)
_END = re.compile(
    r"\*{2,3} ?END OF (?:THE|THIS) PROJECT GUTENBERG|(?:The )?End of (?:the )?Project Gutenberg(?:['’]s)?\b",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:this )?(?:e-?text|e-?book)?\W*(?:was )?(?:produced|prepared|transcribed|scanned|digiti[sz]ed|typed)"
    r"(?: and \w+)? (?:by|from)\b",
    re.IGNORECASE,
)
_CREDIT_SIGNS = re.compile(r"gutenberg|pgdp|proofread|volunteer|e-?text|e-?book|internet archive", re.IGNORECASE)
_TRANSCRIBER_HEADING = re.compile(r"\W*transcribers?['’]?s?['’]? notes?\b\W*", re.IGNORECASE)
_REMARK = re.compile(r"(?<=\S)\s?\[\s?transcriber['’]?s?['’]? note:?[^\[\]]{1,300}\]", re.IGNORECASE)
_PICTURE = re.compile(r"\[\s?(?:illustration|image|picture|decoration|frontispiece|map)s?\s?\]", re.IGNORECASE)
_LONGEST_HEADER, _LONGEST_FOOTER = 4000, 6000
"""Words before the start line and after the end line; more than that is the book itself."""
_NEAR_START = 6
"""Blocks after the start line among which credits stand."""
_LONGEST_NOTE = 30
"""Blocks of the longest transcriber's note."""

Place = tuple[int, int]


def mark_boilerplate(documents: Sequence[ContentDocument]) -> None:
    """Declares the blocks that are boilerplate or transcriber's notes to be so."""
    for document in documents:
        _leave_out_remarks(document)
    places = [(n, i) for n, document in enumerate(documents) for i in range(len(document.blocks))]
    texts = [documents[n].blocks[i].block.text for n, i in places]
    for index in (*_header(texts), *_footer(texts)):
        _declare(documents, places[index], GUTENBERG)
    for document in documents:
        for index in _transcribers_notes(document.blocks):
            document.blocks[index] = replace(document.blocks[index], declared=TRANSCRIBER)


def _leave_out_remarks(document: ContentDocument) -> None:
    """Leaves out notes of transcribers inside paragraphs, and the word that stands for a picture."""
    for pattern, reason in ((_REMARK, TRANSCRIBER), (_PICTURE, "place of a picture")):
        found = {
            index: [match.span() for match in pattern.finditer(doc_block.block.text)]
            for index, doc_block in enumerate(document.blocks)
            if "[" in doc_block.block.text
        }
        document.cut_out({index: spans for index, spans in found.items() if spans}, reason)


def _declare(documents: Sequence[ContentDocument], place: Place, declared: str) -> None:
    document, index = place
    documents[document].blocks[index] = replace(documents[document].blocks[index], declared=declared)


def _header(texts: Sequence[str]) -> Iterator[int]:
    """The blocks up to the start line, and the credits after it."""
    n_words, start = 0, None
    for index, text in enumerate(texts):
        n_words += len(text.split())
        if n_words > _LONGEST_HEADER:
            break
        if _START.search(text):
            start = index
    if start is None:
        return
    yield from range(start + 1)
    for index in range(start + 1, min(len(texts), start + 1 + _NEAR_START)):
        if _CREDIT.match(texts[index]) and _CREDIT_SIGNS.search(texts[index]):
            yield index


def _footer(texts: Sequence[str]) -> Iterator[int]:
    """The blocks from the end line on."""
    n_words, end = 0, None
    for index in range(len(texts) - 1, -1, -1):
        n_words += len(texts[index].split())
        if n_words > _LONGEST_FOOTER:
            break
        if _END.match(texts[index].lstrip()):
            end = index
    if end is not None:
        yield from range(end, len(texts))


def _transcribers_notes(doc_blocks: Sequence[DocumentBlock]) -> Iterator[int]:
    """Paragraphs that begin "Transcriber's note:", and those under a line or heading "Transcriber's Note"."""
    for index, doc_block in enumerate(doc_blocks):
        text = doc_block.block.text
        if "ranscriber" not in text and "RANSCRIBER" not in text:
            continue
        if _TRANSCRIBER_HEADING.fullmatch(text):
            yield from range(index, _end_of_note(doc_blocks, index))
        elif _TRANSCRIBER_HEADING.match(text):
            yield index


def _end_of_note(doc_blocks: Sequence[DocumentBlock], first: int) -> int:
    """The index after a note: that of the next heading or scene break; the line alone, where neither is near."""
    parts = (BlockKind.HEADING, BlockKind.SCENE_BREAK)
    for index in range(first + 1, min(len(doc_blocks), first + _LONGEST_NOTE)):
        if doc_blocks[index].block.kind in parts:
            return index
    return len(doc_blocks) if len(doc_blocks) <= first + _LONGEST_NOTE else first + 1
