"""Removes markup from text: angle brackets, and what an engine would take for a pronunciation in IPA. Emotion tags and
all words are kept.

Replacements have the length of what they replace, so offsets into `Block.text` stay valid.
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
    | (?<=\]) \( (?=/)
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def remove_markup(text: str) -> str:
    """Text of the same length whose only angle brackets are those of emotion tags, and whose only whitespace is spaces.

    Emotion tags become lower case. Closing tags, inline HTML elements and tags with attributes become spaces. Otherwise
    only the brackets do, because `<Warning>` may be a word of the book; of `[home](/home/)`, the round bracket does.
    """
    line = re.sub(r"\s", " ", text)
    return _ANGLED.sub(lambda found: found["emotion"].lower() if found["emotion"] else " " * len(found[0]), line)
