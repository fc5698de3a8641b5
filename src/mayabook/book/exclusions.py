"""Decides which elements are not read aloud, and why."""

import re

from mayabook.book.class_names import Role, roles_of
from mayabook.book.content_document import PAGE_NUMBER, RUNNING_HEAD
from mayabook.book.footnotes import Place, Resolve, is_reference
from mayabook.book.line_numbers import LINE_NUMBER
from mayabook.book.page_numbers import is_page_number
from mayabook.book.semantics import BLOCK_TAGS, NEVER_TEXT, NOTE_CLASSES, NOTE_TYPES, classes_of, opening_of, types_of
from mayabook.book.theft_notices import is_theft_notice
from mayabook.book.xml_parsing import Element

REFERENCE = "footnote reference"
FOOTNOTE = "footnote"
FOOTNOTE_HEADING = "heading of footnotes"

_TAGS = {
    **dict.fromkeys(("rt", "rp", "rtc"), "reading aid (ruby)"),
    **dict.fromkeys(("audio", "video", "object", "iframe", "canvas"), "stand-in for media"),
    "svg": "text inside a drawing",
    "case": "another form of what follows",
}
_COUNTED = {Role.LINE_NUMBER: LINE_NUMBER, Role.VERSE_NUMBER: "verse number"}
_COUNT = re.compile(r"\W*(?:\d{1,3}\s?[:.]\s?)?\d{1,4}[a-z]?\W*")
_LONGEST_COUNT = 12
_LONGEST_RUNNING_HEAD = 100


def exclusion_reason(element: Element, tag: str, notes: frozenset[Place], resolve: Resolve) -> str | None:
    """Why an element is left out, in words for a person; None if it is read, "" if it was never text.

    Notes that are blocks are not decided here, because that depends on the rest of their chapter.
    """
    if tag in NEVER_TEXT:
        return ""
    if _is_hidden(element):
        return "hidden"
    if tag in _TAGS:
        return _TAGS[tag]
    types = types_of(element)
    if (tag in ("a", "sup") or types) and is_reference(element, notes, resolve):
        return REFERENCE
    if tag not in BLOCK_TAGS and (types & NOTE_TYPES or _is_note_in_sentence(element)):
        return FOOTNOTE
    if "backlink" in types:
        return "way back from a footnote"
    roles = roles_of(element)
    if is_page_number(element, types, roles):
        return PAGE_NUMBER
    if is_theft_notice(element):
        return "notice against copying"
    return _counted(element, roles) if roles else None


def _is_note_in_sentence(element: Element) -> bool:
    """Whether an inline element is the text of a note, by its class."""
    if classes_of(element).isdisjoint(NOTE_CLASSES):
        return False
    return re.search(r"[^\W\d_]{2}", opening_of(element, _LONGEST_COUNT)) is not None


def _counted(element: Element, roles: frozenset[Role]) -> str | None:
    """What stands beside the text to count or head it: a number of a line or verse, a running head."""
    if Role.RUNNING_HEAD in roles:
        is_short = len(opening_of(element, _LONGEST_RUNNING_HEAD)) <= _LONGEST_RUNNING_HEAD
        return RUNNING_HEAD if is_short else None
    if roles.isdisjoint(_COUNTED) or not _COUNT.fullmatch(opening_of(element, _LONGEST_COUNT)):
        return None
    return next(reason for role, reason in _COUNTED.items() if role in roles)


def _is_hidden(element: Element) -> bool:
    return bool(element.attrib) and (
        element.get("hidden") is not None or element.get("aria-hidden", "").lower() == "true"
    )
