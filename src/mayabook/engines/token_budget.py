"""The token cap of a take, from the length of its text: a take that reaches it is runaway speech."""

import math

from mayabook.core.emotion_tags import without_tags
from mayabook.maya.token_layout import CODES_PER_FRAME, TOKENS_PER_SECOND

MIN_CHARACTERS_PER_SECOND = 8.0
"""Characters per second of the slowest reading; audiobook readers speak 12 to 17."""
SPARE_SECONDS = 2.0
"""Added to every text, for pauses at its ends."""
TAG_SECONDS = 4.0
"""Seconds allowed for each emotion tag, such as a laugh or a sigh."""


def token_cap(text: str, max_tokens: int = 0) -> int:
    """The cap in tokens, whole frames: `max_tokens` unless it is 0, else the length of the slowest reading of the
    text."""
    if max_tokens:
        return max(CODES_PER_FRAME, max_tokens // CODES_PER_FRAME * CODES_PER_FRAME)
    bare = without_tags(text)
    tags = text.count("<") - bare.count("<")
    seconds = SPARE_SECONDS + len(bare.strip()) / MIN_CHARACTERS_PER_SECOND + tags * TAG_SECONDS
    return math.ceil(seconds * TOKENS_PER_SECOND / CODES_PER_FRAME) * CODES_PER_FRAME
