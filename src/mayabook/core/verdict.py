"""What the checks say of a take."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    SILENT = "silent"
    TRUNCATED = "truncated"
    TAIL = "tail"
    LOOP = "loop"
    GARBLED = "garbled"
    OMITTED = "omitted"
    INSERTED = "inserted"
    OFF_PACE = "off_pace"
    CLIPPED = "clipped"
    NOISY = "noisy"
    DRIFT = "drift"
    OFF_GRAMMAR = "off_grammar"


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect.

    evidence: one line for a person, with figures. weight: how bad, 0 to 1; the take with the least sum is the best.
    start, end: seconds into the take, where known. detector: which of the checks found it.
    """

    kind: FindingKind
    evidence: str
    weight: float
    start: float | None = None
    end: float | None = None
    detector: str = ""


class WordMatch(StrEnum):
    SAME = "same"
    """Heard as written, after normalisation."""
    SOUND = "sound"
    """Spelt otherwise, but sounds the same: a homophone or a name."""
    WRONG = "wrong"
    """Another word was heard in its place."""
    OMITTED = "omitted"
    """Not heard."""
    INSERTED = "inserted"
    """Heard, but not in the text."""


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """One row of the alignment between text and transcript.

    index: which word of `Chunk.text.split()` this is, None for an inserted one. Every index of the chunk that
    holds a letter or digit occurs in exactly one row.
    expected, heard: as written and as recognised, empty where there is none.
    start, end: seconds into the take, where something was heard.
    """

    match: WordMatch
    index: int | None
    expected: str
    heard: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """transcript: what the recogniser heard. errors / n_words: the word error rate, as jiwer defines it, after
    normalisation. risk: sum of the findings' weights, 0 for a clean take."""

    accepted: bool
    findings: tuple[Finding, ...]
    transcript: str
    words: tuple[AlignedWord, ...]
    errors: int
    n_words: int

    @property
    def risk(self) -> float:
        return sum(finding.weight for finding in self.findings)

    @property
    def wer(self) -> float:
        return self.errors / max(1, self.n_words)
