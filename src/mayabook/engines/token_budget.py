"""How many tokens a text may take before its take is taken for runaway."""

import math

from mayabook.core.emotion_tags import without_tags
from mayabook.maya.token_layout import CODES_PER_FRAME, TOKENS_PER_SECOND

MIN_CHARACTERS_PER_SECOND = 8.0
"""Characters a second of the slowest reading; readers of audiobooks speak 12 to 17."""
SPARE_SECONDS = 2.0
TAG_SECONDS = 4.0
"""How long a laugh or a sigh may take."""


def token_cap(text: str, max_tokens: int = 0) -> int:
    """Tokens, in whole frames: `max_tokens` where that is not 0, else what the slowest reading of the text takes."""
    if max_tokens:
        return max(CODES_PER_FRAME, max_tokens // CODES_PER_FRAME * CODES_PER_FRAME)
    bare = without_tags(text)
    tags = text.count("<") - bare.count("<")
    seconds = SPARE_SECONDS + len(bare.strip()) / MIN_CHARACTERS_PER_SECOND + tags * TAG_SECONDS
    return math.ceil(seconds * TOKENS_PER_SECOND / CODES_PER_FRAME) * CODES_PER_FRAME
