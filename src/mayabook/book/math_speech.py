"""Reads MathML: the description that the book gives, else common notation in words, else the word "formula".

Numbers stay figures and numeric powers and fractions their usual characters (10⁸, ½): later stages put them into words.
"""

import re
from collections.abc import Callable, Iterator

from mayabook.book.inline_context import text_after, text_before
from mayabook.book.raised_text import fraction, superscript
from mayabook.book.semantics import BLOCK_TAGS
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.text_cleaning import clean_text, has_words
from mayabook.book.xml_parsing import Element, local_name, texts

UNREADABLE = "formula"
DESCRIBED = "formula, read as its description"
IN_WORDS = "formula, read in words"
NOT_IN_WORDS = 'formula that has no form in words here, read as "formula"'

_MOST_ELEMENTS = 300
_DEEPEST = 40
_LONGEST = 600
_SAYS_NOTHING = re.compile(
    r"(?:the |no )?(?:alternative|alternate|alt)[\w ]*(?:not available|unavailable|missing)?|not available|n/?a|none"
    r"|null|undefined|todo|(?:an? )?(?:inline |display |math(?:ematical)? )?"
    r"(?:equations?|formulae?|formulas?|math(?:ml)?(?: expression)?|expression|images?|graphics?)"
    r"(?: (?:image|omitted|here))?[\s#_.-]*\d*|\S+\.(?:gif|png|jpe?g|svg)|[\W\d_]*",
    re.IGNORECASE,
)
_LATEX = re.compile(r"\\[A-Za-z]+|[\^_]\{|\$|\{\\|\}\{")

