"""Joins drop caps with the words that they begin: letters in elements or blocks of their own, and pictures of letters.

A browser shows "T" and " he" side by side; read as they stand they are two words.
"""

import re

from mayabook.book.class_names import Role, roles_of
from mayabook.book.inline_context import text_before
from mayabook.book.semantics import BLOCK_TAGS, opening_of
from mayabook.book.text_cleaning import clean_text, has_words
from mayabook.book.xml_parsing import Element, local_name, select, texts

_INITIAL = re.compile(r"[\"'“‘«—]{0,2}[^\W\d_]")
_DESCRIBED = re.compile(
    r"(?:\[?(?:drop|large|decorated|decorative|illuminated|illustrated|ornamental|ornate|historiated)?[ -]?"
    r"(?:cap(?:ital)?|initial|letter)?(?: letter| capital| initial)?[:, ]*)([“‘\"']?[A-Z])\]?",
    re.IGNORECASE,
)
_NOT_AN_ONSET = re.compile(
    r"[lmnr][^aeiouyh\W]|f[^aeioulry\W]|[bdgpt]{2}|[ck]t|v[^aeiouy\W]|[^aiou\W](?!\w)", re.IGNORECASE
)
"""No English word begins so: "nce" after "O" is the rest of a word."""
_OPENERS = frozenset(
    """the then there they this that these those though through thus to two three when where which while what who
    why with was were we well will would you your yes no not now never nothing next night he her his him how had
    have has here hello she so some someone since soon such still said several something sometimes but by be
    been before because between both back behind down during dear did do does don day for from few first far
    father four good great go going god just like life long late last let little look lord more most many much
    may maybe me men my mr mrs miss mother must people perhaps please rain sir spring summer winter under until
    upon very were without yet years young""".split()
)
"""Words that chapters begin with, for initials that nothing but their place tells."""
_INLINE = frozenset("span b strong i em big font small".split())
_RESTS = frozenset("ver ut ur ne ny ther thers gain bout mong re bove ged live lone nother ven way far".split())
"""Rests of words after A, I or O that could begin a word but seldom are one."""
_FLOATS = re.compile(r"float\s*:\s*left", re.IGNORECASE)


def join_drop_caps(root: Element) -> list[str]:
    """Rewrites the tree so that every drop cap is text directly before the rest of its word. Returns the letters that
    came from pictures."""
    pictured = []
    for element in select(root, "@class or @style or local-name()='img' or local-name()='svg'"):
        tag = local_name(element)
        if tag == "img":
            pictured.append(_join_picture(element))
        elif tag == "svg":
            _join_drawing(element)
        elif Role.DROP_CAP in roles_of(element) or _FLOATS.search(element.get("style", "")):
            initial = opening_of(element, 4)
            if _INITIAL.fullmatch(initial) and not text_before(element, 4).strip(" “‘\"'"):
                _join(element, initial)
    for paragraph in root.iter("{*}p"):
        _join_first_letter(paragraph)
    return pictured


def _join_first_letter(paragraph: Element) -> None:
    """Joins the first letter of a paragraph, if it is an element of its own and its word is a usual one."""
    first = next(iter(paragraph), None)
    if first is None or (paragraph.text or "").strip() or local_name(first) not in _INLINE:
        return
    initial, rest = opening_of(first, 4), _rest_of(first)
    if not _INITIAL.fullmatch(initial) or not initial[-1].isupper() or rest is None or not rest[:1].isspace():
        return
    fragment = re.match(r"[^\W\d_]+", rest.strip())
    if fragment is not None and (initial[-1] + fragment[0]).casefold() in _OPENERS:
        _close_gap(first, "")


def _join_drawing(drawing: Element) -> None:
    """Makes text of a drawing of a letter at the beginning of a paragraph."""
    initial = opening_of(drawing, 4)
    rest = _rest_of(drawing)
    if (
        not _INITIAL.fullmatch(initial)
        or text_before(drawing, 4).strip()
        or rest is None
        or not _is_rest(initial, rest)
    ):
        return
    for inner in list(drawing):
        drawing.remove(inner)
    drawing.tag, drawing.text = "span", initial
    _join(drawing, initial)


