"""Which sentences make a chunk.

Sentences grow together into chunks across the edges between them, the weakest edge first, wherever both sides
together keep to the limits. An edge inside a paragraph is weaker than one between paragraphs, so a chunk rather
ends with a paragraph; an edge before a sentence of few words is weaker than its like, so that such a sentence
finds company; and among equals a checksum of the words that follow decides. No count from the beginning has a
say, so whether there is a cut depends on the text around it alone: add a sentence to a paragraph whose chunk has
room, and only that chunk changes; insert one anywhere, and it is that chunk and at times one or two beside it.
All other audio of the book is kept. At last, what is left with too few words takes sentences from a neighbour.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from mayabook.core.settings import ScriptSettings
from mayabook.script.segments import Segment


@dataclass(frozen=True, slots=True)
class _Run:
    """Pieces that stay together: one that holds a word, and what has none of its own beside it."""

    segments: tuple[Segment, ...]

    @property
    def n_words(self) -> int:
        return sum(piece.n_words for piece in self.segments)

    @property
    def n_chars(self) -> int:
        return sum(piece.n_chars for piece in self.segments) + len(self.segments) - 1

    @property
    def n_speakable(self) -> int:
        return sum(piece.n_speakable for piece in self.segments)

    def strength(self, min_words: int) -> tuple[int, bool, int]:
        """Of the edge before it."""
        checksum = zlib.crc32(self.segments[0].sentence.text.encode())
        return self.segments[0].opens, self.n_speakable >= min_words, checksum


class _SegmentRange:
    """The runs of a scene. Ranges of them are named by the numbers of their first and of the one after their last."""

    def __init__(self, runs: Sequence[_Run], settings: ScriptSettings) -> None:
        self.runs = runs
        self.settings = settings
        self._words = [0, *accumulate(run.n_words for run in runs)]
        self._chars = [0, *accumulate(run.n_chars + 1 for run in runs)]
        self._speakable = [0, *accumulate(run.n_speakable for run in runs)]

    def fullness(self, start: int, end: int) -> float:
        """1 fills a chunk, more does not fit."""
        n_words, n_chars = self._words[end] - self._words[start], self._chars[end] - self._chars[start] - 1
        return max(n_words / self.settings.max_words, n_chars / self.settings.max_chars)

    def has_few_words(self, start: int, end: int) -> bool:
        return self._speakable[end] - self._speakable[start] < self.settings.min_words


def chunk_segments(pieces: Sequence[Segment], settings: ScriptSettings) -> list[tuple[Segment, ...]]:
    """The pieces of one scene, or of one stretch of headings, as chunks in order.

    A piece without a letter or digit stays with a neighbour; one that fits beside neither is left out.
    """

    def fits(run: _Run) -> bool:
        return run.n_words <= settings.max_words and run.n_chars <= settings.max_chars

    stretch = _SegmentRange(_with_words(pieces, fits), settings)
    cuts = _even_out(stretch, _grow(stretch))
    return [tuple(piece for run in stretch.runs[start:end] for piece in run.segments) for start, end in pairwise(cuts)]


def _with_words(pieces: Sequence[Segment], fits: Callable[[_Run], bool]) -> list[_Run]:
    """A run for each piece that holds a word. What holds none goes with the run before it, a tag with the next."""
    runs: list[_Run] = []
    waiting: tuple[Segment, ...] = ()
    for piece in pieces:
        run = _Run((*waiting, piece))
        if waiting and not fits(run):
            _append(runs, waiting, fits)
            run = _Run((piece,))
        waiting = ()
        if run.n_speakable:
            runs.append(run)
        elif "<" in piece.sentence.text or not _append(runs, run.segments, fits):
            waiting = run.segments
    _append(runs, waiting, fits)
    return runs


def _append(runs: list[_Run], pieces: tuple[Segment, ...], fits: Callable[[_Run], bool]) -> bool:
    """Adds pieces to the last run; whether there was one with room for them."""
    if not runs or not fits(longer := _Run(runs[-1].segments + pieces)):
        return False
    runs[-1] = longer
    return True


def _grow(stretch: _SegmentRange) -> list[int]:
    """Where chunks begin, and the end of the last."""
    n_runs = len(stretch.runs)
    starts = list(range(n_runs))  # of the range that ends with a run, where it starts
    ends = list(range(1, n_runs + 1))  # of the range that starts with a run, where it ends
    cuts = {0, n_runs}
    min_words = stretch.settings.min_words
    for edge in sorted(range(1, n_runs), key=lambda edge: stretch.runs[edge].strength(min_words)):
        start, end = starts[edge - 1], ends[edge]
        if stretch.fullness(start, end) <= 1:
            ends[start], starts[end - 1] = end, start
        else:
            cuts.add(edge)
    return sorted(cuts)


def _even_out(stretch: _SegmentRange, cuts: list[int]) -> list[int]:
    """Moves a cut beside a range of few words, if then neither side has few: to where the smaller side has most."""
    cuts = list(cuts)
    for place in range(1, len(cuts) - 1):
        before, cut, after = cuts[place - 1], cuts[place], cuts[place + 1]
        if not (stretch.has_few_words(before, cut) or stretch.has_few_words(cut, after)):
            continue
        evenness = {
            moved: min(stretch.fullness(before, moved), stretch.fullness(moved, after))
            for moved in range(before + 1, after)
            if max(stretch.fullness(before, moved), stretch.fullness(moved, after)) <= 1
            and not stretch.has_few_words(before, moved)
            and not stretch.has_few_words(moved, after)
        }
        cuts[place] = max(evenness, key=evenness.__getitem__, default=cut)
    return cuts
