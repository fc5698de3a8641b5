"""What Maya1 is asked: `SOH BOS <description="..."> text TEXT_EOT EOH SOA CODE_START`."""

import re
from typing import Literal, Protocol

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.errors import ModelError
from mayabook.maya.token_layout import Layout, Vocabulary

Bos = Literal["once", "twice"]
"""Whether a second BOS leads the prompt. Maya1's own server tokenises with special tokens on, which puts one there."""

_NAMES = "|".join(sorted(EMOTION_TAGS))
_TAG = re.compile(f"(<(?:{_NAMES})>)")
_CLOSING = re.compile(f"(?:</(?:{_NAMES})>)+")
_ENDS = ".!?…"
_CLOSERS = "\"'”’»)]"


class Tokenizer(Vocabulary, Protocol):
    def encode(self, text: str) -> list[int]:
        """Plain text to ids: nothing is added, and the name of a control token is so many letters."""
        ...


class PromptBuilder:
    def __init__(self, tokenizer: Tokenizer, layout: Layout, bos: Bos = "twice") -> None:
        self._tokenizer, self._layout, self._bos = tokenizer, layout, bos

    def build(self, description: str, text: str) -> list[int]:
        """Token ids of the prompt for a text in the voice of that description."""
        layout = self._layout
        opening = [layout.bos] if self._bos == "twice" else []
        return [
            *opening,
            layout.human_start,
            layout.bos,
            *self._encode(f'<description="{full_stopped(description)}"> {speakable(text)}'),
            layout.text_end,
            layout.human_end,
            layout.ai_start,
            layout.code_start,
        ]

    def _encode(self, text: str) -> list[int]:
        """Emotion tags become their single tokens; all else is plain text."""
        ids: list[int] = []
        for part in _TAG.split(text):
            if _TAG.fullmatch(part):
                tag = self._tokenizer.special(part)
                if tag is None:
                    raise ModelError(f"The tokenizer has no token {part}; leave the tag out, or use another model.")
                ids.append(tag)
            elif part:
                ids += self._tokenizer.encode(part)
        return ids


def full_stopped(description: str) -> str:
    """The description on one line and with a full stop: without one the model reads it aloud.

    Raises ModelError where there is none; a double quote would end it early, so it becomes a single one.
    """
    line = " ".join(description.replace('"', "'").split())
    if not line:
        raise ModelError("The voice has no description; name a preset or describe a voice with --voice.")
    return line if line[-1] in _ENDS else f"{line}."


def speakable(text: str) -> str:
    """The text as Maya1 reads it best: one line, each line of the source ended by a stop, no closing tags, and no
    quotation mark as the last character (all three attract repetitions and gibberish)."""
    lines = [line.strip() for line in _CLOSING.sub(_gap, text).splitlines()]
    return " ".join(_ended(line) for line in lines if line).rstrip(f"{_CLOSERS} ")


def _gap(closing: re.Match[str]) -> str:
    """What takes the place of closing tags: nothing, or the space that keeps two words apart."""
    around = closing.string[: closing.start()][-1:], closing.string[closing.end() :][:1]
    return " " if all(char.isalnum() for char in around) else ""


def _ended(line: str) -> str:
    bare = line.rstrip(f"{_CLOSERS} ")
    if not any(char.isalnum() for char in bare) or bare.endswith(">") or bare[-1:] in _ENDS:
        return line
    return f"{bare.rstrip(',;:—–- ')}.{line[len(bare) :]}"
