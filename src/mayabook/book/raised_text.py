"""Superscripts and subscripts: tells powers, fractions, ordinals, chemical formulae, verse numbers and note references
apart. What is read is written with the superscript and subscript characters of Unicode: 10⁸, H₂O, 2½, ¹⁴C; an exponent
that has none of its own stands behind a caret: e^(iπ).

What a raised number means depends on what it is attached to: a power follows a number, a unit or a variable; a note
reference follows a word or punctuation; a verse number stands before the text that it numbers.
"""

import re
from dataclasses import dataclass, field
from itertools import takewhile

from mayabook.book.class_names import Role, roles_of
from mayabook.book.inline_context import text_after, text_before
from mayabook.book.semantics import BLOCK_TAGS, opening_of
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.xml_parsing import Element, local_name, select

UNLINKED_REFERENCE = "footnote reference"
VERSE_NUMBER = "verse number"

_SUPERSCRIPTS = dict(
    zip("0123456789+-−=()abcdefghijklmnoprstuvwxyzT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ", strict=True)
)
_SUBSCRIPTS = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_VULGAR = {
    (1, 2): "½", (1, 3): "⅓", (2, 3): "⅔", (1, 4): "¼", (3, 4): "¾", (1, 5): "⅕", (2, 5): "⅖", (3, 5): "⅗", (4, 5): "⅘",
    (1, 6): "⅙", (5, 6): "⅚", (1, 7): "⅐", (1, 8): "⅛", (3, 8): "⅜", (5, 8): "⅝", (7, 8): "⅞", (1, 9): "⅑",
    (1, 10): "⅒",
}  # fmt: skip

_LONGEST = 24
_VERTICAL = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,4}")
_SIGNED = re.compile(r"[+\-−–]?\d{1,4}|\d{0,2}[+\-−]")
_SYMBOLS = re.compile(r"[\[(]?[*†‡§¶#]{1,4}[\])]?")
_NOTE_NUMBERS = re.compile(r"[\[({]?\d{1,4}[\])}]?[.:]?(?:\s*[,;–-]\s*[\[(]?\d{1,4}[\])]?)*")
_NOTE_LETTER = re.compile(r"[\[(]?(?:[a-z]|[ivx]{2,5})[\])]?")
_EDITORIAL = re.compile(r"\[(?:citation needed|note \w+|[\w ]*\d+)\]", re.IGNORECASE)
_EXPONENT = re.compile(r"[−–-]?(?:\d{0,2}[nxykmpqijt]|[nxykmpqijt]?[+−-]\d{1,3}|[nxykmpqijt][+−-][\dnxykm])")
_OPERAND = r"(?:\d+(?:\.\d+)?|[A-Za-zα-ω])"
_EXPRESSION = re.compile(rf"\([a-z]\)|(?!\d+[-–]\d+$)\(?[−–-]?{_OPERAND}(?:\s?[-+−–*×·/]?\s?{_OPERAND})*\)?")
_PLAIN = re.compile(r"\d+|[A-Za-z]+")
"""Exponents that are no expressions: numbers, which may be of notes, and letters, which may be of abbreviations."""
_VARIABLES = frozenset("abcefguvxz")
"""Letters that have any letter as an exponent; old abbreviations raise letters behind others ("yᵉ", "wᵗ", "pʳ")."""
_OF_CAPITALS = frozenset("nkT")
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_FUNCTIONS = frozenset("sin cos tan cot sec csc log ln sinh cosh tanh".split())
UNITS = frozenset("m cm mm km dm nm μm µm s ms h in ft yd mi kg g sec min metres meters feet miles inches".split())
_SYMBOLS_OF_UNITS = frozenset("cm mm km dm nm kg μm µm".split())
_UNIT_POWERS = frozenset(("2", "3", "-1", "−1", "–1", "-2", "−2", "–2", "-3", "−3", "–3"))
_ISOTOPE = re.compile(r"(?:He|Li|Be|Ne|Na|Mg|Al|Si|Cl|Ar|Ca|Fe|Co|Ni|Cu|Kr|Sr|Tc|Cs|Ra|Th|Pu|Am|[HCNOFPSKIU])(?![a-z])")
_LEAST_ISOTOPE = {"I": 120, "U": 200, "P": 28, "S": 28, "K": 37, "C": 9, "H": 1}
_NUMBERED = re.compile(
    r"\b(?:chapter|pages?|pp?\.|section|table|figure|fig\.|vols?\.|volume|part|no\.|act|scene|verse|line|book)\s*$",
    re.IGNORECASE,
)
"""Stands before a number that is no base of a power."""
_DEGREES = re.compile(r"\s?(?:[CFNSEW]\b|celsius|fahrenheit)|\d", re.IGNORECASE)
_MONEY = re.compile(r"[$£€]\d+\.?$")
_SIGNS = {"TM": "™", "SM": "℠"}
_CLOCK = re.compile(r"\d\s?[hd°]\s*\d+$")
_CLOSING = frozenset(".,;:!?…\"'”’»)]—–")
_OPERATORS = frozenset("=+−-*/×·÷<>≤≥≈±^(√∫∑πθ")
_BINDING = frozenset("=+×−<>^·")
"""Signs that only formulae have directly before or after a power."""
_GREEK = re.compile(r"[Α-ωϑϕ]+(?=[A-Za-zΑ-ω]$)")
_UNIT_BEFORE_STOP = re.compile(r"\d\s?(?:ft|in|yd|mi|sq\. ft|sq\. in)\.$")
_INDEX = re.compile(r"(?!in$)[i-n]{2,3}|\d?[a-z\d](?:[-+−–]\d?[a-z\d])+")
_YEARS = range(1100, 2100)


