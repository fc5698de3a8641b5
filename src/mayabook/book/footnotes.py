"""Finds footnotes by their links: a reference in the text and a note that link to each other.

Notes are often in another file than their references, so the links of the whole book are read before any text is.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from mayabook.book.class_names import Role, roles_of
from mayabook.book.inline_context import text_before
from mayabook.book.semantics import BLOCK_TAGS, HEADING_TAGS, opening_of, types_of
from mayabook.book.text_cleaning import clean_text, has_words
from mayabook.book.xml_parsing import Element, local_name, select, texts

Place = tuple[str, str]
"""Target of a link: a content document, and an id in it."""
Resolve = Callable[[str], Place | None]
"""Resolves a link of the current document; None if it leaves the book or names no id."""

_MARK = re.compile(r"[\[({]?(?:(?:note )?\d{1,4}|[a-z]|[ivxlc]{1,6}|[*†‡§¶#]{1,4})[\])}]?[.:]?", re.IGNORECASE)
_SURE_MARK = re.compile(r"\[(?:(?:note )?\d{1,4}|[a-z]|[ivxlc]{1,6})\]|[\[(]?[*†‡§¶]{1,4}[\])]?", re.IGNORECASE)
"""Text that only note references have, anywhere in a paragraph."""
_LABEL = re.compile(r"[\[(]?(\d{1,4}|[*†‡§¶]{1,4})[\])]?[.:)]?(?=\s|[^\W\d])")
"""How a note begins that no link leads back from: "2. See the town records.\""""
_RETURN = re.compile(r"[\[(]?(?:[↩↑^←⏎⬑⤴\ufe0e\ufe0f]+|back|return)[\])]?", re.IGNORECASE)
_AFTER_WORD = re.compile(r"[a-z]{3}$|[a-z][.,;:!?]$|[”’]$")
_LONGEST_MARK = 12
_NOTE_TAGS = frozenset(("p", "li", "aside", "dd", "div", "blockquote", "tr"))
_WRAPPERS = frozenset(("li", "aside", "dd"))
_WRAPPER_LEVELS = 3
_FAR = 50
"""Elements without words that may precede a note reference at the beginning of its block."""


@dataclass(frozen=True, slots=True)
class NoteReference:
    """A link that may lead to a note, or back from one.

    own_places: places that identify this link, for links to it. is_declared: by epub:type or role. is_first_in_block:
    no words precede it in its block. is_backlink: by its text or type. label: its number or symbol, where it stands as
    note references do (raised, in brackets, or directly after a word); else empty.
    """

    target: Place
    own_places: frozenset[Place]
    is_declared: bool
    is_first_in_block: bool
    is_backlink: bool
    label: str = ""


def find_note_references(root: Element, name: str, resolve: Resolve) -> Iterator[NoteReference]:
    for link in root.iter("{*}a"):
        text = opening_of(link, _LONGEST_MARK)
        is_declared = is_declared_reference(link)
        is_backlink = bool(_RETURN.fullmatch(text)) or "backlink" in types_of(link)
        if not (is_declared or is_backlink or _MARK.fullmatch(text)):
            continue
        target = resolve(link.get("href", ""))
        around = _around(link)
        is_first = _is_first_in_block(link)
        heads = (is_first or is_backlink) and any(local_name(element) in HEADING_TAGS for element in around)
        if target is not None and not heads:  # headings lead back to the table of contents
            own_places = frozenset((name, found) for element in around for found in _ids(element))
            label = "" if is_first or is_backlink else _label_of_reference(link, text)
            yield NoteReference(target, own_places, is_declared, is_first, is_backlink, label)


def find_note_labels(root: Element, name: str) -> Iterator[tuple[Place, str]]:
    """The ids of blocks that begin with a number or symbol, as notes do, and that label."""
    for element in select(root, "@id or @name"):
        tag = local_name(element)
        if tag in _NOTE_TAGS or tag == "a":
            block = _note_around(element)
            match = None if block is None else _LABEL.match(opening_of(block, _LONGEST_MARK))
            if match is not None:
                for found in _ids(element):
                    yield (name, found), match[1]


def find_note_targets(marks: Iterable[NoteReference], labels: Mapping[Place, str]) -> frozenset[Place]:
    """Targets that are notes: those of declared references, those from which a link leads back to the reference, and
    those that begin with the label of the reference."""
    marks = list(marks)
    back: defaultdict[Place, set[Place]] = defaultdict(set)
    for mark in marks:
        if mark.is_first_in_block or mark.is_backlink:
            for place in mark.own_places:
                back[place].add(mark.target)
    return frozenset(
        mark.target
        for mark in marks
        if mark.is_declared
        or (not mark.is_first_in_block and not mark.is_backlink and back[mark.target] & mark.own_places)
        or (mark.label and labels.get(mark.target) == mark.label)
    )


