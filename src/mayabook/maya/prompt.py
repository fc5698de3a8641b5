"""Maya1's prompt: `SOH BOS <description="..."> text TEXT_EOT EOH SOA CODE_START`.

With an anchor it is `SOH BOS <description="..."> anchor's text, text TEXT_EOT EOH SOA CODE_START anchor's codes`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.errors import ModelError
from mayabook.maya.anchor import Anchor
from mayabook.maya.frames import pack
from mayabook.maya.tag_tokens import TagEntry, TagSplitter
from mayabook.maya.token_layout import Layout, Vocabulary

Bos = Literal["once", "twice"]
"""Whether a second BOS comes before the prompt. Maya1's own server tokenises with special tokens on, which adds one."""

_NAMES = "|".join(sorted(EMOTION_TAGS))
_TAG = re.compile(f"<(?:{_NAMES})>")
_CLOSING = re.compile(f"(?:</(?:{_NAMES})>)+")
_ENDS = ".!?…"
_CLOSERS = "\"'”’»)]"


class Tokenizer(Vocabulary, Protocol):
    """A tokenizer that keeps control tokens apart from plain text."""

    tags: Sequence[TagEntry]
    """Its emotion tags, with the flags that say how they are found in a text."""

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text. No token is added, and the name of a control token is spelled out like any text."""
        ...


@dataclass(frozen=True, slots=True)
class AnchoredPrompt:
    """A prompt that ends with the codes of an anchor."""

    ids: list[int]
    """Token ids."""
    n_shared: int
    """How many of the first ids are the same for every text: those up to the end of the anchor's text."""


class PromptBuilder:
    """Builds prompts for one model."""

    def __init__(self, tokenizer: Tokenizer, layout: Layout, bos: Bos = "twice") -> None:
        self._tokenizer, self._layout, self._bos = tokenizer, layout, bos
        self._tags = TagSplitter(tokenizer.tags)

    def build(self, description: str, text: str) -> list[int]:
        """Token ids of the prompt for a text in the voice of that description."""
        body = self.encode(f"{_tag(description)} {prepare_text(text)}")
        return [*self._opening(), *body, *self._closing()]

    def build_anchored(self, description: str, text: str, anchor: Anchor) -> "AnchoredPrompt":
        """The prompt for a text that continues an anchor. Raises FrameError where the layout lacks its codes."""
        shared = [*self._opening(), *self.encode(f"{_tag(description)} {prepare_text(anchor.text)}")]
        body = self.encode(f" {prepare_text(text)}")
        ids = [*shared, *body, *self._closing(), *pack(anchor.frames, self._layout)]
        return AnchoredPrompt(ids, len(shared))

    def _opening(self) -> list[int]:
        layout = self._layout
        return [*([layout.bos] if self._bos == "twice" else []), layout.human_start, layout.bos]

    def _closing(self) -> list[int]:
        layout = self._layout
        return [layout.text_end, layout.human_end, layout.ai_start, layout.code_start]

    def encode(self, text: str) -> list[int]:
        """Token ids of a text: a single token for each emotion tag, everything else as plain text."""
        ids: list[int] = []
        for tag in _TAG.findall(text):
            if self._tokenizer.special(tag) is None:
                raise ModelError(f"The tokenizer has no token {tag}; leave the tag out, or use another model.")
        for tag, part in self._tags.split(text):
            token = self._tokenizer.special(tag) if tag else None
            ids += self._tokenizer.encode(part) if token is None else [token]
        return ids


def _tag(description: str) -> str:
    return f'<description="{with_full_stop(description)}">'


def with_full_stop(description: str) -> str:
    """The description on one line and with a full stop, without which the model reads it aloud.

    A double quote would end the description early, so it becomes a single one. Raises ModelError where it is empty.
    """
    line = " ".join(description.replace('"', "'").split())
    if not line:
        raise ModelError("The voice has no description; choose a preset or describe a voice with --voice.")
    return line if line[-1] in _ENDS else f"{line}."


def prepare_text(text: str) -> str:
    """The text as Maya1 reads it best: on one line, each source line ended by a full stop, without closing tags, and
    without a quotation mark at the end. Line breaks, closing tags and final quotation marks lead to repetitions and
    gibberish."""
    lines = [line.strip() for line in _CLOSING.sub(_gap, text).splitlines()]
    return " ".join(_ended(line) for line in lines if line).rstrip(f"{_CLOSERS} ")


def _gap(closing: re.Match[str]) -> str:
    """What replaces closing tags: a space between two words, else nothing."""
    around = closing.string[: closing.start()][-1:], closing.string[closing.end() :][:1]
    return " " if all(char.isalnum() for char in around) else ""


def _ended(line: str) -> str:
    bare = line.rstrip(f"{_CLOSERS} ")
    if not any(char.isalnum() for char in bare) or bare.endswith(">") or bare[-1:] in _ENDS:
        return line
    return f"{bare.rstrip(',;:—–- ')}.{line[len(bare) :]}"
