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
    """Other words than the text has, or unintelligible ones."""
    SILENCE = "silence"
    """Longer than the break in the text allows."""


DEFECT_OF_FINDING = {
    FindingKind.OMITTED: DefectKind.MISSING,
    FindingKind.TRUNCATED: DefectKind.MISSING,
    FindingKind.LOOP: DefectKind.DOUBLED,
    FindingKind.INSERTED: DefectKind.EXTRA,
    FindingKind.TAIL: DefectKind.EXTRA,
    FindingKind.GARBLED: DefectKind.GARBLED,
}
"""Defect kind of each finding kind that counts here. Level, noise and voice are the producer's choice; silences are
found in the first pass."""


@dataclass(frozen=True, slots=True)
class Defect:
    """start, end: seconds into the whole recording; equal where something is missing. place: the same, by file and
    chapter. text: what the text has there, empty for speech that it has not. evidence: one line for a person."""

    kind: DefectKind
    start: float
    end: float
    position: RecordingPosition
    text: str
    evidence: str


@dataclass(frozen=True, slots=True)
class HeardSentence:
    """A sentence of the text. start, end: seconds into the recording, None where it was not found. sound: every word
    of it was heard, or it passed the checks."""

    chapter: str
    text: str
    start: float | None
    end: float | None
    is_sound: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """files: of the recording, in order. defects: by time. before, after: speech before and after the text, an
    introduction or credits; (words, start, end), None where there is none. n_looked: sentences that were heard a second
    time."""

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
    def n_sound(self) -> int:
        return sum(sentence.is_sound for sentence in self.sentences)
