"""Runs of neighbouring words in which text and transcript differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mayabook.core.verdict import AlignedWord, WordMatch

MATCHED = (WordMatch.SAME, WordMatch.SOUND)


@dataclass(frozen=True, slots=True)
class MismatchRun:
    """Neighbouring rows of the alignment that do not match.

    start: index of its first row. at_end: nothing matches after it.
    """

    words: tuple[AlignedWord, ...]
    start: int
    at_end: bool

    @property
    def expected(self) -> list[str]:
        return [row.expected for row in self.words if row.expected]

    @property
    def heard(self) -> list[str]:
        return [row.heard for row in self.words if row.heard]


def mismatch_runs(rows: Sequence[AlignedWord]) -> list[MismatchRun]:
    """Runs of neighbouring mismatches."""
    last_match = max((at for at, row in enumerate(rows) if row.match in MATCHED), default=-1)
    runs, at = [], 0
    for matched, group in groupby(rows, key=lambda row: row.match in MATCHED):
        members = tuple(group)
        if not matched:
            runs.append(MismatchRun(members, at, at_end=at > last_match))
        at += len(members)
    return runs


def plain_word(word: str) -> str:
    """Lower case with letters, digits, apostrophes and spaces only; ’ becomes '."""
    return "".join(char for char in word.lower().replace("’", "'") if char.isalnum() or char in "' ")
