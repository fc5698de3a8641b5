"""Plain text as a book format.

Paragraphs are separated by empty lines; line breaks inside one are spaces. A paragraph of stars, dashes or dots is a
scene break. A paragraph of one line, of at most 80 characters, is a heading and starts a chapter where it

- begins with "Chapter", "Part", "Book" and so on and a number ("Chapter 12: The Storm", "PART TWO"), or is "Prologue",
  "Epilogue" and so on by itself; or
- has at least two empty lines before it and at most eight words, and does not end like a sentence.

What stands in it for a reader of print is left out as in an EPUB: page numbers, running heads, verse numbers, notes and
their marks, boilerplate of Project Gutenberg.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from mayabook.book.boilerplate import mark_boilerplate
from mayabook.book.broken_text import join_at_page_breaks, join_cut_words
from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.exclusions import FOOTNOTE
from mayabook.book.heading_chapters import split_at_headings
from mayabook.book.plain_marks import take_out_plain_marks
from mayabook.book.plain_verses import leave_out_verse_numbers
from mayabook.book.printed_numbers import is_page_line, leave_out_printed_numbers
from mayabook.book.semantics import GUTENBERG, TRANSCRIBER
from mayabook.book.tex_formulas import read_tex_formulas
from mayabook.book.text_cleaning import clean_text, has_words, is_lettered_ornament, is_ornament
from mayabook.book.untyped_notes import mark_untyped_notes
from mayabook.core.book import Block, BlockKind, Book

_GAP = re.compile(r"(\n\s*\n)")
_ROMAN_OR_DIGITS = r"(?:\d+|[ivxlcdm]+)"
_NUMBER = (
    rf"(?:{_ROMAN_OR_DIGITS}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    "sixteen|seventeen|eighteen|nineteen|twenty)"
)
_NUMBERED_HEADING = re.compile(
    rf"(?:act|book|canto|chapter|letter|part|section|volume)\s+{_NUMBER}(?:\.|\b.*[^.,;!?…”\"’'])?", re.IGNORECASE
)
_NAMED_HEADING = re.compile(
    r"(?:afterword|appendix|conclusion|epilogue|foreword|interlude|introduction|preface|prologue)[.:]?", re.IGNORECASE
)
_NUMERAL_HEADING = re.compile(rf"{_ROMAN_OR_DIGITS}\.?", re.IGNORECASE)
_SENTENCE_ENDS = tuple(".,;:!?…”\"’'")
_MOST_WORDS = 8
_MOST_CHARS = 80


def read_plain_text(written: str, file_name: str, title: str) -> Book:
    """written: content of the file."""
    document = _read_document(written, file_name)
    chapters = split_at_headings(doc_block.block for doc_block in document.blocks)
    return Book(title, (), chapters, left_out=tuple(document.left_out), supplied=tuple(document.supplied))


def _read_document(written: str, file_name: str) -> ContentDocument:
    paragraphs = _GAP.split(written)
    gaps = ["", *paragraphs[1::2]]
    document = ContentDocument(file_name)
    lines_above: dict[str, int] = {}
    for number, (gap, paragraph) in enumerate(zip(gaps, paragraphs[::2], strict=True), 1):
        path = f"/paragraph[{number}]"
        if "\f" in gap:
            document.page_breaks.add(len(document.blocks))
        if "\n" not in paragraph.strip():
            lines_above[path] = gap.count("\n") - 1
        document.blocks += [
            DocumentBlock(Block(BlockKind.PARAGRAPH, text, file_name, path)) for text in _parts(paragraph)
        ]
    _leave_out_what_is_not_read(document)
    for index, doc_block in enumerate(document.blocks):
        if is_lettered_ornament(doc_block.block.text):
            document.omit(doc_block.block.text, "ornament", doc_block.block.path)
        block = _of_kind(doc_block.block, lines_above.get(doc_block.block.path))
        document.blocks[index] = replace(doc_block, block=block)
    return document


def _parts(paragraph: str) -> Iterator[str]:
    """A paragraph in parts: lines that may be page numbers, and the text between them."""
    text: list[str] = []
    for line in map(clean_text, paragraph.splitlines()):
        if is_page_line(line):
            yield from filter(None, [clean_text(" ".join(text))])
            yield line
            text = []
        else:
            text.append(line)
    yield from filter(None, [clean_text(" ".join(text))])


def _leave_out_what_is_not_read(document: ContentDocument) -> None:
    leave_out_printed_numbers([document])
    _join_parts(document)
    join_at_page_breaks(document)
    read_tex_formulas(document)
    take_out_plain_marks(document)
    mark_untyped_notes(document)
    leave_out_verse_numbers(document)
    join_cut_words([document])
    mark_boilerplate([document])
    document.leave_out({n for n, block in enumerate(document.blocks) if block.is_note}, FOOTNOTE)
    for declared in (GUTENBERG, TRANSCRIBER):
        document.leave_out({n for n, block in enumerate(document.blocks) if block.declared == declared}, declared)


def _join_parts(document: ContentDocument) -> None:
    """Joins the parts of each paragraph again."""
    joined: set[int] = set()
    for index in range(len(document.blocks) - 1, 0, -1):
        above, below = document.blocks[index - 1].block, document.blocks[index].block
        if above.path == below.path:
            block = replace(above, text=f"{above.text} {below.text}")
            document.blocks[index - 1] = replace(document.blocks[index - 1], block=block)
            joined.add(index)
    document.remove(joined)


def _of_kind(block: Block, n_empty_lines: int | None) -> Block:
    """n_empty_lines: above a block of one line; None for a block of several."""
    if is_ornament(block.text) or is_lettered_ornament(block.text):
        return replace(block, kind=BlockKind.SCENE_BREAK, text="")
    if n_empty_lines is not None and _is_heading(block.text, n_empty_lines):
        return replace(block, kind=BlockKind.HEADING, level=1)
    return block


def _is_heading(line: str, n_empty_lines: int) -> bool:
    """n_empty_lines: between the paragraph before and this one."""
    if len(line) > _MOST_CHARS:
        return False
    if _NAMED_HEADING.fullmatch(line) or _NUMBERED_HEADING.fullmatch(line):
        return True
    is_short = len(line.split()) <= _MOST_WORDS and not line.endswith(_SENTENCE_ENDS)
    return n_empty_lines >= 2 and has_words(line) and (is_short or _NUMERAL_HEADING.fullmatch(line) is not None)
