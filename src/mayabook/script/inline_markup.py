"""Angle brackets in the text of a book: emotion tags stay, markup goes, its words are never lost.

Everything is replaced by as many characters, so that offsets into `Block.text` stay exact.
"""

import re

from mayabook.core.emotion_tags import EMOTION_TAGS

# Elements that stand inside a line of HTML; text that names one in angle brackets meant markup, not a word.
_INLINE_ELEMENTS = (
    "a|abbr|b|bdi|bdo|big|br|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|p|q|rp|rt|ruby|s|samp|small|span|"
    "strike|strong|sub|sup|tt|u|var|wbr"
)

_ATTRIBUTE = r"""\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""

_ANGLED = re.compile(
    rf"""
    (?P<emotion> <(?:{"|".join(sorted(EMOTION_TAGS))})> )
    | </ \s* [a-z][\w:-]* \s* >
    | < (?:{_INLINE_ELEMENTS}) \s* /? >
    | < [a-z][\w:-]* (?:{_ATTRIBUTE})+ \s* /? >
    | [<>]
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def speakable(text: str) -> str:
    """`text` at the same length: no angle bracket but those of emotion tags, no whitespace but plain spaces.

    Emotion tags are lower-cased. Closing tags, inline HTML and tags with attributes become spaces. Of anything
    else in angle brackets, and of a stray bracket, only the brackets do: `<Warning>` may be a word of the book.
    """
    line = re.sub(r"\s", " ", text)
    return _ANGLED.sub(lambda found: found["emotion"].lower() if found["emotion"] else " " * len(found[0]), line)
