"""Emotion tags in text, found as the tokenizers library finds added tokens: with the flags of tokenizer.json.

A tag may take the whitespace on either side with it (`lstrip`, `rstrip`), or be found only where no letter, digit or
underscore touches it (`single_word`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tokenizers
from tokenizers.models import WordLevel

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.errors import ModelError

TAGS = frozenset(f"<{tag}>" for tag in EMOTION_TAGS)
"""The tags as they stand in a text."""
TAGS_KEY = "mayabook.emotion_tags"
"""Metadata key under which a GGUF file carries the tags whose flags are set: GGUF has no field for them."""
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized")

TagEntry = Mapping[str, Any]
"""A tag as `added_tokens` in tokenizer.json has it: its `content`, and its flags."""


def tag_entries(added_tokens: Iterable[TagEntry]) -> list[TagEntry]:
    """The emotion tags among the added tokens of a tokenizer.json."""
    return [entry for entry in added_tokens if entry["content"] in TAGS]


def to_json(entries: Iterable[TagEntry]) -> str:
    """The tags of which a flag is set; empty where there are none."""
    flagged = [{name: entry[name] for name in ("content", *_FLAGS)} for entry in entries if any(_flags(entry).values())]
    return json.dumps(flagged) if flagged else ""


def from_json(text: str) -> list[TagEntry]:
    """The inverse. Raises ModelError for a damaged text."""
    try:
        return tag_entries(json.loads(text))
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"The emotion tags in a GGUF file are damaged ({error}); convert the model again.") from error


class TagSplitter:
    """Splits texts at their emotion tags."""

    def __init__(self, entries: Iterable[TagEntry]) -> None:
        # every stretch between tags is a word that the library does not know, with its place in the text
        self._finder = tokenizers.Tokenizer(WordLevel({"": 0}, ""))
        self._finder.add_tokens([tokenizers.AddedToken(entry["content"], **_flags(entry)) for entry in entries])

    def split(self, text: str) -> Iterator[tuple[str, str]]:
        """Yields each tag, or an empty string, and the text that it stands for, whitespace that it takes included."""
        found = self._finder.encode(text, add_special_tokens=False)
        for tag, (start, end) in zip(found.tokens, found.offsets, strict=True):
            yield tag.strip(), text[start:end]


def _flags(entry: TagEntry) -> dict[str, bool]:
    return {name: bool(entry.get(name)) for name in _FLAGS}