@dataclass(slots=True)
class _Raised:
    """A raised number: what it looks like, and the text around it."""

    element: Element
    text: str
    before: str
    after: str


@dataclass(slots=True)
class _Marks:
    """Note references found so far, in reading order. last: the number of the last one."""

    last: int = 0
    found: list[_Raised] = field(default_factory=list)


def read_raised_text(root: Element) -> Substitutions:
    """What is read for each superscript and subscript that is not read as it stands."""
    read: Substitutions = {}
    marks = _Marks()
    leading: list[_Raised] = []
    for element, is_raised in _raised_and_lowered(root):
        text = opening_of(element, _LONGEST)
        if element in read or not text or len(text) > _LONGEST:
            continue
        if not is_raised:
            _read_lowered(element, text, read)
        elif not _read_fraction(element, text, read):
            raised = _Raised(element, text, _before(element, text), text_after(element, _LONGEST))
            if raised.before.strip() and not raised.before[-1].isspace():
                _read_attached(raised, marks, read)
            elif (isotope := _isotope(raised)) is not None:
                read[element] = isotope
            elif _SYMBOLS.fullmatch(text):
                read[element] = Substitution("", UNLINKED_REFERENCE)
            elif _NUMBER.fullmatch(text):
                leading.append(raised)
    read |= _read_leading(leading, {raised.text for raised in marks.found})
    return read


def _before(element: Element, text: str) -> str:
    """The text that a superscript is attached to. Indices between the two are passed over, and a gap is closed."""
    before = text_before(_index_before(element), _LONGEST)
    is_scientific = re.search(r"(?<![\d.,])10\s$", before) is not None and _SIGNED.fullmatch(text) is not None
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


def fraction(numerator: str, denominator: str) -> str:
    """A fraction in one word: ½, ³⁄₁₆."""
    vulgar = _VULGAR.get((int(numerator), int(denominator)))
    return vulgar or f"{superscript(numerator)}⁄{subscript(denominator)}"


def superscript(text: str) -> str | None:
    """The same in superscript characters; None where Unicode has none."""
    raised = [_SUPERSCRIPTS.get(char) for char in text.replace("–", "−")]
    return None if None in raised else "".join(filter(None, raised))


def subscript(text: str) -> str | None:
    lowered = [_SUBSCRIPTS.get(char) for char in text.replace("–", "−")]
    return None if None in lowered else "".join(filter(None, lowered))


def _is_lowered(element: Element) -> bool:
    return local_name(element) == "sub" or Role.LOWERED in roles_of(element)


def _read_lowered(element: Element, text: str, read: Substitutions) -> None:
    is_index = len(text) == 1 or text.strip("+-−–").isdigit() or _INDEX.fullmatch(text) is not None
    lowered = subscript(text) if is_index else None
    if lowered is not None:
        read[element] = Substitution(lowered)
    elif text_before(element, 1).isalnum():
        read[element] = Substitution(f" {text}{' ' if text_after(element, 1).isalnum() else ''}")


