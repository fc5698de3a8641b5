"""A block of the book as the pieces that chunks are made of: its sentences, with what an engine is to say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import groupby

import regex

from mayabook.core.book import Block, BlockKind
from mayabook.core.chunk import Sentence, Span
from mayabook.core.emotion_tags import without_tags
from mayabook.core.language import Language
from mayabook.core.settings import ScriptSettings
from mayabook.core.words import words
from mayabook.script.clause_split import clause_spans
from mayabook.script.inline_markup import speakable
from mayabook.script.lexicon import Lexicon
from mayabook.script.sentence_split import sentence_spans

# Punctuation that ends or suspends a line, and what may close after it.
_ENDED = regex.compile(r"[\p{Terminal_Punctuation}…\p{Pd}][\s\"'\p{Pe}\p{Pf}\p{Pi}]*$")


class Edge(IntEnum):
    """What ends where a piece begins, the weakest first: a chunk rather ends at a strong edge."""

    PART = 0
    """A part of a sentence that was cut, or a line of verse that runs on."""
    SENTENCE = 1
    PARAGRAPH = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or a part of one.

    spoken: what the engine is given for it (`spoken_text` leaves out a block of bare punctuation).
    opens: the edge before it. n_words, n_chars: of the text or of what is spoken, whichever has more.
    n_speakable: its words that hold a letter or digit, tags aside.
    """

    sentence: Sentence
    spoken: str
    opens: Edge
    n_words: int
    n_chars: int
    n_speakable: int


@dataclass(frozen=True, slots=True)
class SegmentBuilder:
    settings: ScriptSettings
    language: Language
    lexicon: Lexicon

    def segments(self, blocks: Sequence[tuple[int, Block]]) -> list[Segment]:
        """The pieces of consecutive blocks and their numbers in the chapter, each within the limits of a chunk."""
        around = [None, *(block for _, block in blocks), None]
        return [
            piece
            for (number, block), before, after in zip(blocks, around, around[2:], strict=False)
            for piece in self._block_pieces(number, block, before, after)
        ]

    def _block_pieces(self, number: int, block: Block, before: Block | None, after: Block | None) -> Iterator[Segment]:
        line = speakable(block.text)
        edge = Edge.PARAGRAPH
        if before is not None and before.kind is block.kind is BlockKind.VERSE:
            edge = Edge.SENTENCE if _ENDED.search(before.text) else Edge.PART
        runs_on = after is not None and after.kind is block.kind is BlockKind.VERSE
        last_end = len(line.rstrip())
        for start, end in sentence_spans(line, self.language):
            closes = end == last_end and not runs_on
            for text, first, last in self._parts(line[start:end], closes):
                sentence = Sentence(text, Span(number, start + first, start + last))
                yield self._piece(sentence, closes and start + last == end, edge)
                edge = Edge.PART
            edge = Edge.SENTENCE

    def _parts(self, sentence: str, closes: bool) -> Iterator[tuple[str, int, int]]:
        """(text, start, end) of what a sentence is cut into. closes: whether a block ends with it."""

        def fullness(start: int, end: int) -> float:
            part = " ".join(sentence[start:end].split())
            spoken = self._spoken(part, closes and end == len(sentence))
            n_words, n_chars = _size(part, spoken)
            return max(n_words / self.settings.max_words, n_chars / self.settings.max_chars)

        for start, end in clause_spans(sentence, fullness, self.language):
            yield " ".join(sentence[start:end].split()), start, end

    def _piece(self, sentence: Sentence, closes: bool, edge: Edge) -> Segment:
        spoken = self._spoken(sentence.text, closes)
        n_words, n_chars = _size(sentence.text, spoken)
        if spoken != sentence.text:
            sentence = replace(sentence, spoken=spoken)
        return Segment(sentence, spoken, edge, n_words, n_chars, len(words(without_tags(sentence.text))))

    def _spoken(self, text: str, closes: bool) -> str:
        """What the engine is given. closes: whether a block ends here and so wants a full stop."""
        wants_stop = closes and words(without_tags(text)) and not _ENDED.search(without_tags(text))
        return self.lexicon.respell(text) + ("." if wants_stop else "")


def _size(text: str, spoken: str) -> tuple[int, int]:
    """Words and characters, of whichever has more."""
    return max(len(text.split()), len(spoken.split())), max(len(text), len(spoken))


def spoken_text(pieces: Iterable[Segment]) -> str:
    """What the engine is given for a chunk: a line for each block, but none for a block of bare punctuation."""
    lines = []
    for _, of_block in groupby(pieces, key=lambda piece: piece.sentence.span.block):
        line = " ".join(piece.spoken for piece in of_block)
        if words(line):
            lines.append(line)
    return "\n".join(lines)
