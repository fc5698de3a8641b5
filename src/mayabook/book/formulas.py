"""Reads formulas: the description that the book gives, else their MathML in words, else the word "formula"."""

import re
from collections.abc import Iterator

from lxml import etree

from mayabook.book.inline_context import text_after, text_before
from mayabook.book.math_speech import NAMES, speak
from mayabook.book.semantics import BLOCK_TAGS
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.text_cleaning import clean_text, has_words
from mayabook.book.xml_parsing import Element, local_name, select, texts

UNREADABLE = "formula"
DESCRIBED = "formula, read as its description"
IN_WORDS = "formula, read in words"
NOT_IN_WORDS = 'formula that has no form in words here, read as "formula"'

_SAYS_NOTHING = re.compile(
    r"(?:the |no )?(?:alternative|alternate|alt)[\w ]*(?:not available|unavailable|missing)?|not available|n/?a|none"
    r"|null|undefined|todo|(?:an? )?(?:inline |display |math(?:ematical)? )?"
    r"(?:equations?|formulae?|formulas?|math(?:ml)?(?: expression)?|expression|images?|graphics?)"
    r"(?: (?:image|omitted|here))?[\s#_.-]*\d*|\S+\.(?:gif|png|jpe?g|svg)|[\W\d_]*",
    re.IGNORECASE,
)
_LATEX = re.compile(r"\\[A-Za-z]+|[\^_]\{|\$|\{\\|\}\{")
_NOTATION = re.compile(r"[\^_=<>+*/|√∑∫{}\\]")
_CLASS = re.compile(
    r"(?:inline|display)?-?(?:math(?:ml)?|equations?|formulas?|eqn?|tex|latex)(?:-?image)?", re.IGNORECASE
)
"""Of pictures of formulas."""
_SYMBOLS = ("mn", "mi", "mo", "mtext", "ms")
_PARTS = "msup msub msubsup mfrac msqrt mroot mrow mtable mmultiscripts munder mover munderover mfenced".split()
"""Elements that are formulas even where no `math` is around them."""
_HTML = BLOCK_TAGS | frozenset("a abbr b bdi bdo br cite code del dfn em font i ins q s small span strong u".split())


def read_formulas(root: Element) -> Substitutions:
    """What is read for each formula of a document."""
    read: Substitutions = {picture: _read_picture(picture) for picture in _pictures(root)}
    for element in _formulas(root):
        if local_name(element) in _SYMBOLS:
            _space_out(element)
            continue
        prose = next(_prose(element), None)
        after = [] if prose is None else _end_before(*prose, element)
        for piece in after:
            _space_out(piece)
        if prose is None or speak(element) is not None:
            read[element] = _read_formula(element)
        else:
            _space_out(element)
    return read


def _formulas(root: Element) -> list[Element]:
    """`math`, and parts of formulas that no `math` holds. A prefix without a namespace is a part of the name."""
    names = ("math", *_PARTS, *_SYMBOLS)
    is_named = f"contains(' {' '.join(names)} ', concat(' ', local-name(), ' '))"
    found = select(root, f"{is_named} or contains(local-name(), ':')")
    found = [element for element in found if local_name(element) in names]
    return [element for element in found if local_name(element) == "math" or not _is_inside_formula(element)]


def _pictures(root: Element) -> list[Element]:
    pictures = select(root, "local-name()='img' and @class")
    return [picture for picture in pictures if any(map(_CLASS.fullmatch, (picture.get("class") or "").split()))]


def _read_picture(picture: Element) -> Substitution:
    """A picture of a formula, by its alternative text."""
    description = _in_words(clean_text(picture.get("alt") or ""))
    if description:
        return Substitution(_apart(picture, description), DESCRIBED, "description of a formula")
    return Substitution(_apart(picture, UNREADABLE), NOT_IN_WORDS, "word for a formula")


def _is_inside_formula(element: Element) -> bool:
    return any(local_name(ancestor) == "math" or local_name(ancestor) in NAMES for ancestor in element.iterancestors())


def _prose(element: Element) -> Iterator[tuple[Element, str]]:
    """Where a formula holds what no formula holds: HTML, or words outside of its symbols. Gives an element and whether
    it, its text or its tail is that."""
    depth_of_symbol = 0
    for event, inner in etree.iterwalk(element, events=("start", "end")):
        is_symbol = local_name(inner) in (*_SYMBOLS, "mtd", "annotation", "annotation-xml")
        if event == "end":
            depth_of_symbol -= is_symbol
            if not depth_of_symbol and inner is not element and has_words(inner.tail or ""):
                yield inner, "tail"
        elif local_name(inner) in BLOCK_TAGS or (not depth_of_symbol and local_name(inner) in _HTML):
            yield inner, "element"
        else:
            depth_of_symbol += is_symbol
            if not depth_of_symbol and local_name(inner) in NAMES and has_words(inner.text or ""):
                yield inner, "text"


def _end_before(inner: Element, part: str, formula: Element) -> list[Element]:
    """Ends a formula without an end before the prose that it holds. Gives the elements that follow it then."""
    first = inner
    if part == "text":
        first, inner.text = _made_of(inner.text), None
        inner.insert(0, first)
    elif part == "tail":
        first, inner.tail = _made_of(inner.tail), None
        inner.addnext(first)
    moved = [first, *first.itersiblings()]
    parent, around = first.getparent(), formula.getparent()
    while parent is not None and parent is not formula:
        if parent.tail:
            tail, parent.tail = _made_of(parent.tail), None
            parent.addnext(tail)
        moved += parent.itersiblings()
        parent = parent.getparent()
    if around is not None:
        moved[-1].tail = f"{moved[-1].tail or ''}{formula.tail or ''}"
        formula.tail = None
        place = around.index(formula) + 1
        around[place:place] = moved
    return moved


def _made_of(text: str | None) -> Element:
    element = etree.Element("span")
    element.text = text
    return element


def _space_out(element: Element) -> None:
    """Parts the symbols of a formula that is read as it stands."""
    for symbol in element.iter(*(f"{{*}}{name}" for name in _SYMBOLS)):
        symbol.tail = f" {symbol.tail or ''}"


def _read_formula(element: Element) -> Substitution:
    raw = clean_text("".join(texts(element)))
    words = speak(element)
    description = _description(element, raw, has_words=words is not None)
    if description:
        return Substitution(_apart(element, description), DESCRIBED, "description of a formula")
    if not raw and not element.attrib and not len(element):
        return Substitution("")
    if words is None:
        return Substitution(_apart(element, UNREADABLE), NOT_IN_WORDS, "word for a formula")
    if words == raw:
        return Substitution(_apart(element, words))
    return Substitution(_apart(element, words), IN_WORDS, "formula in words")


def _description(element: Element, raw: str, *, has_words: bool) -> str:
    """What the book says of a formula, if it is in words; notation only where there are none of our own."""
    pictures = (image.get("alt", "") for image in element.iter("{*}img"))
    description = _in_words(clean_text(element.get("alttext") or next(pictures, "")))
    is_notation = _NOTATION.search(description) is not None or "".join(description.split()) == "".join(raw.split())
    return "" if is_notation and has_words else description


def _in_words(description: str) -> str:
    """A description; empty if it says nothing, or is written for a program."""
    return "" if _LATEX.search(description) or _SAYS_NOTHING.fullmatch(description) else description


def _apart(element: Element, words: str) -> str:
    """With spaces where words would touch those around the formula."""
    before = " " if text_before(element, 1).isalnum() else ""
    after = " " if text_after(element, 1).isalnum() else ""
    return f"{before}{words}{after}"
