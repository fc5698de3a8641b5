"""Most tokens of a take, from the length of its text: a longer take is runaway speech."""

import math

from mayabook.core.emotion_tags import without_tags
from mayabook.maya.token_layout import CODES_PER_FRAME, TOKENS_PER_SECOND

MIN_CHARACTERS_PER_SECOND = 8.0
"""Characters per second of the slowest reading; audiobook readers speak 12 to 17."""
SPARE_SECONDS = 2.0
"""Added to every text, for pauses at its ends."""
TAG_SECONDS = 4.0
"""Seconds allowed for each emotion tag, such as a laugh or a sigh."""
MAX_TOKENS_PER_CHARACTER = 8.0
"""Users report 3.2 to 4.8 tokens a character for Maya1, and none of the 1,263 sound takes of the checks' corpus would
need more than 5.5. A take that also speaks the description of its voice needs about 11."""


def token_cap(text: str, max_tokens: int = 0) -> int:
    """The cap in tokens, whole frames: `max_tokens` unless it is 0, else the length of the slowest reading of the
    text."""
    if max_tokens:
        return max(CODES_PER_FRAME, max_tokens // CODES_PER_FRAME * CODES_PER_FRAME)
    return _tokens(text, TOKENS_PER_SECOND / MIN_CHARACTERS_PER_SECOND)


def token_budget(text: str, per_character: float = MAX_TOKENS_PER_CHARACTER) -> int:
    """Tokens, in whole frames, after which a take of this text is runaway speech or speaks more than its text.

    per_character: most tokens that a character takes.
    """
    return _tokens(text, per_character)


def _tokens(text: str, per_character: float) -> int:
    bare = without_tags(text)
    tags = text.count("<") - bare.count("<")
    tokens = len(bare.strip()) * per_character + (SPARE_SECONDS + tags * TAG_SECONDS) * TOKENS_PER_SECOND
    return math.ceil(tokens / CODES_PER_FRAME) * CODES_PER_FRAME
