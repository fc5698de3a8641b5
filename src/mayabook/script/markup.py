"""Angle brackets in the text of a book: emotion tags stay, markup goes, words are never lost.

Everything is replaced by as many characters, so that offsets into `Block.text` stay exact.
"""

import re

from mayabook.core.tags import EMOTION_TAGS

# Elements that stand inside a line of HTML; text that names one in angle brackets meant markup, not a word.
_INLINE_ELEMENTS = (
    "a abbr b bdi bdo big br cite code del dfn em font i img ins kbd mark p q rp rt ruby s samp small span "
    "strike strong sub sup tt u var wbr"
).split()

_ATTRIBUTE = r"""\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""

_ANGLED = re.compile(
    rf"""
    (?P<emotion> <(?:{"|".join(sorted(EMOTION_TAGS))})> )
    | </ \s* [a-z][\w:-]* \s* >
    | < (?:{"|".join(_INLINE_ELEMENTS)}) \s* /? >
    | < [a-z][\w:-]* (?:{_ATTRIBUTE})+ \s* /? >
    | [<>]
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def speakable(text: str) -> str:
    """`text` at the same length, with no angle bracket but those of emotion tags, which are lower-cased.

    Closing tags, inline HTML and tags with attributes become spaces. Of anything else in angle brackets, and
    of a stray bracket, only the brackets do: `<Warning>` may be a word of the book.
    """
    return _ANGLED.sub(lambda found: found["emotion"].lower() if found["emotion"] else " " * len(found[0]), text)