_GREEK = dict(
    zip(
        "αβγδεϵζηθϑικλμνξοπρσςτυφϕχψωΓΔΘΛΞΠΣΦΨΩ",
        """alpha beta gamma delta epsilon epsilon zeta eta theta theta iota kappa lambda mu nu xi omicron pi rho sigma
        sigma tau upsilon phi phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega""".split(),
        strict=True,
    )
)
_FUNCTIONS = {
    **{"sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "exp": "exp", "ln": "natural log"},
    **{"lim": "the limit", "max": "the maximum", "min": "the minimum"},
}
_OPERATORS = {
    **dict.fromkeys("+\u2064", "plus"),
    **dict.fromkeys("-−–", "minus"),
    **dict.fromkeys("×*·⋅∗", "times"),
    **dict.fromkeys("/∕", "over"),
    **dict.fromkeys("≈≃", "is approximately"),
    **dict.fromkeys("∼~", "is similar to"),
    **dict.fromkeys("⊂⊆", "is a subset of"),
    **dict.fromkeys("→⟶:", "to"),
    **dict.fromkeys("⇒⟹", "implies"),
    **dict.fromkeys("∑Σ", "the sum"),
    **dict.fromkeys("∫∮", "the integral"),
    **dict.fromkeys("′'", "prime"),
    **dict.fromkeys("…⋯", "and so on"),
    **dict.fromkeys("{}|‖⟨⟩\u2062", ""),
    **{"±": "plus or minus", "∓": "minus or plus", "÷": "divided by", "=": "equals", "≠": "is not equal to"},
    **{"<": "is less than", ">": "is greater than", "≤": "is less than or equal to"},
    **{"≥": "is greater than or equal to", "≪": "is much less than", "≫": "is much greater than"},
    **{"≡": "is identical to", "∝": "is proportional to", "∈": "in", "∉": "not in", "∪": "union", "∩": "intersection"},
    **{"↦": "maps to", "⇔": "if and only if", "∀": "for all", "∃": "there exists", "∧": "and", "∨": "or", "¬": "not"},
    **{"∞": "infinity", "∂": "partial", "∇": "del", "∏": "the product", "!": "factorial", "%": "percent"},
    **{"°": "degrees", "″": "double prime", "∴": "therefore", "∣": "given", "√": "the square root of"},
    **{"\u2061": "of", "\u2063": ","},
    **{char: char for char in ",;.()[]"},
}
_BIG = frozenset(("the sum", "the product", "the integral", "the limit", "the maximum", "the minimum"))
_ACCENTS = {
    **dict.fromkeys("¯‾_", "bar"),
    **dict.fromkeys("^ˆ", "hat"),
    **dict.fromkeys("~˜", "tilde"),
    **{"˙": "dot", "¨": "double dot"},
}
_ARROWS = frozenset("→⃗⇀")
_ROOTS = {"2": "the square root of", "3": "the cube root of"}
_POWERS = {"2": "squared", "3": "cubed", "prime": "prime", "double prime": "double prime"}
_SPOKEN = re.compile(r"[^\W_]")


class _NotInWordsError(Exception):
    """The formula holds notation that has no rule."""


def read_formulas(root: Element) -> Substitutions:
    """What is read for each formula of a document."""
    read: Substitutions = {}
    for element in root.iter("{*}math"):
        if _holds_prose(element):
            _space_out(element)
        else:
            read[element] = _read_formula(element)
    return read


def _holds_prose(element: Element) -> bool:
    """Whether a formula holds what no formula holds: HTML blocks, or words outside of its symbols."""
    for inner in element.iter("*"):
        if local_name(inner) in BLOCK_TAGS or (inner is not element and has_words(inner.tail or "")):
            return True
    return False


def _space_out(element: Element) -> None:
    """Parts the symbols of a formula that has no end and so holds the text after it, which is read as it stands."""
    for symbol in element.iter("{*}mn", "{*}mi", "{*}mo"):
        symbol.tail = f" {symbol.tail or ''}"


def _read_formula(element: Element) -> Substitution:
    description = clean_text(element.get("alttext") or "")
    raw = clean_text("".join(texts(element)))
    if description and not _LATEX.search(description) and not _SAYS_NOTHING.fullmatch(description):
        return Substitution(_apart(element, description), DESCRIBED, "description of a formula")
    if not raw and not description:
        return Substitution("")
    words = speak(element)
    if words is None:
        return Substitution(_apart(element, UNREADABLE), NOT_IN_WORDS, "word for a formula")
    if words == raw:
        return Substitution(_apart(element, words))
    return Substitution(_apart(element, words), IN_WORDS, "formula in words")


def _apart(element: Element, words: str) -> str:
    """With spaces where words would touch those around the formula."""
    before = " " if text_before(element, 1).isalnum() else ""
    after = " " if text_after(element, 1).isalnum() else ""
    return f"{before}{words}{after}"


def speak(element: Element) -> str | None:
    """A formula in words; None where there is no rule for a part of it, or it is too long to follow by ear."""
    if sum(1 for _ in element.iter("*")) > _MOST_ELEMENTS:
        return None
    try:
        words = _row(element, 0)
    except _NotInWordsError:
        return None
    words = re.sub(r"([(\[]) | ([)\],;.])", r"\1\2", " ".join(words.split()))
    return words if len(words) <= _LONGEST and _SPOKEN.search(words) else None


def _say(element: Element, depth: int) -> str:
    rule = _RULES.get(local_name(element))
    if rule is None or depth > _DEEPEST:
        raise _NotInWordsError
    return rule(element, depth + 1)


def _row(element: Element, depth: int) -> str:
    children = [
        child for child in element.iterchildren("*") if local_name(child) not in ("annotation", "annotation-xml")
    ]
    said = list(_said(children, depth))
    if not children:
        return clean_text(element.text or "")
    return " ".join(said)


def _said(children: list[Element], depth: int) -> Iterator[str]:
    for number, child in enumerate(children):
        words = _say(child, depth)
        yield words
        is_last = number == len(children) - 1
        if (
            not is_last
            and words.split(" from ")[0].split(" as ")[0] in _BIG
            and not _is_application(children[number + 1])
        ):
            yield "of"


def _is_application(element: Element) -> bool:
    """Whether an element is the invisible sign that a function is applied to what follows."""
    return local_name(element) == "mo" and clean_text("".join(texts(element))) == "\u2061"


def _identifier(element: Element, _: int) -> str:
    text = clean_text("".join(texts(element)))
    return _FUNCTIONS.get(text) or _GREEK.get(text) or _OPERATORS.get(text) or text


def _operator(element: Element, _: int) -> str:
    text = "".join(texts(element)).strip()
    if text in _OPERATORS:
        return _OPERATORS[text]
    if text in _FUNCTIONS:
        return _FUNCTIONS[text]
    if text.isalnum() or not text:
        return text
    raise _NotInWordsError


def _text(element: Element, _: int) -> str:
    return clean_text("".join(texts(element)))


def _nothing(_: Element, __: int) -> str:
    return ""


def _parts(element: Element, n_parts: int, depth: int) -> list[str]:
    children = list(element.iterchildren("*"))
    if len(children) != n_parts:
        raise _NotInWordsError
    return [_say(child, depth).strip() for child in children]


def _fraction(element: Element, depth: int) -> str:
    above, below = _parts(element, 2, depth)
    if re.fullmatch(r"\d{1,3}", above) and re.fullmatch(r"\d{1,3}", below):
        return fraction(above, below)
    return f"{_quantity(above)} over {_quantity(below, is_last=True)}"


def _quantity(words: str, is_last: bool = False) -> str:
    if len(words.split()) <= 2:
        return words
    return f"the quantity {words}" if is_last else f"the quantity {words},"


def _power(element: Element, depth: int) -> str:
    base, exponent = _parts(element, 2, depth)
    digits = exponent.replace("minus ", "−")
    if re.fullmatch(r"[\d.,]+", base) and re.fullmatch(r"−?\d+", digits):
        return f"{base}{superscript(digits)}"
    if exponent in ("degrees", "percent"):
        return f"{base} {exponent}"
    return f"{base} {_raised_to(exponent)}"


def _raised_to(exponent: str) -> str:
    return _POWERS.get(exponent) or f"to the power of {exponent}"


def _index(element: Element, depth: int) -> str:
    base, index = _parts(element, 2, depth)
    return f"{base} {_lowered_by(base, index)}"


def _lowered_by(base: str, index: str) -> str:
    if base in _BIG:
        return f"as {index}" if base == "the limit" else f"over {index}"
    return f"base {index}" if base in ("log", "natural log") else f"sub {index}"


def _index_and_power(element: Element, depth: int) -> str:
    base, index, exponent = _parts(element, 3, depth)
    if base in _BIG:
        return f"{base} from {index} to {exponent}"
    return f"{base} {_lowered_by(base, index)} {_raised_to(exponent)}"


def _over(element: Element, depth: int) -> str:
    children = list(element.iterchildren("*"))
    if len(children) != 2:
        raise _NotInWordsError
    base, accent = _say(children[0], depth), "".join(texts(children[1])).strip()
    if accent in _ARROWS:
        return f"vector {base}"
    if accent in _ACCENTS:
        return f"{base} {_ACCENTS[accent]}"
    raise _NotInWordsError


def _square_root(element: Element, depth: int) -> str:
    return f"the square root of {_quantity(_row(element, depth), is_last=True)}"


def _root(element: Element, depth: int) -> str:
    inside, order = _parts(element, 2, depth)
    return f"{_ROOTS.get(order) or f'the {order}th root of'} {_quantity(inside, is_last=True)}"


def _fenced(element: Element, depth: int) -> str:
    return f"({', '.join(_say(child, depth) for child in element.iterchildren('*'))})"


def _first(element: Element, depth: int) -> str:
    child = next(element.iterchildren("*"), None)
    return "" if child is None else _say(child, depth)


_RULES: dict[str, Callable[[Element, int], str]] = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "merror", "menclose"), _row),
    **dict.fromkeys(("semantics", "maction"), _first),
    **dict.fromkeys(("mspace", "mphantom", "malignmark", "maligngroup"), _nothing),
    **dict.fromkeys(("mn", "mtext", "ms"), _text),
    "mi": _identifier,
    "mo": _operator,
    "mfrac": _fraction,
    "msup": _power,
    "msub": _index,
    "munder": _index,
    "msubsup": _index_and_power,
    "munderover": _index_and_power,
    "mover": _over,
    "msqrt": _square_root,
    "mroot": _root,
    "mfenced": _fenced,
}
