"""Verse numbers that are neither raised nor named by a class: bold or small numbers that count on inside paragraphs."""

import re

from mayabook.book.inline_context import text_after, text_before
from mayabook.book.raised_text import VERSE_NUMBER
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.xml_parsing import Element

_FEWEST = 3
_SENTENCE = re.compile(r"[.!?,;:…\"'”’]$")
_TEXT = re.compile(r"\s*[^\W\d_“‘\"'(]|\s*[“‘\"'(]+\w")


def read_verse_numbers(root: Element) -> Substitutions:
    """Numbers that rise by one, at least three of them and one inside a paragraph, each before the text of a verse."""
    read: Substitutions = {}
    run: list[Element] = []
    for element in root.iter("{*}b", "{*}strong", "{*}span", "{*}small", "{*}i", "{*}em"):
        number = (element.text or "").strip()
        if not number.isdecimal() or len(element) or not _stands_before_verse(element):
            continue
        if run and int(number) != int(run[-1].text or "0") + 1:
            read |= _as_verses(run)
            run = []
        run.append(element)
    return read | _as_verses(run)


def _stands_before_verse(element: Element) -> bool:
    before = text_before(element, 4).strip()
    return (not before or _SENTENCE.search(before) is not None) and _TEXT.match(text_after(element, 6)) is not None


def _as_verses(run: list[Element]) -> Substitutions:
    if len(run) < _FEWEST or not any(text_before(element, 4).strip() for element in run):
        return {}
    return {element: Substitution(" ", VERSE_NUMBER) for element in run}
