"""Result of a verification: sentences with their times, and defects."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mayabook.core.verdict import FindingKind
from mayabook.verify.recording import RecordingPosition


class DefectKind(StrEnum):
    MISSING = "missing"
    """In the text, but not heard."""
    DOUBLED = "doubled"
    """A passage of the text that is heard twice."""
    MISPLACED = "misplaced"
    """A passage of the text that is heard elsewhere instead of in its place."""
    EXTRA = "extra"
    """Speech that is not in the text."""
    GARBLED = "garbled"
    """Other words than the text has, unintelligible ones, or a word read wrongly, such as letter by letter."""
    SILENCE = "silence"
    """Longer than the break in the text allows."""


DEFECT_OF_FINDING = {
    FindingKind.OMITTED: DefectKind.MISSING,
    FindingKind.TRUNCATED: DefectKind.MISSING,
    FindingKind.LOOP: DefectKind.DOUBLED,
    FindingKind.INSERTED: DefectKind.EXTRA,
    FindingKind.TAIL: DefectKind.EXTRA,
    FindingKind.GARBLED: DefectKind.GARBLED,
    FindingKind.MISREAD: DefectKind.GARBLED,
}
"""Defect kind of each finding kind that counts here. Level, noise and voice are the producer's choice; silences are
found in the first pass."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect of the recording.

    start, end: seconds into the whole recording; equal where something is missing. position: `start` by file and
    chapter. text: the book's text there; empty for extra speech. evidence: one line for a person.
    """

    kind: DefectKind
    start: float
    end: float
    position: RecordingPosition
    text: str
    evidence: str


@dataclass(frozen=True, slots=True)
class HeardSentence:
    """A sentence of the text. start, end: seconds into the recording, None where it was not found. is_correct: every
    word of it was heard, or it passed the checks."""

    chapter: str
    text: str
    start: float | None
    end: float | None
    is_correct: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of a verification.

    files: of the recording, in order. duration: seconds. defects: by time. intro, outro: speech before and after the
    text as (words, start, end), None where there is none. n_rechecked: sentences that went through the second pass.
    """

    title: str
    files: tuple[Path, ...]
    duration: float
    sentences: tuple[HeardSentence, ...]
    defects: tuple[Defect, ...]
    intro: tuple[str, float, float] | None
    outro: tuple[str, float, float] | None
    n_rechecked: int

    @property
    def is_clean(self) -> bool:
        return not self.defects

    @property
    def n_correct(self) -> int:
        return sum(sentence.is_correct for sentence in self.sentences)
