"""Splits blocks into segments: the sentences that chunks are made of, each with the text for the engine."""

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
from mayabook.script.inline_markup import remove_markup
from mayabook.script.lexicon import Lexicon
from mayabook.script.sentence_split import sentence_spans

# Punctuation that ends or suspends a line, and what may close after it.
_ENDED = regex.compile(r"[\p{Terminal_Punctuation}…\p{Pd}][\s\"'\p{Pe}\p{Pf}\p{Pi}]*$")


class Boundary(IntEnum):
    """What ends where a segment begins, from weak to strong. Chunks preferably end at a strong boundary."""

    PART = 0
    """A part of a sentence that was cut, or a line of verse that runs on."""
    SENTENCE = 1
    PARAGRAPH = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence or a part of one.

    spoken: what the engine is given for it (`spoken_text` leaves out a block of bare punctuation).
    spoken: text for the engine. n_words, n_chars: of the written or of the spoken text, whichever has more.
    n_speakable: words with a letter or digit, emotion tags aside.
    """

    sentence: Sentence
    spoken: str
    boundary_before: Boundary
    n_words: int
    n_chars: int
    n_speakable: int


@dataclass(frozen=True, slots=True)
class SegmentBuilder:
    settings: ScriptSettings
    language: Language
    lexicon: Lexicon

    def segments(self, blocks: Sequence[tuple[int, Block]]) -> list[Segment]:
        """The segments of consecutive blocks and their numbers in the chapter, each within the limits of a chunk."""
        around = [None, *(block for _, block in blocks), None]
        return [
            segment
            for (number, block), before, after in zip(blocks, around, around[2:], strict=False)
            for segment in self._block_segments(number, block, before, after)
        ]

    def _block_segments(
        self, number: int, block: Block, before: Block | None, after: Block | None
    ) -> Iterator[Segment]:
        line = remove_markup(block.text)
        boundary = Boundary.PARAGRAPH
        if before is not None and before.kind is block.kind is BlockKind.VERSE:
            boundary = Boundary.SENTENCE if _ENDED.search(before.text) else Boundary.PART
        runs_on = after is not None and after.kind is block.kind is BlockKind.VERSE
        last_end = len(line.rstrip())
        for start, end in sentence_spans(line, self.language):
            closes = end == last_end and not runs_on
            for text, first, last in self._parts(line[start:end], closes):
                sentence = Sentence(text, Span(number, start + first, start + last))
                yield self._segment(sentence, closes and start + last == end, boundary)
                boundary = Boundary.PART
            boundary = Boundary.SENTENCE

    def _parts(self, sentence: str, closes: bool) -> Iterator[tuple[str, int, int]]:
        """(text, start, end) of each part of a sentence. closes: whether the sentence is the last of its block."""

        def fullness(start: int, end: int) -> float:
            part = " ".join(sentence[start:end].split())
            spoken = self._spoken(part, closes and end == len(sentence))
            n_words, n_chars = _size(part, spoken)
            return max(n_words / self.settings.max_words, n_chars / self.settings.max_chars)

        for start, end in clause_spans(sentence, fullness, self.language):
            yield " ".join(sentence[start:end].split()), start, end

    def _segment(self, sentence: Sentence, closes: bool, boundary: Boundary) -> Segment:
        spoken = self._spoken(sentence.text, closes)
        n_words, n_chars = _size(sentence.text, spoken)
        if spoken != sentence.text:
            sentence = replace(sentence, spoken=spoken)
        return Segment(sentence, spoken, boundary, n_words, n_chars, len(words(without_tags(sentence.text))))

    def _spoken(self, text: str, closes: bool) -> str:
        """Text for the engine. closes: whether a block ends here, which gets a full stop if it has no punctuation."""
        wants_stop = closes and words(without_tags(text)) and not _ENDED.search(without_tags(text))
        return self.lexicon.respell(text) + ("." if wants_stop else "")


def _size(text: str, spoken: str) -> tuple[int, int]:
    """Words and characters of whichever text has more."""
    return max(len(text.split()), len(spoken.split())), max(len(text), len(spoken))


def spoken_text(segments: Iterable[Segment]) -> str:
    """Text of a chunk for the engine: one line per block; blocks of bare punctuation are dropped."""
    lines = []
    for _, of_block in groupby(segments, key=lambda segment: segment.sentence.span.block):
        line = " ".join(segment.spoken for segment in of_block)
        if words(line):
            lines.append(line)
    return "\n".join(lines)
