"""When each word of the finished audiobook is spoken, for players that show the text as it is read.

    timeline.json    {"files": [...], "chapters": [{"title", "file", "start", "end", "sentences": [...]}]}

Times are in seconds of the file that holds the chapter. A sentence is {"chunk", "block", "heading", "words"}, and a
word [text as written, start, end]. Words without a time from the checks, such as words that were not
heard, divide the time between their neighbours in proportion to their letters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mayabook.core.chunk import Chunk
from mayabook.core.verdict import AlignedWord
from mayabook.master.audiobook import Audiobook
from mayabook.master.timeline import Timeline, TimelineClip


@dataclass(frozen=True, slots=True)
class SpokenChunk:
    """What is known of a chunk's kept take."""

    number: int
    """As a person counts, from 1."""
    chunk: Chunk
    take: Path
    words: tuple[AlignedWord, ...]
    """Of its verdict."""
    headings: frozenset[int]
    """Blocks of its chapter that are headings."""


@dataclass(frozen=True, slots=True)
class WordTime:
    """A word as written, with the punctuation beside it. start, end: seconds."""

    text: str
    start: float
    end: float


def word_times(words: Sequence[str], heard: Sequence[AlignedWord], start: float, end: float) -> list[WordTime]:
    """The times of written words in a take whose speech is from `start` to `end` seconds, in order and without overlap.

    heard: alignment of the text with the transcript; its indices count `words`.
    """
    known: dict[int, tuple[float, float]] = {}
    latest = start
    for word in sorted((each for each in heard if each.index is not None), key=lambda each: each.index or 0):
        if word.index is not None and word.start is not None and word.end is not None:
            begins = min(max(word.start, latest), end)
            latest = min(max(word.end, begins), end)
            known[word.index] = begins, latest
    times: list[WordTime] = []
    edges = [-1, *sorted(known), len(words)]
    for before, after in pairwise(edges):
        gap_start = known[before][1] if before >= 0 else start
        gap_end = known[after][0] if after < len(words) else end
        times += _shared(words[before + 1 : after], gap_start, gap_end)
        if after < len(words):
            times.append(WordTime(words[after], *known[after]))
    return times


def _shared(words: Sequence[str], start: float, end: float) -> Iterator[WordTime]:
    """Divides the time among the words in proportion to their letters; bare punctuation gets none."""
    weights = [sum(map(str.isalnum, word)) for word in words]
    total, passed = sum(weights) or 1, 0
    for word, weight in zip(words, weights, strict=True):
        begins = start + (end - start) * passed / total
        passed += weight
        yield WordTime(word, begins, start + (end - start) * passed / total)


def describe_timeline(timeline: Timeline, chunks: Sequence[SpokenChunk], audiobook: Audiobook) -> dict[str, object]:
    """The content of timeline.json. chunks: in book order; those without audio have no clip in `timeline`."""
    files = list(audiobook.files)
    clips = iter(timeline.clips)
    clip = next(clips, None)
    spoken: list[tuple[TimelineClip, SpokenChunk]] = []
    for chunk in chunks:
        if clip is not None and clip.path == chunk.take:
            spoken.append((clip, chunk))
            clip = next(clips, None)
    rate = timeline.sample_rate
    chapters = []
    for mark, chapter in zip(timeline.chapters, audiobook.chapters, strict=True):
        offset = mark.start / rate - chapter.start
        inside = [each for each in spoken if mark.start <= each[0].start < mark.end]
        chapters.append(
            {
                "title": chapter.title,
                "file": files.index(chapter.file),
                "start": round(chapter.start, 3),
                "end": round(chapter.end, 3),
                "sentences": [row for each in inside for row in _sentences(*each, rate, offset)],
            }
        )
    return {
        "files": [{"name": file.name, "size": file.stat().st_size} for file in files],
        "chapters": chapters,
    }


def _sentences(clip: TimelineClip, spoken: SpokenChunk, rate: int, offset: float) -> Iterator[dict[str, object]]:
    """offset: seconds of the book at which the file begins."""
    shift = (clip.start - clip.first) / rate - offset
    words = spoken.chunk.text.split()
    times = word_times(words, spoken.words, clip.first / rate, clip.stop / rate)
    position = 0
    for sentence in spoken.chunk.sentences:
        count = len(sentence.text.split())
        yield {
            "chunk": spoken.number,
            "block": sentence.span.block,
            "heading": sentence.span.block in spoken.headings,
            "words": [
                [word.text, round(word.start + shift, 3), round(word.end + shift, 3)]
                for word in times[position : position + count]
            ],
        }
        position += count
