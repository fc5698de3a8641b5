"""Maya1's emotion tags: each is one token of its vocabulary and colours the words that follow it."""

import re

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


def without_tags(text: str) -> str:
    """The text with each emotion tag (`<laugh>`, in lower case) replaced by as many spaces."""
    return _TAG.sub(lambda tag: " " * len(tag.group()), text)
