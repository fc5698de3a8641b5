"""Plain text as a book format.

Paragraphs are separated by empty lines; line breaks inside one are spaces. A paragraph of stars, dashes or dots is a
scene break. A paragraph of one line, of at most 80 characters, is a heading and starts a chapter where it

- begins with "Chapter", "Part", "Book" and so on and a number ("Chapter 12: The Storm", "PART TWO"), or is "Prologue",
  "Epilogue" and so on by itself; or
- has at least two empty lines before it and at most eight words, and does not end like a sentence.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from mayabook.book.heading_chapters import split_at_headings
from mayabook.book.reader import BookReader, unreadable
from mayabook.book.text_cleaning import clean_text, has_words, is_ornament
from mayabook.core.book import Block, BlockKind, Book
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings

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


class PlainTextReader(BookReader):
    """Text in UTF-8, with or without a byte order mark."""

    name = "plain text"
    suffixes = (".txt", ".text")

    def sniff(self, head: bytes) -> bool:
        return False  # any text is a text: the suffix decides

    def read(self, path: Path, settings: BookSettings) -> Book:
        try:
            if path.stat().st_size > settings.max_bytes:
                raise BookError(
                    f"{path.name} is larger than the setting book.max_bytes allows: raise it if you trust the file."
                )
            written = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise unreadable(path, error) from error
        except UnicodeDecodeError as error:
            raise BookError(f"{path} is not UTF-8 text: save it as UTF-8, or use an EPUB.") from error
        chapters = split_at_headings(_blocks(written, path.name))
        if not any(has_words(block.text) for chapter in chapters for block in chapter.blocks):
            raise BookError(f"{path.name} contains no words: choose another file.")
        return Book(path.stem, (), chapters)


def _blocks(written: str, file_name: str) -> Iterator[Block]:
    paragraphs = _GAP.split(written)
    gaps = ["", *paragraphs[1::2]]
    for number, (gap, paragraph) in enumerate(zip(gaps, paragraphs[::2], strict=True), 1):
        text = clean_text(paragraph)
        path = f"/paragraph[{number}]"
        if not text:
            continue
        if is_ornament(text):
            yield Block(BlockKind.SCENE_BREAK, "", file_name, path)
        elif "\n" not in paragraph.strip() and _is_heading(text, n_empty_lines=gap.count("\n") - 1):
            yield Block(BlockKind.HEADING, text, file_name, path, level=1)
        else:
            yield Block(BlockKind.PARAGRAPH, text, file_name, path)


def _is_heading(line: str, n_empty_lines: int) -> bool:
    """n_empty_lines: between the paragraph before and this one."""
    if len(line) > _MOST_CHARS:
        return False
    if _NAMED_HEADING.fullmatch(line) or _NUMBERED_HEADING.fullmatch(line):
        return True
    is_short = len(line.split()) <= _MOST_WORDS and not line.endswith(_SENTENCE_ENDS)
    return n_empty_lines >= 2 and has_words(line) and (is_short or _NUMERAL_HEADING.fullmatch(line) is not None)
