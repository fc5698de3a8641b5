"""Tells exponents from note references by the text before: numbers, units and variables have powers, prose notes."""

import re
from dataclasses import dataclass, field
from itertools import takewhile

from mayabook.book.isotopes import is_isotope
from mayabook.book.superscripts import is_subscript
from mayabook.book.xml_parsing import Element

CLOSING = frozenset(".,;:!?…\"'”’»)]—–")
"""Characters that end a word or sentence and cannot be the base of a power, unless a bracket closes a formula."""
SIGNED_NUMBER = re.compile(r"[+\-−–]?\d{1,4}|\d{0,2}[+\-−]")
_EXPONENT = re.compile(r"[−–-]?(?:\d{0,2}[nxykmpqijt]|[nxykmpqijt]?[+−-]\d{1,3}|[nxykmpqijt][+−-][\dnxykm])")
_OPERAND = r"(?:\d+(?:\.\d+)?|[A-Za-zα-ω])"
_EXPRESSION = re.compile(rf"\([a-z]\)|(?!\d+[-–]\d+$)\(?[−–-]?{_OPERAND}(?:\s?[-+−–*×·/]?\s?{_OPERAND})*\)?")
_PLAIN = re.compile(r"\d+|[A-Za-z]+")
"""Only digits or only letters: may also be a note number or a raised abbreviation."""
_VARIABLES = frozenset("abcefguvxz")
"""Letters that have any letter as an exponent; old abbreviations raise letters behind others ("yᵉ", "wᵗ", "pʳ")."""
_OF_CAPITALS = frozenset("nkT")
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_FUNCTIONS = frozenset("sin cos tan cot sec csc log ln sinh cosh tanh".split())
UNITS = frozenset("m cm mm km dm nm μm µm s ms h in ft yd mi kg g sec min metres meters feet miles inches".split())
_SYMBOLS_OF_UNITS = frozenset("cm mm km dm nm kg μm µm".split())
_UNIT_POWERS = frozenset(("2", "3", "-1", "−1", "–1", "-2", "−2", "–2", "-3", "−3", "–3"))
_NUMBERED = re.compile(
    r"\b(?:chapter|pages?|pp?\.|section|table|figure|fig\.|vols?\.|volume|part|no\.|act|scene|verse|line|book)\s*$",
    re.IGNORECASE,
)
"""Stands before a number that is no base of a power."""
_CLOCK = re.compile(r"\d\s?[hd°]\s*\d+$")
_OPERATORS = frozenset("=+−-*/×·÷<>≤≥≈±^(√∫∑πθ")
_BINDING = frozenset("=+×−<>^·")
"""Signs that only formulae have directly before or after a power."""
_GREEK = re.compile(r"[Α-ωϑϕ]+(?=[A-Za-zΑ-ω]$)")
_YEARS = range(1100, 2100)


@dataclass(slots=True)
class RaisedText:
    """A superscript: what it looks like, and the text around it."""

    element: Element
    text: str
    before: str
    after: str


@dataclass(slots=True)
class NoteMarks:
    """Note references found so far, in reading order. last: the number of the last one."""

    last: int = 0
    found: list[RaisedText] = field(default_factory=list)


def is_power(raised: RaisedText, marks: NoteMarks) -> bool:
    """Whether a superscript directly after other text is an exponent of it. raised.before: not empty."""
    text, before = raised.text, raised.before
    if not (SIGNED_NUMBER.fullmatch(text) or _EXPONENT.fullmatch(text) or _EXPRESSION.fullmatch(text)):
        return False
    if (base := re.search(r"[\d.,]*\d$", before)) is not None:
        is_time = _CLOCK.search(before) is not None and text.isalpha()
        is_numbered = _NUMBERED.search(before[: base.start()]) is not None
        is_letters = not _EXPONENT.fullmatch(text) and (text.isalpha() or re.search(r"[A-Za-z]{2}", text) is not None)
        return not (is_time or is_numbered or is_letters or _is_reference_after_number(base[0], raised, marks))
    if word := "".join(takewhile(str.isalpha, reversed(before)))[::-1]:
        return _is_base(word, before.removesuffix(word), raised, marks)
    if before[-1] in ")]|":
        inside = before[:-1].rpartition({")": "(", "]": "[", "|": "|"}[before[-1]])[2]
        is_formula = bool(set(inside) & _OPERATORS) or len(inside.strip()) == 1
        return is_formula and re.search(r"[^\W\d_]{3}", inside) is None
    return is_subscript(before[-1]) or (before[-1] not in CLOSING and not before[-1].isalnum())


def _is_reference_after_number(base: str, raised: RaisedText, marks: NoteMarks) -> bool:
    """A note reference after a year, or one that goes on counting after a number other than ten."""
    if not raised.text.isdigit():
        return False
    if base.isdigit() and int(base) in _YEARS and raised.after.lstrip()[:1] not in _OPERATORS - {"("}:
        return True
    goes_on = bool(marks.found) and int(raised.text) == marks.last + 1 and marks.last > 0
    return goes_on and base != "10" and raised.after.lstrip()[:1] not in _OPERATORS


def _is_base(word: str, before: str, raised: RaisedText, marks: NoteMarks) -> bool:
    """Whether a word that a superscript follows is a unit or a variable, not prose."""
    text, preceding, following = raised.text, before.rstrip()[-1:], raised.after.lstrip()[:1]
    if text.strip("+-−–") != text and len(word) <= 3:  # a charge or a negative power
        return True
    if word in _FUNCTIONS:
        return _PLAIN.fullmatch(text) is None or text.isdigit()
    if (greek := _GREEK.match(word)) is not None:  # Δx, πr
        word, preceding = word[greek.end() :], greek[0]
    if not _PLAIN.fullmatch(text) or text.isalpha():
        return len(word) == 1 and _is_exponent(word, raised, is_in_formula=bool({preceding, following} & _BINDING))
    if is_isotope(word, text):
        return True
    if word in UNITS and text in _UNIT_POWERS:
        is_counted = preceding.isdigit() or preceding in tuple("/·") or before.split()[-1:] == ["per"]
        return len(word) == 1 or is_counted or word in _SYMBOLS_OF_UNITS
    if len(word) > 1:
        is_product = preceding in tuple(_OPERATORS - set("*-")) or following in tuple(_BINDING) or before[-1:].isdigit()
        return len(word) <= 3 and is_product and word not in _ORDINALS
    if greek is not None or {preceding, following} & _OPERATORS:
        return True
    return word not in "IaAO" and not (word.isupper() and marks.found and text == str(marks.last + 1))


def _is_exponent(base: str, raised: RaisedText, *, is_in_formula: bool) -> bool:
    """Whether letters or an expression above a single letter are its exponent."""
    text = raised.text
    if not text.isalpha():
        return base.islower() or bool(set(text) & set("+−–-/"))
    if base.isupper():
        return text in _OF_CAPITALS
    if len(text) > 1:
        return base == "e" or (is_in_formula and text not in _ORDINALS)
    is_usual = _EXPONENT.fullmatch(text) is not None and not (base == "y" and text in "mtr")
    return is_usual or is_in_formula or (base in _VARIABLES and text not in "eo")