def find_note_elements(root: Element, name: str, places: frozenset[Place]) -> frozenset[Element]:
    """The blocks of this file that are notes. A block that contains a heading is not a note."""
    ids = {found for file, found in places if file == name}
    if not ids:
        return frozenset()
    blocks = {_note_around(element) for element in root.iter() if not ids.isdisjoint(_ids(element))}
    return frozenset(
        block
        for block in blocks
        if block is not None and not any(local_name(inner) in HEADING_TAGS for inner in block.iter())
    )


def is_declared_reference(element: Element) -> bool:
    return "noteref" in types_of(element)


def is_reference(element: Element, places: frozenset[Place], resolve: Resolve) -> bool:
    """Whether an element is a note reference: declared as one, superscript, in brackets, or linked back to."""
    if is_declared_reference(element):
        return _is_like_mark(opening_of(element, _LONGEST_MARK))
    if local_name(element) == "sup":
        links = list(element.iter("{*}a"))
        plain = "".join(texts(element))
        return bool(links) and all(is_reference(link, places, resolve) for link in links) and _is_marks(plain)
    if local_name(element) != "a":
        return False
    text = opening_of(element, _LONGEST_MARK)
    target = resolve(element.get("href", ""))
    if target is None:  # a link that leads nowhere, or out of the book
        return (
            text.isdigit()
            and element.get("href") is not None
            and _AFTER_WORD.search(text_before(element, 3)) is not None
        )
    if not _MARK.fullmatch(text):
        return False
    return bool(_SURE_MARK.fullmatch(text)) or _is_raised(element) or target in places


def _is_like_mark(text: str) -> bool:
    """Looser than `_MARK`, for declared references; some books wrongly declare words of the story."""
    if len(text) > _LONGEST_MARK:
        return False
    return bool(_MARK.fullmatch(text)) or not any(map(str.isalpha, text)) or text[0] in "[(" or text[-1].isdigit()


def _is_marks(text: str) -> bool:
    return all(_MARK.fullmatch(part) for part in re.split(r"[\s,;–-]+", clean_text(text)) if has_words(part))


def _is_raised(link: Element) -> bool:
    parent = link.getparent()
    if Role.RAISED in roles_of(link) or (parent is not None and _is_superscript(parent)):
        return True
    return any(_is_superscript(inner) for inner in link.iterdescendants())


def _is_superscript(element: Element) -> bool:
    return local_name(element) == "sup" or (Role.RAISED in roles_of(element) and local_name(element) not in BLOCK_TAGS)


def _label_of_reference(link: Element, text: str) -> str:
    """The number or symbol of a link that stands where note references do, empty for any other."""
    is_attached = bool(_SURE_MARK.fullmatch(text)) or _is_raised(link) or text_before(link, 1).strip() != ""
    return text.strip("[](){}.: ") if is_attached else ""


def _around(link: Element) -> list[Element]:
    """The elements whose ids identify this link: itself and its descendants; its ancestors up to the block and the list
    item, aside or division around that; and an empty anchor directly before it."""
    around = list(link.iter())
    before = link.getprevious()
    if before is not None and not has_words("".join(texts(before)) + (before.tail or "")):
        around.append(before)
    levels = 0
    for ancestor in link.iterancestors():
        if local_name(ancestor) in BLOCK_TAGS:
            levels += 1
            if levels > 1 and local_name(ancestor) not in _NOTE_TAGS:
                break
        around.append(ancestor)
        if levels == _WRAPPER_LEVELS:
            break
    return around


def _ids(element: Element) -> list[str]:
    return [found for attribute in ("id", "name") if (found := element.get(attribute))]


def _is_first_in_block(link: Element) -> bool:
    element: Element | None = link
    while element is not None and local_name(element) not in BLOCK_TAGS:
        for sibling in islice(element.itersiblings(preceding=True), _FAR):
            if has_words(sibling.tail or "") or any(map(has_words, texts(sibling))):
                return False
        element = element.getparent()
        if element is not None and has_words(element.text or ""):
            return False
    return True


def _note_around(element: Element) -> Element | None:
    """The block that this element is or begins, and the list item or aside that this block begins in turn."""
    if local_name(element) not in BLOCK_TAGS and not _is_first_in_block(element):
        return None
    block: Element | None = element
    while block is not None and (local_name(block) not in BLOCK_TAGS or local_name(block) == "td"):
        block = block.getparent()
    if block is None or local_name(block) not in _NOTE_TAGS:
        return None
    parent = block.getparent()
    return parent if parent is not None and local_name(parent) in _WRAPPERS and parent[0] is block else block
