"""Puts MathML into words, as far as there is a rule for all of a formula.

Numbers stay figures and numeric powers and fractions their usual characters (10⁸, ½): later stages put them into words.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from mayabook.book.isotopes import is_element_symbol
from mayabook.book.math_phrases import (
    DETERMINANTS,
    SIZES,
    cases,
    is_big,
    lowered_by,
    matrix,
    power,
    quantity,
    quotient,
    raised_to,
    size_of,
)
from mayabook.book.math_words import ACCENTS, ARROWS, BIG, BRACES, FUNCTIONS, IDENTIFIERS, OPERATORS, RELATIONS, ROOTS
from mayabook.book.superscripts import superscript
from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, local_name, texts

_MOST_ELEMENTS = 300
_DEEPEST = 40
_LONGEST = 600
_SPOKEN = re.compile(r"[^\W_]")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?")
_WIDE = re.compile(r"[1-9]\d*(?:\.\d+)?em|(?:very)*thickmathspace")
_FENCES = {"(": ")", "[": "]", "|": "|", "‖": "‖", "∥": "∥"}
_NOT_READ = frozenset(("annotation", "annotation-xml"))


class _NotInWordsError(Exception):
    """The formula holds notation that has no rule."""


def speak(element: Element) -> str | None:
    """A formula in words; None where there is no rule for a part of it, or it is too long to follow by ear."""
    if sum(1 for _ in element.iter("*")) > _MOST_ELEMENTS:
        return None
    try:
        words = _say(element, 0)
    except _NotInWordsError:
        return None
    words = re.sub(r"([(\[]) | ([)\],;.])", r"\1\2", " ".join(words.split()))
    words = re.sub(r"[,;]+(?:\s?[,;])*(?=\s?;)|(?<=;)\s?,|^[;\s]+|[;\s]+$", "", words)
    return words if len(words) <= _LONGEST and _SPOKEN.search(words) else None


def _say(element: Element, depth: int) -> str:
    rule = _RULES.get(local_name(element))
    if rule is None or depth > _DEEPEST:
        raise _NotInWordsError
    return rule(element, depth + 1)


def _text(element: Element) -> str:
    return clean_text("".join(texts(element)))


def _children(element: Element) -> list[Element]:
    return [child for child in element.iterchildren("*") if local_name(child) not in _NOT_READ]


def _row(element: Element, depth: int) -> str:
    children = _children(element)
    return " ".join(_said(children, depth)) if children else clean_text(element.text or "")


def _said(children: Sequence[Element], depth: int) -> Iterator[str]:
    """The words for elements side by side; what belongs together is said in one."""
    place = 0
    while place < len(children):
        end, words = _number(children, place) or _fenced(children, place, depth) or (place + 1, "")
        words = words or _say(children[place], depth)
        yield words
        if end < len(children) and is_big(words) and _sign(children[end]) != "\u2061":
            yield "of"
        place = end


def _sign(element: Element) -> str:
    """The operator that an element is, empty for others."""
    return "".join(texts(element)).strip() if local_name(element) == "mo" else ""


def _number(children: Sequence[Element], place: int) -> tuple[int, str] | None:
    """A number in several elements, as converters write it: <mn>3</mn><mo>.</mo><mn>1</mn><mn>4</mn>."""
    end, number = place, ""
    for child in children[place:]:
        text = _text(child)
        if not (local_name(child) == "mn" or (number and _sign(child) in (".", ","))):
            break
        end, number = end + 1, number + text
    match = _NUMBER.match(number)
    n_elements = 0
    while match is not None and len("".join(map(_text, children[place : place + n_elements]))) < match.end():
        n_elements += 1
    return (place + n_elements, match[0]) if match is not None and n_elements > 1 else None


def _fenced(children: Sequence[Element], place: int, depth: int) -> tuple[int, str] | None:
    """A table with its brackets, or what stands between bars."""
    sign = _sign(children[place])
    after = children[place + 1 :]
    if after and sign in (*_FENCES, "{") and (table := _table_in(after[0])) is not None:
        closing = _sign(after[1]) if len(after) > 1 else ""
        if sign == "{" and closing != "}":
            return place + 2, cases(_cells(table, depth))
        return place + 3, matrix(_cells(table, depth), is_determinant=sign in DETERMINANTS)
    if sign in SIZES and (place == 0 or _sign(children[place - 1]) not in ("", ")", "]")):
        end = next((n for n, child in enumerate(after) if _sign(child) == sign), 0)
        if end:
            return place + end + 2, size_of(" ".join(_said(after[:end], depth)), sign)
    return None


def _table_in(element: Element) -> Element | None:
    """The table that an element is or wraps."""
    while local_name(element) in ("mrow", "mstyle", "mpadded") and len(children := _children(element)) == 1:
        element = children[0]
    return element if local_name(element) == "mtable" else None


def _cells(table: Element, depth: int) -> list[list[str]]:
    rows = [
        [_row(cell, depth).strip() for cell in row.iterchildren("*")]
        for row in table.iterchildren("*")
        if local_name(row) in ("mtr", "mlabeledtr")
    ]
    found = [row for row in rows if any(row)]
    if not found:
        raise _NotInWordsError
    return found


def _table(element: Element, depth: int) -> str:
    """A table without brackets: lines of equations, else rows of values."""
    rows = _cells(element, depth)
    is_equations = max(map(len, rows)) == 1 or any(_sign(inner) in RELATIONS for inner in element.iter("*"))
    return "; ".join((" " if is_equations else ", ").join(filter(None, row)) for row in rows)


def _identifier(element: Element, _: int) -> str:
    text = _text(element)
    plain = unicodedata.normalize("NFKC", text)
    return IDENTIFIERS.get(text) or IDENTIFIERS.get(plain) or plain


def _operator(element: Element, _: int) -> str:
    text = "".join(texts(element)).strip()
    if text in OPERATORS:
        return OPERATORS[text]
    if text in FUNCTIONS:
        return FUNCTIONS[text]
    if text.isalnum() or not text:
        return text
    raise _NotInWordsError


def _plain_text(element: Element, _: int) -> str:
    return _text(element)


def _space(element: Element, _: int) -> str:
    """A wide space parts two formulas."""
    return ";" if _WIDE.fullmatch(element.get("width") or "") or element.get("linebreak") == "newline" else ""


def _nothing(_: Element, __: int) -> str:
    return ""


def _parts(element: Element, n_parts: int, depth: int) -> list[str]:
    children = list(element.iterchildren("*"))
    if len(children) != n_parts:
        raise _NotInWordsError
    return [_say(child, depth).strip() for child in children]


def _fraction(element: Element, depth: int) -> str:
    above, below = _parts(element, 2, depth)
    has_bar = re.fullmatch(r"0\D*", element.get("linethickness") or "") is None
    return quotient(above, below) if has_bar else f"{above} choose {below}"


def _power(element: Element, depth: int) -> str:
    return power(*_parts(element, 2, depth))


def _index(element: Element, depth: int) -> str:
    base, index = _parts(element, 2, depth)
    return base if index in BRACES else f"{base} {lowered_by(base, index)}"


def _under(element: Element, depth: int) -> str:
    children = list(element.iterchildren("*"))
    if len(children) == 2 and _text(children[1]) in BRACES:
        return _say(children[0], depth)
    return _index(element, depth)


def _index_and_power(element: Element, depth: int) -> str:
    base, index, exponent = _parts(element, 3, depth)
    if base in BIG:
        return f"{base} from {index} to {exponent}"
    return f"{base} {lowered_by(base, index)} {raised_to(base, exponent)}"


def _over(element: Element, depth: int) -> str:
    children = list(element.iterchildren("*"))
    if len(children) != 2:
        raise _NotInWordsError
    base, accent = _say(children[0], depth), _text(children[1])
    if accent in ARROWS:
        return f"vector {base}"
    if accent in BRACES:
        return base
    return f"{base} {ACCENTS.get(accent) or f'with {_say(children[1], depth)} above'}"


def _square_root(element: Element, depth: int) -> str:
    return f"the square root of {quantity(_row(element, depth), is_last=True)}"


def _enclosed(element: Element, depth: int) -> str:
    is_root = "radical" in (element.get("notation") or "").split()
    return _square_root(element, depth) if is_root else _row(element, depth)


def _root(element: Element, depth: int) -> str:
    inside, order = _parts(element, 2, depth)
    return f"{ROOTS.get(order) or f'the {order}th root of'} {quantity(inside, is_last=True)}"


def _in_fences(element: Element, depth: int) -> str:
    """`mfenced`, whose brackets and commas are attributes."""
    opening, closing = (element.get(name, default).strip() for name, default in (("open", "("), ("close", ")")))
    children = _children(element)
    table = _table_in(children[0]) if len(children) == 1 else None
    if table is not None and opening == "{" and closing != "}":
        return cases(_cells(table, depth))
    if table is not None and opening in _FENCES:
        return matrix(_cells(table, depth), is_determinant=opening in DETERMINANTS)
    separators = "".join(element.get("separators", ",").split())
    said = [_say(child, depth) for child in children]
    joined = said[0] if said else ""
    for place, words in enumerate(said[1:]):
        separator = OPERATORS.get(separators[min(place, len(separators) - 1)], "") if separators else ""
        joined += f" {separator} {words}"
    if opening in SIZES and closing == opening:
        return size_of(joined, opening)
    brackets = [bracket if bracket and bracket in "()[]" else "" for bracket in (opening, closing)]
    return f"{brackets[0]}{joined}{brackets[1]}"


def _scripts_before(element: Element, depth: int) -> str:
    """¹⁴C, with or without the number of protons below, which its name implies."""
    children = _children(element)
    names = [local_name(child) for child in children]
    if len(children) != 4 or names[1] != "mprescripts":
        raise _NotInWordsError
    symbol, mass = _text(children[0]), _text(children[3])
    if not is_element_symbol(symbol) or not mass.isdecimal():
        raise _NotInWordsError
    return f"{superscript(mass)}{symbol}"


def _first(element: Element, depth: int) -> str:
    child = next(iter(_children(element)), None)
    return "" if child is None else _say(child, depth)


_RULES: dict[str, Callable[[Element, int], str]] = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "merror", "mtd"), _row),
    **dict.fromkeys(("semantics", "maction"), _first),
    **dict.fromkeys(("mphantom", "malignmark", "maligngroup", "none"), _nothing),
    **dict.fromkeys(("mn", "mtext", "ms"), _plain_text),
    "mspace": _space,
    "mi": _identifier,
    "mo": _operator,
    "mfrac": _fraction,
    "msup": _power,
    "msub": _index,
    "munder": _under,
    "msubsup": _index_and_power,
    "munderover": _index_and_power,
    "mover": _over,
    "msqrt": _square_root,
    "mroot": _root,
    "menclose": _enclosed,
    "mfenced": _in_fences,
    "mtable": _table,
    "mmultiscripts": _scripts_before,
}
NAMES = frozenset(_RULES) | {"mtr", "mlabeledtr", "mprescripts", *_NOT_READ}
"""The elements of a formula that there are rules for."""
