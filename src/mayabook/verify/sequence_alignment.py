"""Aligns two long word sequences in near-linear time and memory.

N-grams that occur once on both sides anchor them to each other (patience diff): the longest chain of anchors in the
same order is kept, and shorter n-grams are tried between anchors. The gaps of a few words that remain go to `Aligner`.
"""

import bisect
from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise

from mayabook.checks.text_normalisation import TextUnit
from mayabook.checks.word_alignment import AlignedPair, Aligner
from mayabook.core.verdict import WordMatch

ANCHOR_STEPS = ((6, 1), (4, 1), (4, 4), (3, 3))
"""(length of the n-gram, most occurrences on each side), tried in turn. Repeated n-grams come late: in a passage that
was spoken twice no n-gram is unique."""
MAX_CELLS = 10_000
"""Largest product of the lengths of a gap that goes to `Aligner`, whose time is proportional to it."""

Token = Hashable


def align_sequences(aligner: Aligner, expected: Sequence[TextUnit], heard: Sequence[TextUnit]) -> list[AlignedPair]:
    """Aligned pairs in order that cover every unit of both sides once, as `Aligner.align` gives them."""
    left, right = ([unit.verbalisations[0] for unit in side] for side in (expected, heard))
    pairs: list[AlignedPair] = []
    at = (0, 0)
    for i, j in [*_anchors(left, right, (0, len(left)), (0, len(right)), 0), (len(left), len(right))]:
        pairs += _align_gap(aligner, expected, heard, (at[0], i), (at[1], j))
        if i < len(left):
            pairs.append(AlignedPair(WordMatch.SAME, (i, i + 1), (j, j + 1)))
        at = i + 1, j + 1
    return pairs


def _anchors(
    left: Sequence[Token], right: Sequence[Token], here: tuple[int, int], there: tuple[int, int], step: int
) -> list[tuple[int, int]]:
    """Index pairs (i, j) of equal words within ranges of both sides, increasing in both."""
    if step == len(ANCHOR_STEPS) or (here[1] - here[0]) * (there[1] - there[0]) <= MAX_CELLS:
        return []
    found = _anchor_step(left, right, here, there, *ANCHOR_STEPS[step])
    ends = [(here[0] - 1, there[0] - 1), *found, (here[1], there[1])]
    matches: list[tuple[int, int]] = []
    for (i, j), (next_i, next_j) in pairwise(ends):
        matches += _anchors(left, right, (i + 1, next_i), (j + 1, next_j), step + 1)
        if next_i < here[1]:
            matches.append((next_i, next_j))
    return matches


def _anchor_step(
    left: Sequence[Token], right: Sequence[Token], here: tuple[int, int], there: tuple[int, int], length: int, most: int
) -> list[tuple[int, int]]:
    """Longest increasing chain of common n-grams of `length` words, as index pairs of their words."""
    ours, heard_units = _n_gram_index(left, here, length), _n_gram_index(right, there, length)
    chain = _longest_increasing_chain(
        [
            (i, j)
            for run, places in ours.items()
            if len(places) <= most and len(heard_units.get(run, ())) <= most
            for i in places
            for j in heard_units.get(run, ())
        ]
    )
    found: list[tuple[int, int]] = []
    for i, j in chain:
        for n in range(length):
            if not found or (i + n > found[-1][0] and j + n > found[-1][1]):
                found.append((i + n, j + n))
    return found


def _n_gram_index(words: Sequence[Token], within: tuple[int, int], length: int) -> dict[tuple[Token, ...], list[int]]:
    places: dict[tuple[Token, ...], list[int]] = defaultdict(list)
    for at in range(within[0], within[1] - length + 1):
        places[tuple(words[at : at + length])].append(at)
    return places


def _longest_increasing_chain(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Longest chain of points that increases in both coordinates, by patience sorting."""
    points.sort(key=lambda point: (point[0], -point[1]))
    tails: list[int] = []  # the least j that ends a chain of each length, ...
    ends: list[int] = []  # ... and which point that is
    before: list[int] = []
    for number, (_, j) in enumerate(points):
        rank = bisect.bisect_left(tails, j)
        before.append(ends[rank - 1] if rank else -1)
        tails[rank : rank + 1] = [j]
        ends[rank : rank + 1] = [number]
    chain = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(points[at])
        at = before[at]
    return chain[::-1]


def _align_gap(
    aligner: Aligner,
    expected: Sequence[TextUnit],
    heard: Sequence[TextUnit],
    here: tuple[int, int],
    there: tuple[int, int],
) -> list[AlignedPair]:
    (i, i_end), (j, j_end) = here, there
    if (i_end - i) * (j_end - j) > MAX_CELLS:  # nothing in common but odd words
        omitted = [AlignedPair(WordMatch.OMITTED, (at, at + 1), (j, j)) for at in range(i, i_end)]
        return omitted + [AlignedPair(WordMatch.INSERTED, (i_end, i_end), (at, at + 1)) for at in range(j, j_end)]
    return [
        AlignedPair(pair.match, (pair.expected[0] + i, pair.expected[1] + i), (pair.heard[0] + j, pair.heard[1] + j))
        for pair in aligner.align(expected[i:i_end], heard[j:j_end])
    ]
