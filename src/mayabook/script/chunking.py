"""Which sentences make a chunk.

A stretch of text that fits into one chunk is one. Any other is cut in two at the strongest edge that leaves at
least half a chunk on either side, and so on with both halves. A paragraph's end is stronger than a sentence's;
among equals a number drawn from the words that follow decides (a checksum of them). So it depends on the text
around an edge, not on a count from the beginning, whether there is a cut: insert a sentence, and the chunks
before and after its own stay as they are, as does their audio. Before that, a sentence of a few words joins a
neighbour; after it, what is left smaller than half a chunk does, wherever the limits allow.
"""

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from mayabook.core.settings import ScriptSettings
from mayabook.script.pieces import Piece

_WELL_FILLED = 0.5  # share of a chunk that a cut leaves on either side


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive pieces."""

    pieces: tuple[Piece, ...]
    n_words: int
    n_chars: int
    n_speakable: int

    def __add__(self, after: "_Run") -> "_Run":
        return _Run(
            self.pieces + after.pieces,
            self.n_words + after.n_words,
            self.n_chars + 1 + after.n_chars,
            self.n_speakable + after.n_speakable,
        )


def chunk_runs(pieces: list[Piece], settings: ScriptSettings) -> list[tuple[Piece, ...]]:
    """The pieces of one scene, or of one run of headings, as chunks in order.

    Pieces without a letter or digit join a neighbour; one that fits beside neither is left out.
    """
    few = min(settings.min_words, settings.max_words * _WELL_FILLED)
    runs = [_Run((piece,), piece.n_words, piece.n_chars, piece.n_speakable) for piece in pieces]
    runs = _join_small(runs, lambda run: run.n_speakable < few, settings)
    chunks = _divide([run for run in runs if run.n_speakable], settings)
    chunks = _join_small(chunks, lambda run: _fullness(run, settings) < _WELL_FILLED, settings)
    return [chunk.pieces for chunk in chunks]


def _fullness(run: _Run, settings: ScriptSettings) -> float:
    """1 fills a chunk, more does not fit."""
    return max(run.n_words / settings.max_words, run.n_chars / settings.max_chars)


def _join_small(runs: list[_Run], small: Callable[[_Run], bool], settings: ScriptSettings) -> list[_Run]:
    """Each small run with the neighbour across the weaker edge, or else the smaller one, if both fit a chunk."""
    joined: list[_Run] = []
    waiting = runs[::-1]
    while waiting:
        run = waiting.pop()
        if not small(run):
            joined.append(run)
            continue
        pairs = []
        if joined:
            pairs.append((run.pieces[0].opens, _fullness(joined[-1] + run, settings), joined))
        if waiting:
            pairs.append((waiting[-1].pieces[0].opens, _fullness(run + waiting[-1], settings), waiting))
        fitting = [pair for pair in pairs if pair[1] <= 1]
        if not fitting:
            joined.append(run)
        elif min(fitting, key=lambda pair: pair[:2])[2] is joined:
            joined[-1] += run
        else:
            waiting[-1] = run + waiting[-1]
    return joined


def _divide(runs: list[_Run], settings: ScriptSettings) -> list[_Run]:
    words = [0, *accumulate(run.n_words for run in runs)]
    chars = [0, *accumulate(run.n_chars + 1 for run in runs)]
    strengths = [_strength(run.pieces[0]) for run in runs]

    def fullness(start: int, end: int) -> float:
        n_words, n_chars = words[end] - words[start], chars[end] - chars[start] - 1
        return max(n_words / settings.max_words, n_chars / settings.max_chars)

    chunks = []
    todo = [(0, len(runs))] if runs else []
    while todo:
        start, end = todo.pop()
        if end - start == 1 or fullness(start, end) <= 1:
            chunks.append(_merged(runs[start:end]))
            continue
        cut = _cut(start, end, strengths, fullness)
        todo += [(cut, end), (start, cut)]
    return chunks


def _strength(piece: Piece) -> int:
    """Of the edge before a piece: first what ends there, then a checksum of what follows."""
    return (piece.opens << 32) + zlib.crc32(piece.sentence.text.encode())


def _cut(start: int, end: int, strengths: list[int], fullness: Callable[[int, int], float]) -> int:
    """Between `start` and `end`, both excluded: where to cut the runs from `start` to `end`."""
    cuts = range(start + 1, end)
    first = bisect_left(cuts, _WELL_FILLED, key=lambda cut: fullness(start, cut))
    last = bisect_right(cuts, -_WELL_FILLED, key=lambda cut: -fullness(cut, end))
    if first >= last:  # no cut leaves enough on both sides: the one that leaves most on the smaller
        near = cuts[max(0, min(first, last) - 1) : max(first, last) + 1]
        return max(near, key=lambda cut: (min(fullness(start, cut), fullness(cut, end)), strengths[cut]))
    strongest = max(strengths[cuts[first] : cuts[last - 1] + 1])
    equal = [cut for cut in cuts[first:last] if strengths[cut] == strongest]
    return min(equal, key=lambda cut: abs(2 * cut - start - end))


def _merged(runs: list[_Run]) -> _Run:
    return _Run(
        tuple(piece for run in runs for piece in run.pieces),
        sum(run.n_words for run in runs),
        sum(run.n_chars + 1 for run in runs) - 1,
        sum(run.n_speakable for run in runs),
    )