def _read_attached(raised: _Raised, marks: _Marks, read: Substitutions) -> None:
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
    elif _is_power(raised, marks):
        read[raised.element] = Substitution(_exponent(text))
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
    return previous is not None and not previous.tail and previous in read and _is_exponent_text(read[previous].text)


def _is_exponent_text(text: str) -> bool:
    return bool(text) and set(text) <= set(_SUPERSCRIPTS.values())


def _exponent(text: str) -> str:
    """An exponent as it is read: ²ⁿ, ^(iπ)."""
    return superscript(text.replace(" ", "")) or f"^({text.strip('()')})"


def _raised_inside(element: Element) -> Element | None:
    """The power of an exponent, at its end."""
    return next((inner for inner in element.iter("{*}sup") if inner is not element), None)


def _is_power(raised: _Raised, marks: _Marks) -> bool:
    text, before = raised.text, raised.before
    if not (_SIGNED.fullmatch(text) or _EXPONENT.fullmatch(text) or _EXPRESSION.fullmatch(text)):
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
    return before[-1] in _SUBSCRIPTS.values() or (before[-1] not in _CLOSING and not before[-1].isalnum())


def _is_reference_after_number(base: str, raised: _Raised, marks: _Marks) -> bool:
    """A note reference after a year, or one that goes on counting after a number other than ten."""
    if not raised.text.isdigit():
        return False
    if base.isdigit() and int(base) in _YEARS and raised.after.lstrip()[:1] not in _OPERATORS - {"("}:
        return True
    goes_on = bool(marks.found) and int(raised.text) == marks.last + 1 and marks.last > 0
    return goes_on and base != "10" and raised.after.lstrip()[:1] not in _OPERATORS


def _is_base(word: str, before: str, raised: _Raised, marks: _Marks) -> bool:
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
    if _ISOTOPE.fullmatch(word) and len(text) > 1 and int(text) >= _LEAST_ISOTOPE.get(word, 10):
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


def _is_exponent(base: str, raised: _Raised, *, is_in_formula: bool) -> bool:
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


def _is_note_reference(raised: _Raised, marks: _Marks) -> bool:
    text = raised.text
    if _SYMBOLS.fullmatch(text) or _EDITORIAL.fullmatch(text) or _NOTE_NUMBERS.fullmatch(text):
        return True
    if not _NOTE_LETTER.fullmatch(text):
        return False
    is_after_word = re.search(r"[a-z]{3}$", raised.before) is not None and (text in "abc" or set(text) <= set("ivx"))
    return raised.before[-1] in _CLOSING or text[0] in "[(" or is_after_word


def _is_word_of_its_own(raised: _Raised) -> bool:
    return len(raised.text) > 3 and raised.before[-1].isalpha() and not raised.text.isdigit()


def is_element_symbol(text: str) -> bool:
    """Whether a text is the symbol of a chemical element that has isotopes in books."""
    return _ISOTOPE.fullmatch(text) is not None


def _isotope(raised: _Raised) -> Substitution | None:
    """A mass number before the symbol of its element: ¹⁴C, ²³⁵U."""
    symbol = _ISOTOPE.match(raised.after)
    if symbol is None or not raised.text.isdigit():
        return None
    following = raised.after[symbol.end() : symbol.end() + 2]
    is_word = symbol[0] in ("I", "O", "He", "Al", "Am", "Be", "Co", "In") and following[:1] in (" ", ",")
    if int(raised.text) < _LEAST_ISOTOPE.get(symbol[0], 2) or (is_word and int(raised.text) < 120):
        return None
    raised_number = superscript(raised.text)
    return None if raised_number is None else Substitution(raised_number)


def _read_leading(leading: list[_Raised], references: set[str]) -> Substitutions:
    """Raised numbers before the text that they count: verse numbers, or the labels of notes, which are kept."""
    if all(raised.text in references and not raised.before.strip() for raised in leading):
        return {raised.element: Substitution(f"{raised.text} ") for raised in leading}
    is_sequence = len(leading) > 1
    return {
        raised.element: Substitution(" ", VERSE_NUMBER)
        for raised in leading
        if is_sequence or not raised.after[:1].isspace()
    }
