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
from mayabook.core.spoken_form import Replacement, spoken_form
from mayabook.core.words import words
from mayabook.script.clause_split import clause_spans
from mayabook.script.inline_markup import remove_markup
from mayabook.script.sentence_split import sentence_spans
from mayabook.script.verbalisation import Verbaliser

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
    n_words, n_chars: of the written or of the spoken text, whichever has more.
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
    verbaliser: Verbaliser

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
        heading = block.kind is BlockKind.HEADING
        for start, end in sentence_spans(line, self.language):
            closes = end == last_end and not runs_on
            for text, replacements, first, last in self._parts(line[start:end], closes, heading):
                sentence = Sentence(text, Span(number, start + first, start + last), None, replacements)
                yield _segment(sentence, closes and start + last == end, boundary)
                boundary = Boundary.PART
            boundary = Boundary.SENTENCE

    def _parts(
        self, sentence: str, closes: bool, heading: bool
    ) -> Iterator[tuple[str, tuple[Replacement, ...], int, int]]:
        """(text, replacements, start, end) of each part of a sentence.

        closes: whether the sentence is the last of its block. heading: whether the block is a heading.
        """
        replacements = self.verbaliser.verbalise(sentence, heading=heading)

        def part(start: int, end: int) -> tuple[str, tuple[Replacement, ...]]:
            cut = any(each.start < border < each.end for each in replacements for border in (start, end))
            inside = (
                self.verbaliser.verbalise(sentence[start:end], heading=heading)
                if cut
                else [
                    replace(each, start=each.start - start, end=each.end - start)
                    for each in replacements
                    if start <= each.start and each.end <= end
                ]
            )
            return _on_one_line(sentence[start:end], inside)

        def fullness(start: int, end: int) -> float:
            text, inside = part(start, end)
            n_words, n_chars = _size(text, _spoken(text, inside, closes and end == len(sentence)))
            return max(n_words / self.settings.max_words, n_chars / self.settings.max_chars)

        for start, end in clause_spans(_masked(sentence, replacements), fullness, self.language):
            yield *part(start, end), start, end


def _masked(sentence: str, replacements: Sequence[Replacement]) -> str:
    """The sentence with replaced parts as plain words, so that it is cut neither at "St." nor in "5 km"."""
    for each in replacements:
        if " " in sentence[each.start : each.end]:
            sentence = sentence[: each.start] + "x" * (each.end - each.start) + sentence[each.end :]
    return sentence


def _on_one_line(text: str, replacements: Sequence[Replacement]) -> tuple[str, tuple[Replacement, ...]]:
    """The text with single spaces, and its replacements moved to where they are then."""
    places, kept = [], ""
    for char in text:
        places.append(len(kept))
        if not char.isspace() or (kept and not kept.endswith(" ")):
            kept += " " if char.isspace() else char
    places.append(len(kept))
    moved = (replace(each, start=places[each.start], end=places[each.end]) for each in replacements)
    line = kept.rstrip()
    return line, tuple(replace(each, end=min(each.end, len(line))) for each in moved if each.start < len(line))


def _segment(sentence: Sentence, closes: bool, boundary: Boundary) -> Segment:
    spoken = _spoken(sentence.text, sentence.replacements, closes)
    n_words, n_chars = _size(sentence.text, spoken)
    if spoken != sentence.text:
        sentence = replace(sentence, spoken=spoken)
    return Segment(sentence, spoken, boundary, n_words, n_chars, len(words(without_tags(sentence.text))))


def with_something_to_speak(segments: Sequence[Segment]) -> Sequence[Segment]:
    """The segments of a chunk; as they are written if all of it would be left out, as in a heading "²"."""
    if words(spoken_text(segments)):
        return segments
    return [
        _segment(replace(each.sentence, spoken=None, replacements=()), True, each.boundary_before) for each in segments
    ]


def _spoken(text: str, replacements: Sequence[Replacement], closes: bool) -> str:
    """Text for the engine. closes: whether a block ends here, which gets a full stop if it has no punctuation."""
    spoken = spoken_form(text, replacements)
    wants_stop = closes and words(without_tags(spoken)) and not _ENDED.search(without_tags(spoken))
    return spoken + ("." if wants_stop else "")


def _size(text: str, spoken: str) -> tuple[int, int]:
    """Words and characters of whichever text has more."""
    return max(len(text.split()), len(spoken.split())), max(len(text), len(spoken))


def spoken_text(segments: Iterable[Segment]) -> str:
    """Text of a chunk for the engine: one line per block; blocks of bare punctuation are dropped."""
    lines = []
    for _, of_block in groupby(segments, key=lambda segment: segment.sentence.span.block):
        line = " ".join(segment.spoken for segment in of_block if segment.spoken)
        if words(line):
            lines.append(line)
    return "\n".join(lines)
