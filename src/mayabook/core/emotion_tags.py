"""Maya1's emotion tags: each is one token of its vocabulary and colours the words that follow it."""

import re
from collections.abc import Collection

EMOTION_TAGS = frozenset(
    {
        "angry",
        "appalled",
        "chuckle",
        "cry",
        "curious",
        "disappointed",
        "excited",
        "exhale",
        "gasp",
        "giggle",
        "gulp",
        "laugh",
        "laugh_harder",
        "mischievous",
        "sarcastic",
        "scream",
        "sigh",
        "sing",
        "snort",
        "whisper",
    }
)

_TAG = re.compile(f"<(?:{'|'.join(sorted(EMOTION_TAGS))})>")

_TAG_AND_SPACE = re.compile(f"{_TAG.pattern} ?")


def without_tags(text: str) -> str:
    """The text with each emotion tag (`<laugh>`, in lower case) replaced by as many spaces."""
    return _TAG.sub(lambda tag: " " * len(tag.group()), text)


def only_tags(text: str, emotion_tags: Collection[str]) -> str:
    """The text without other emotion tags than these; a text without any is returned as it is."""

    def kept(tag: re.Match[str]) -> str:
        return tag.group() if tag.group().strip("<> ") in emotion_tags else ""

    return _TAG_AND_SPACE.sub(kept, text)
