"""Superscripts and subscripts: tells powers, fractions, ordinals, chemical formulae, verse numbers and note references
apart. What is read is written with the superscript and subscript characters of Unicode: 10⁸, H₂O, 2½, ¹⁴C; an exponent
that has none of its own stands behind a caret: e^(iπ).

What a raised number means depends on what it is attached to: a power follows a number, a unit or a variable; a note
reference follows a word or punctuation; a verse number stands before the text that it numbers.
"""

import re

from mayabook.book.class_names import Role, roles_of
from mayabook.book.exponents import CLOSING, SIGNED_NUMBER, NoteMarks, RaisedText, is_power
from mayabook.book.inline_context import text_after, text_before
from mayabook.book.isotopes import is_mass_number
from mayabook.book.semantics import BLOCK_TAGS, opening_of
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.superscripts import exponent, fraction, is_superscript, subscript, superscript
from mayabook.book.xml_parsing import Element, local_name, select

UNLINKED_REFERENCE = "footnote reference"
VERSE_NUMBER = "verse number"

_LONGEST = 24
_VERTICAL = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,4}")
_SYMBOLS = re.compile(r"[\[(]?[*†‡§¶#]{1,4}[\])]?")
_NOTE_NUMBERS = re.compile(r"[\[({]?\d{1,4}[\])}]?[.:]?(?:\s*[,;–-]\s*[\[(]?\d{1,4}[\])]?)*")
_NOTE_LETTER = re.compile(r"[\[(]?(?:[a-z]|[ivx]{2,5})[\])]?")
_EDITORIAL = re.compile(r"\[(?:citation needed|note \w+|[\w ]*\d+)\]", re.IGNORECASE)
_DEGREES = re.compile(r"\s?(?:[CFNSEW]\b|celsius|fahrenheit)|\d", re.IGNORECASE)
_MONEY = re.compile(r"[$£€]\d+\.?$")
_SIGNS = {"TM": "™", "SM": "℠"}
_UNIT_BEFORE_STOP = re.compile(r"\d\s?(?:ft|in|yd|mi|sq\. ft|sq\. in)\.$")
_INDEX = re.compile(r"(?!in$)[i-n]{2,3}|\d?[a-z\d](?:[-+−–]\d?[a-z\d])+")


def read_raised_text(root: Element) -> Substitutions:
    """What is read for each superscript and subscript that is not read as it stands."""
    read: Substitutions = {}
    marks = NoteMarks()
    leading: list[RaisedText] = []
    for element, is_raised in _raised_and_lowered(root):
        text = opening_of(element, _LONGEST)
        if element in read or not text or len(text) > _LONGEST:
            continue
        if not is_raised:
            _read_lowered(element, text, read)
        elif not _read_fraction(element, text, read):
            raised = RaisedText(element, text, _before(element, text), text_after(element, _LONGEST))
            if raised.before.strip() and not raised.before[-1].isspace():
                _read_attached(raised, marks, read)
            elif is_mass_number(text, raised.after) and (mass_number := superscript(text)) is not None:
                read[element] = Substitution(mass_number)
            elif _SYMBOLS.fullmatch(text):
                read[element] = Substitution("", UNLINKED_REFERENCE)
            elif _NUMBER.fullmatch(text):
                leading.append(raised)
    read |= _read_leading(leading, {raised.text for raised in marks.found})
    return read


def _before(element: Element, text: str) -> str:
    """The text that a superscript is attached to. Indices between the two are passed over, and a gap is closed."""
    before = text_before(_index_before(element), _LONGEST)
    is_scientific = re.search(r"(?<![\d.,])10\s$", before) is not None and SIGNED_NUMBER.fullmatch(text) is not None
    if is_scientific or (_UNIT_BEFORE_STOP.search(before) is not None and text in ("2", "3")):
        _end_before(element, before[-1])
        return before[:-1]
    return before


def _index_before(element: Element) -> Element:
    """The subscript directly before a superscript, else the superscript."""
    previous = element.getprevious()
    while previous is not None and not previous.tail:
        if _is_lowered(previous):
            return previous
        previous = previous[-1] if len(previous) else None
    return element


def _end_before(element: Element, char: str) -> None:
    """Takes a character away that the text directly before an element ends in."""
    previous, parent = element.getprevious(), element.getparent()
    if previous is not None:
        previous.tail = (previous.tail or "").removesuffix(char)
    elif parent is not None:
        parent.text = (parent.text or "").removesuffix(char)


def _raised_and_lowered(root: Element) -> list[tuple[Element, bool]]:
    """Superscripts (True) and subscripts (False) that hold no link; links are read as footnote references elsewhere."""
    found = []
    for element in select(root, "@class or @style or local-name()='sup' or local-name()='sub'"):
        tag = local_name(element)
        roles = roles_of(element)
        style = _VERTICAL.search(element.get("style", ""))
        is_raised = tag == "sup" or Role.RAISED in roles or (style is not None and style[1].lower() == "super")
        is_lowered = tag == "sub" or Role.LOWERED in roles or (style is not None and style[1].lower() == "sub")
        if tag in BLOCK_TAGS or not (is_raised or is_lowered):
            continue
        if not any(link.get("href") for link in element.iter("{*}a")):
            found.append((element, is_raised))
    return found


