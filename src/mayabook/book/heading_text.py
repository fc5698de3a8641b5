"""Headings of several lines or elements: "1" and "The Lamp" are a number and a title, not "1The Lamp"."""

import re
from collections.abc import Iterator, Sequence

from mayabook.book.letterspacing import close_spaced_letters
from mayabook.book.semantics import BLOCK_TAGS
from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, local_name, walk

_NUMBERS = (
    r"\d{1,4}|[ivxlc]{1,8}|(?:the )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    r"|fifteen|sixteen|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine|first|second|third|fourth|fifth|sixth|seventh|eighth"
    r"|ninth))?"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|last)"
)
_DIVISIONS = "chapter|part|book|section|volume|letter|canto|act|scene|stave|lecture|kapitel|teil|chapitre|cap[ií]tulo"
_NUMBER_LINE = re.compile(rf"(?:(?:{_DIVISIONS})\s+\S+|[\divxlc]+|{_NUMBERS})[.:]?", re.IGNORECASE)
_ORDINAL_LINE = re.compile(rf"(?:{_DIVISIONS})\s+the\s+\S+[.:]?", re.IGNORECASE)
_CHAPTER_LINE = re.compile(rf"(?:chapter|part|book|kapitel|teil)\s+(?:{_NUMBERS})[.:]?", re.IGNORECASE)
_BARE_NUMBER = re.compile(rf"(?:chapter\s+)?(?:{_NUMBERS})[.:]?", re.IGNORECASE)


def is_number_line(text: str) -> bool:
    """Whether a line of a heading is the number of a chapter: "Chapter 3", "IV.", "Twelve"."""
    return _NUMBER_LINE.fullmatch(text) is not None


def is_chapter_line(text: str) -> bool:
    """Whether a whole paragraph is surely the number of a chapter or part."""
    return _CHAPTER_LINE.fullmatch(text) is not None


def is_bare_number(text: str) -> bool:
    """Whether a heading numbers a chapter, and not a part or book that holds chapters."""
    return _BARE_NUMBER.fullmatch(text) is not None


def runs_together(before: str, after: str) -> bool:
    """Whether two elements of a heading stand side by side though they are read as separate words."""
    if not before or not after or not (before[-1].isalnum() and after[0].isalnum()):
        return False
    if before[-1].isdigit() or after[0].isdigit():
        return before[-1].isdigit() != after[0].isdigit()
    is_title = after[0].isupper() and after[1:2].islower()
    return is_title and (before[-1].islower() or is_number_line(before))


def begins_title(before: str, after: str) -> bool:
    """Whether an element of a heading begins the title after a number: "Chapter 1 <i>The Lamp</i>"."""
    number = clean_text(before)
    if not before[-1:].isspace() or not after[:1].isupper() or is_number_line(after):
        return False
    return len(number) > 1 and is_number_line(number)


def heading_lines(lines: Sequence[str]) -> list[str]:
    """The blocks of a heading: the lines that number it ("Book One", "Chapter 3"), and the rest."""
    if len(lines) < 2:
        return [" ".join(lines)]
    if is_number_line(lines[0]) or (_ORDINAL_LINE.fullmatch(lines[0]) and is_number_line(lines[1])):
        return [lines[0], *heading_lines(lines[1:])]
    return [" ".join(lines)]


def joined_title(lines: Sequence[str]) -> str:
    """A title on one line: "Chapter 3: The Storm"."""
    found = heading_lines(lines)
    return ": ".join([*(line.rstrip(".:") for line in found[:-1]), found[-1]])


def label_of(element: Element) -> str:
    """The text of an entry of a table of contents, on one line."""
    return joined_title(list(_label_lines(element)))


def _begins_line(element: Element, before: str) -> bool:
    tag = local_name(element)
    return tag == "br" or tag in BLOCK_TAGS or runs_together(before, (element.text or "").strip())


def _label_lines(element: Element) -> Iterator[str]:
    parts: list[str] = []

    def enter(inner: Element) -> bool:
        if inner is not element and _begins_line(inner, clean_text("".join(parts))):
            parts.append("\n")
        parts.append(" ".join((inner.text or "").split("\n")))
        return True

    def leave(inner: Element) -> None:
        if inner is not element:
            parts.append(" ".join((inner.tail or "").split("\n")))

    walk(element, enter, leave)
    return filter(None, map(clean_text, close_spaced_letters("".join(parts)).split("\n")))
