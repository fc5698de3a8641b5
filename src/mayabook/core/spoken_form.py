"""How a text is spoken: which parts are said otherwise than they are written, and which word stands for which."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class WordClass(StrEnum):
    """Kinds of words that are spoken otherwise than they are written."""

    LEXICON = "lexicon"
    """Words of the pronunciation lexicon."""
    CAPITALS = "capitals"
    """Words in capitals that are no acronyms, and acronyms that look like words."""
    ROMAN = "roman"
    """Roman numerals."""
    NUMBERS = "numbers"
    """Cardinals, ordinals, decades, years, ranges, and numbers beside letters."""
    DIGITS = "digits"
    """Telephone numbers and ISBN, digit by digit."""
    DATES = "dates"
    TIMES = "times"
    CURRENCY = "currency"
    UNITS = "units"
    """Measures with their units."""
    FRACTIONS = "fractions"
    POWERS = "powers"
    """Superscripts, and subscripts."""
    SIGNS = "signs"
    """Minus, plus-minus, times, equals, section and the like."""
    ABBREVIATIONS = "abbreviations"
    ADDRESSES = "addresses"
    """E-mail, web addresses, file names, hashtags."""
    SYMBOLS = "symbols"
    """Emoji and ornaments, which are left out."""
    INTERJECTIONS = "interjections"
    EMPHASIS = "emphasis"
    """Asterisks and underscores around words."""
    STUTTERING = "stuttering"
    """Stuttered and drawn-out words."""
    DIALECT = "dialect"
    """Words with a letter dropped at their beginning."""
    HOMOGRAPHS = "homographs"
    """Words with two pronunciations."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A part of a text that is spoken otherwise than it is written."""

    start: int
    """First character, counted from 0 in the text."""
    end: int
    """One after the last character."""
    spoken: str
    """What is said in its place; empty where it is left out."""
    word_class: WordClass


@dataclass(frozen=True, slots=True)
class WordPair:
    """Words of a text and the words that are spoken for them, as half-open ranges of `str.split()`.

    Mostly one word each. `written` is empty for a word that has no written one, `spoken` for one that is left out.
    """

    written: range
    spoken: range


def spoken_form(text: str, replacements: Sequence[Replacement]) -> str:
    """The text with its replacements, on one line. They are in order and do not overlap."""
    return " ".join("".join(piece for _, piece in _pieces(text, replacements)).split())


def align_words(text: str, replacements: Sequence[Replacement]) -> list[WordPair]:
    """Which words of `spoken_form(text, replacements)` stand for which words of `text`, in order and without gaps."""
    written, spoken = "", ""
    cuts: list[tuple[int, int]] = [(0, 0)]
    for original, piece in _pieces(text, replacements):
        if original == piece:
            for space in re.finditer(r"\s+", piece):
                cuts.append(_counted(written + piece[: space.start()], spoken + piece[: space.start()]))
        written, spoken = written + original, spoken + piece
    cuts.append(_counted(written, spoken))
    return [
        WordPair(range(start, end), range(other_start, other_end))
        for (start, other_start), (end, other_end) in pairwise(cuts)
        if start < end or other_start < other_end
    ]


def _counted(written: str, spoken: str) -> tuple[int, int]:
    return len(written.split()), len(spoken.split())


def _pieces(text: str, replacements: Sequence[Replacement]) -> Iterator[tuple[str, str]]:
    """(written, spoken) of each stretch of the text."""
    position = 0
    for replacement in replacements:
        between = text[position : replacement.start]
        yield between, between
        yield text[replacement.start : replacement.end], replacement.spoken
        position = replacement.end
    yield text[position:], text[position:]