def _read_fraction(element: Element, text: str, read: Substitutions) -> bool:
    """A raised numerator, a slash, and a denominator that is lowered or plain."""
    slash = (element.tail or "").strip()
    if not _NUMBER.fullmatch(text) or slash[:1] not in ("/", "⁄"):
        return False
    below = element.getnext()
    if len(slash) == 1 and below is not None and _is_lowered(below):
        denominator = opening_of(below, _LONGEST)
        if not _NUMBER.fullmatch(denominator):
            return False
        read[below] = Substitution("")
        element.tail = ""
    elif match := re.match(r"\s*[/⁄]\s?(\d{1,3})(?![\d/])", element.tail or ""):
        denominator = match[1]
        element.tail = (element.tail or "")[match.end() :]
    else:
        return False
    read[element] = Substitution(fraction(text, denominator))
    return True


def _is_lowered(element: Element) -> bool:
    return local_name(element) == "sub" or Role.LOWERED in roles_of(element)


def _read_lowered(element: Element, text: str, read: Substitutions) -> None:
    is_index = len(text) == 1 or text.strip("+-−–").isdigit() or _INDEX.fullmatch(text) is not None
    lowered = subscript(text) if is_index else None
    if lowered is not None:
        read[element] = Substitution(lowered)
    elif text_before(element, 1).isalnum():
        read[element] = Substitution(f" {text}{' ' if text_after(element, 1).isalnum() else ''}")


def _read_attached(raised: RaisedText, marks: NoteMarks, read: Substitutions) -> None:
    """A superscript directly after other text: a power, a note reference, or letters that are read as they stand."""
    text = raised.text
    if _MONEY.search(raised.before) and re.fullmatch(r"\d\d", text):
        read[raised.element] = Substitution(text if raised.before.endswith(".") else f".{text}")
    elif text in _SIGNS:
        read[raised.element] = Substitution(_SIGNS[text])
    elif text.isdigit() and _follows_power(raised.element, read):
        read[raised.element] = Substitution("", UNLINKED_REFERENCE)
    elif text in ("o", "0") and raised.before[-1].isdigit() and _DEGREES.match(raised.after):
        read[raised.element] = Substitution("°", "degree sign")
    elif raised.before[-1].isdigit() and (mixed := re.fullmatch(r"(\d)\s?[/⁄]\s?(\d{1,2})", text)) is not None:
        read[raised.element] = Substitution(fraction(mixed[1], mixed[2]))
    elif (inner := _raised_inside(raised.element)) is not None and raised.before[-1].isalnum():
        above = superscript(opening_of(inner, _LONGEST))
        below = text.removesuffix(opening_of(inner, _LONGEST))
        read[raised.element] = Substitution(f"^({below}{above})" if above is not None else f" {text}")
    elif is_power(raised, marks):
        read[raised.element] = Substitution(exponent(text))
    elif _is_note_reference(raised, marks):
        marks.found.append(raised)
        numbers = re.findall(r"\d+", text)
        marks.last = int(numbers[-1]) if numbers else marks.last
        read[raised.element] = Substitution("", UNLINKED_REFERENCE)
    elif _is_word_of_its_own(raised):
        read[raised.element] = Substitution(f" {text} ")


def _follows_power(element: Element, read: Substitutions) -> bool:
    """Whether a superscript stands directly behind another one that is an exponent."""
    previous = element.getprevious()
    return previous is not None and not previous.tail and previous in read and is_superscript(read[previous].text)


def _raised_inside(element: Element) -> Element | None:
    """The power of an exponent, at its end."""
    return next((inner for inner in element.iter("{*}sup") if inner is not element), None)


def _is_note_reference(raised: RaisedText, marks: NoteMarks) -> bool:
    text = raised.text
    if _SYMBOLS.fullmatch(text) or _EDITORIAL.fullmatch(text) or _NOTE_NUMBERS.fullmatch(text):
        return True
    if not _NOTE_LETTER.fullmatch(text):
        return False
    is_after_word = re.search(r"[a-z]{3}$", raised.before) is not None and (text in "abc" or set(text) <= set("ivx"))
    return raised.before[-1] in CLOSING or text[0] in "[(" or is_after_word


def _is_word_of_its_own(raised: RaisedText) -> bool:
    return len(raised.text) > 3 and raised.before[-1].isalpha() and not raised.text.isdigit()


def _read_leading(leading: list[RaisedText], references: set[str]) -> Substitutions:
    """RaisedText numbers before the text that they count: verse numbers, or the labels of notes, which are kept."""
    if all(raised.text in references and not raised.before.strip() for raised in leading):
        return {raised.element: Substitution(f"{raised.text} ") for raised in leading}
    is_sequence = len(leading) > 1
    return {
        raised.element: Substitution(" ", VERSE_NUMBER)
        for raised in leading
        if is_sequence or not raised.after[:1].isspace()
    }
