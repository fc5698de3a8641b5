"""A chunk, the text of one generation: whole sentences, and where in the book they come from."""

from dataclasses import dataclass, field
from enum import StrEnum

from mayabook.core.spoken_form import Replacement


class Pause(StrEnum):
    """What ends where a chunk ends; the settings of mastering give the seconds of silence after each kind."""

    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    SCENE = "scene"
    HEADING = "heading"
    CHAPTER = "chapter"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a block's text."""

    block: int
    """Index of the block in its chapter."""
    start: int
    """First character, counted from 0 in the block's text."""
    end: int
    """One after the last character."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a clause of one that was too long for a chunk."""

    text: str
    """As written, emotion tags included."""
    span: Span
    spoken: str | None = field(default=None, compare=False)
    """What the engine is given for it; None where that is `text`."""
    replacements: tuple[Replacement, ...] = field(default=(), compare=False)
    """The parts of `text` that are spoken otherwise than they are written; `align_words` says which word is which."""

    @property
    def spoken_text(self) -> str:
        """What the engine is given for it."""
        return self.text if self.spoken is None else self.spoken


@dataclass(frozen=True, slots=True)
class Chunk:
    """The text of one generation: whole sentences of one chapter."""

    index: int
    """From 0 over the whole script."""
    chapter: int
    """`Chapter.number`."""
    sentences: tuple[Sentence, ...]
    spoken: str
    """What the engine is given: the sentences in their spoken form, blocks separated by newlines."""
    pause: Pause

    @property
    def text(self) -> str:
        """The text as written, which a listener should hear: the sentences joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def n_words(self) -> int:
        return len(self.text.split())

    def part(self, first: int, last: int) -> "Chunk":
        """The sentences `first` to `last` - 1 as a chunk of their own."""
        sentences = self.sentences[first:last]
        spoken = " ".join(filter(None, (sentence.spoken_text for sentence in sentences)))
        return Chunk(self.index, self.chapter, sentences, spoken, Pause.SENTENCE)