def _join_picture(image: Element) -> str:
    """Joins a picture of a letter that is described by it ("T", "Drop cap T") or, if it has a class for drop caps, by
    the word that it begins. Returns that text; it is empty for any other picture."""
    alt = clean_text(image.get("alt", ""))
    if not alt or text_before(image, 4).strip():
        return ""
    described = _DESCRIBED.fullmatch(alt)
    block = _block_around(image)
    is_drop_cap = Role.DROP_CAP in roles_of(image) or (block is not None and Role.DROP_CAP in roles_of(block))
    if described is None and not (is_drop_cap and alt.isalpha() and len(alt) <= 12):
        return ""
    initial = described[1] if described else alt
    rest = _rest_of(image)
    if rest is None or not (is_drop_cap or _is_rest(initial, rest)):
        return ""
    image.set("alt", "")
    image.text = initial
    image.tag = "span"
    _join(image, initial)
    return initial


def _join(element: Element, initial: str) -> None:
    """Closes the gap between a drop cap and the rest of its word, where the two are one word."""
    rest = _rest_of(element)
    if rest is None:
        return
    separator = "" if _is_rest(initial, rest) else " "
    block = element if local_name(element) in BLOCK_TAGS else _block_around(element)
    if block is not None and not _stands_alone(element, block):
        _close_gap(element, separator)
    elif block is not None and (following := block.getnext()) is not None:
        following.text = f"{initial}{separator}{(following.text or '').lstrip()}"
        for inner in block.iter():
            inner.text = None


def _close_gap(element: Element, separator: str) -> None:
    if _trailing_space(element):
        for inner in element.iterdescendants():
            inner.tail = (inner.tail or "").rstrip()
            inner.text = (inner.text or "").rstrip()
        element.text = (element.text or "").rstrip()
        element.tail = f" {element.tail or ''}"
    tail = element.tail or ""
    following = element.getnext()
    if tail.strip():
        element.tail = (separator if tail[0].isspace() else "") + tail.lstrip()
    elif following is not None and (tail or (following.text or "")[:1].isspace()):
        element.tail = separator
        following.text = (following.text or "").lstrip()


def _rest_of(element: Element) -> str | None:
    """The text that follows a drop cap, in its block or in the next; None where nothing does."""
    block = element if local_name(element) in BLOCK_TAGS else _block_around(element)
    if block is None:
        return None
    if not _stands_alone(element, block):
        parts = [_trailing_space(element), element.tail or ""]
        following = element.getnext()
        if not parts[1].strip() and following is not None and local_name(following) not in BLOCK_TAGS:
            parts.append(opening_of(following, 30))
        return "".join(parts)
    following = block.getnext()
    if following is None or local_name(following) not in ("p", "div", "section", "td") or has_words(block.tail or ""):
        return None
    return f" {opening_of(following, 30)}"


def _stands_alone(element: Element, block: Element) -> bool:
    """Whether a block holds nothing but this drop cap."""
    return not has_words(opening_of(block, 30).removeprefix(opening_of(element, 30)))


def _trailing_space(element: Element) -> str:
    return " " if "".join(texts(element))[-1:].isspace() else ""


def _block_around(element: Element) -> Element | None:
    return next((ancestor for ancestor in element.iterancestors() if local_name(ancestor) in BLOCK_TAGS), None)


def _is_rest(initial: str, rest: str) -> bool:
    """Whether the text after an initial goes on with its word: always without a gap, else if the initial is no word."""
    if not rest.strip()[:1].isalpha():
        return False
    if not rest[:1].isspace():
        return True
    if sum(map(str.isalpha, initial)) > 1:
        return False
    if initial[-1].upper() not in "AIO":
        return True
    fragment = re.match(r"[^\W\d_]+", rest.strip())
    return fragment is not None and (_NOT_AN_ONSET.match(fragment[0]) is not None or fragment[0].casefold() in _RESTS)
