"""Pictures that stand for a letter or a word inside a sentence: their alternative text is part of it."""

import re

from mayabook.book.class_names import Role, roles_of
from mayabook.book.inline_context import text_after, text_before
from mayabook.book.xml_parsing import Element

_PLACEHOLDER = re.compile(
    r"(?:the )?(?:image|img|picture|pic|photo|photograph|figure|fig|illustration|graphic|icon|logo|cover|map|chart"
    r"|drawing|diagram|graph|sketch|portrait|plan|plate|seal|emblem|flag|screenshot|symbol|sign|button|line|rule|ornament|decoration|decorative|separator|divider|bullet|arrow|break|untitled|missing|none"
    r"|null|alt|click)s?"
    r"[\s_.-]*\d*|\S+\.(?:png|jpe?g|gif|svg|webp)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{1,14}|[^\s\w]|[½¼¾⅓⅔⅛\d]{1,3}")


def is_placeholder(alt: str) -> bool:
    """Whether alternative text says nothing but that there is a picture."""
    return _PLACEHOLDER.fullmatch(alt.strip()) is not None


def is_pictured_text(image: Element, alt: str, *, is_at_start: bool) -> bool:
    """Whether a picture with this alternative text is read as a part of the sentence around it.

    That is a letter inside a word, or one word between others.
    """
    if _WORD.fullmatch(alt) is None or is_placeholder(alt):
        return False
    before, after = text_before(image, 3), text_after(image, 30)
    if len(alt) <= 2 and (before[-1:].isalpha() or after[:1].isalpha()):
        return True
    return not is_at_start and bool(after.strip()) and Role.DROP_CAP not in roles_of(image)
