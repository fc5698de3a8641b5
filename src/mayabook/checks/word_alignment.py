"""Aligns the words of a text with a transcript at the least cost; words are compared by sound, not by spelling.

Both sides come as text units (`text_normalisation.text_units`). A few neighbouring units of one side may match a few of
the other as a group: "north west" and "northwest", "1897" and "eighteen ninety-seven", "Eleanor" and "a leaner".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.number_normalisation import NUMBER_WORDS
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.text_normalisation import TextUnit, joined_verbalisations
from mayabook.checks.thresholds import AlignmentCosts
from mayabook.core.verdict import WordMatch

MAX_JOINED = 3
"""Most units of one side that may match as a group ..."""
MAX_JOINED_TO_NUMBER = 7
"""... or so many against a single unit with several verbalisations, such as a number; one with more words may match as
many units as it has words."""

_ELIDED = re.compile("(?:(?<=[bglmnvzðŋɹʒʤ])d|(?<=[fkpsʃʧ])t)(?= [dtð])")
"""A word-final /t/ or /d/ after a consonant of the same voicing, before a /d/, /t/ or /ð/, where speakers drop it:
"returned the", "last day". The /t/ of "can't" is kept, because /n/ is voiced."""


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """Half-open ranges of expected and of heard units that match; in an omission or insertion one is empty."""

    match: WordMatch
    expected: tuple[int, int]
    heard: tuple[int, int]


class Aligner:
    """Dynamic-programming aligner. May be used from several threads."""

    def __init__(self, phonetics: Phonetics, costs: AlignmentCosts) -> None:
        self._phonetics, self._costs = phonetics, costs

    def align(self, expected: Sequence[TextUnit], heard: Sequence[TextUnit]) -> list[AlignedPair]:
        """Pairs in order that cover every unit of both sides once."""
        lead = _common_prefix(expected, heard)
        trail = _common_prefix(expected[lead:][::-1], heard[lead:][::-1])
        if lead + trail < max(len(expected), len(heard)):  # groups may reach into what is equal
            lead, trail = max(0, lead - MAX_JOINED), max(0, trail - MAX_JOINED)
        pairs = [AlignedPair(WordMatch.SAME, (at, at + 1), (at, at + 1)) for at in range(lead)]
        left, right = len(expected) - trail, len(heard) - trail
        for pair in self._cheapest(expected[lead:left], heard[lead:right]):
            pairs.append(
                AlignedPair(
                    pair.match,
                    (pair.expected[0] + lead, pair.expected[1] + lead),
                    (pair.heard[0] + lead, pair.heard[1] + lead),
                )
            )
        pairs += [
            AlignedPair(WordMatch.SAME, (left + at, left + at + 1), (right + at, right + at + 1)) for at in range(trail)
        ]
        return pairs

    def _cheapest(self, expected: Sequence[TextUnit], heard: Sequence[TextUnit]) -> list[AlignedPair]:
        n, m = len(expected), len(heard)
        distance = self._distances(expected, heard)
        total = np.full((n + 1, m + 1), np.inf)
        total[0, 0] = 0.0
        step: dict[tuple[int, int], AlignedPair] = {}

        def offer(i: int, j: int, cost: float, pair: AlignedPair) -> None:
            at = pair.expected[1], pair.heard[1]
            if total[i, j] + cost < total[at] - 1e-9:
                total[at] = total[i, j] + cost
                step[at] = pair

        for i in range(n + 1):
            for j in range(m + 1):
                if i < n:
                    offer(i, j, 1.0, AlignedPair(WordMatch.OMITTED, (i, i + 1), (j, j)))
                if j < m:
                    offer(i, j, 1.0, AlignedPair(WordMatch.INSERTED, (i, i), (j, j + 1)))
                if i < n and j < m:
                    wrong = self._costs.substitution + self._costs.substitution_distance * distance[i, j]
                    offer(i, j, wrong, AlignedPair(WordMatch.WRONG, (i, i + 1), (j, j + 1)))
                    for match, width, height, cost in self._matches(expected, i, heard, j):
                        offer(i, j, cost, AlignedPair(match, (i, i + width), (j, j + height)))
        pairs: list[AlignedPair] = []
        at = n, m
        while at != (0, 0):
            pairs.append(step[at])
            at = pairs[-1].expected[0], pairs[-1].heard[0]
        return pairs[::-1]

    def _distances(self, expected: Sequence[TextUnit], heard: Sequence[TextUnit]) -> NDArray[np.float32]:
        """Phonetic distances of the plainest verbalisations, as shares of the longer; shape (expected, heard)."""
        left, right = ([self._phonemes(unit.verbalisations[0]) for unit in side] for side in (expected, heard))
        if not left or not right:
            return np.zeros((len(left), len(right)), np.float32)
        lengths = np.maximum.outer([len(sound) for sound in left], [len(sound) for sound in right])
        shares: NDArray[np.float32] = np.minimum(1.0, self._phonetics.distances(left, right) / np.maximum(1, lengths))
        return shares

    def _matches(
        self, expected: Sequence[TextUnit], i: int, heard: Sequence[TextUnit], j: int
    ) -> list[tuple[WordMatch, int, int, float]]:
        """(match, n expected units, n heard units, cost) of each way in which units from i and j on match."""
        found = []
        for width, height in _group_sizes(expected, i, heard, j):
            ours, theirs = (
                joined_verbalisations(expected[i : i + width]),
                joined_verbalisations(heard[j : j + height]),
            )
            joining = self._costs.joined_word * (width + height - 2)
            if not {"".join(reading) for reading in ours}.isdisjoint("".join(reading) for reading in theirs):
                found.append((WordMatch.SAME, width, height, self._costs.match + joining))
            elif (
                max(width, height) <= MAX_JOINED
                and not _share_a_unit(expected[i : i + width], heard[j : j + height])
                and self._sound_alike(ours, theirs, name=any(unit.name for unit in expected[i : i + width]))
            ) or (width == height == 1 and self._sound_alike_before_next(expected[i : i + 2], heard[j : j + 2])):
                found.append((WordMatch.SOUND, width, height, self._costs.homophone + joining))
        return found

    def _sound_alike(self, ours: Sequence[tuple[str, ...]], theirs: Sequence[tuple[str, ...]], *, name: bool) -> bool:
        """Whether verbalisations of both sides are homophones. Two numbers are not: ASR knows how they are spelled."""
        if all(map(_number_words, ours)) and all(map(_number_words, theirs)):
            return False
        left, right = ([self._phonemes(reading) for reading in side] for side in (ours, theirs))
        longest = max(map(len, (*left, *right)))
        if abs(len(left[0]) - len(right[0])) > max(3, 0.5 * longest):
            return False
        allowed = [
            [self._phonetics.max_distance(max(len(one), len(other)), name=name) for other in right] for one in left
        ]
        return bool((self._phonetics.distances(left, right) <= np.array(allowed) + 1e-6).any())

    def _sound_alike_before_next(self, ours: Sequence[TextUnit], theirs: Sequence[TextUnit]) -> bool:
        """Whether the first units differ at most by a final /t/ or /d/ that is dropped before the second units, which
        must be equal: "returned the" and "return the"."""
        if min(len(ours), len(theirs)) < 2 or ours[1].verbalisations[0] != theirs[1].verbalisations[0]:
            return False
        one, other = (" ".join(self._phonemes(unit.verbalisations[0]) for unit in side) for side in (ours, theirs))
        return _ELIDED.sub("", one) == _ELIDED.sub("", other)

    def _phonemes(self, reading: tuple[str, ...]) -> str:
        return "".join(map(self._phonetics.phonemes, reading))


def _share_a_unit(ours: Sequence[TextUnit], theirs: Sequence[TextUnit]) -> bool:
    """Whether several units of either side have one in common, at an end or at different places: then the rest alone
    must sound alike, since more phonemes are allowed to differ in a longer group."""
    if min(len(ours), len(theirs)) < 2:
        return False
    left, right = ([unit.verbalisations[0] for unit in side] for side in (ours, theirs))
    inner = {unit for one, unit in enumerate(left) for other, same in enumerate(right) if unit == same and one != other}
    return bool(inner) or any(left[at] == right[at] for at in (0, -1))


def _number_words(reading: tuple[str, ...]) -> list[str]:
    return [word for word in reading if word in NUMBER_WORDS]


def _common_prefix(left: Sequence[TextUnit], right: Sequence[TextUnit]) -> int:
    """Number of leading units that are equal."""
    count = 0
    while count < min(len(left), len(right)) and left[count].verbalisations[0] == right[count].verbalisations[0]:
        count += 1
    return count


def _group_sizes(expected: Sequence[TextUnit], i: int, heard: Sequence[TextUnit], j: int) -> list[tuple[int, int]]:
    wide, high = len(expected) - i, len(heard) - j
    shapes = [
        (width, height)
        for width in range(1, min(MAX_JOINED, wide) + 1)
        for height in range(1, min(MAX_JOINED, high) + 1)
    ]
    shapes += [(1, height) for height in range(MAX_JOINED + 1, min(_most_joined(expected[i]), high) + 1)]
    shapes += [(width, 1) for width in range(MAX_JOINED + 1, min(_most_joined(heard[j]), wide) + 1)]
    return shapes


def _most_joined(unit: TextUnit) -> int:
    """Most units of the other side that may match one unit."""
    longest = max(map(len, unit.verbalisations))
    return max(longest, MAX_JOINED_TO_NUMBER) if len(unit.verbalisations) > 1 else longest
