"""The text of one generation, and where in the book it comes from."""

from dataclasses import dataclass, field
from enum import StrEnum


class Pause(StrEnum):
    """What ends after a chunk; how long that is in seconds is a setting of mastering."""

    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    SCENE = "scene"
    HEADING = "heading"
    CHAPTER = "chapter"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of the text of block number `block` (from 0) of a chapter."""

    block: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a part of one that was too long.

    text: as written, emotion tags included. spoken: what the engine is given for it; empty where that is the text.
    """

    text: str
    span: Span
    spoken: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Chunk:
    """index: from 0 over the whole script. chapter: `Chapter.number`.

    spoken: what the engine is given: the sentences after the lexicon, blocks separated by newlines.
    """

    index: int
    chapter: int
    sentences: tuple[Sentence, ...]
    spoken: str
    pause: Pause

    @property
    def text(self) -> str:
        """What a listener should hear, as written: the sentences joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def n_words(self) -> int:
        return len(self.text.split())

    def part(self, first: int, last: int) -> "Chunk":
        """Sentences `first` up to, but not with, `last` by themselves."""
        sentences = self.sentences[first:last]
        spoken = " ".join(sentence.spoken or sentence.text for sentence in sentences)
        return Chunk(self.index, self.chapter, sentences, spoken, Pause.SENTENCE)
