"""The verdict on a take: whether it is accepted, its defects, and the alignment of transcript and text."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """The kinds of defects."""

    SILENT = "silent"
    """There is no speech."""
    TRUNCATED = "truncated"
    """The take ends before its text does, or was ended by its cap."""
    TAIL = "tail"
    """There is voice or noise after the last word."""
    LOOP = "loop"
    """A passage is repeated over and over."""
    GARBLED = "garbled"
    """Words are not those of the text, or cannot be understood."""
    MISREAD = "misread"
    """A word is read wrongly, such as letter by letter."""
    OMITTED = "omitted"
    """Words of the text are not spoken."""
    INSERTED = "inserted"
    """Words are spoken that the text does not have."""
    PROMPT_LEAK = "prompt_leak"
    """The description of the voice, or part of it, is spoken."""
    OFF_PACE = "off_pace"
    """Speech is too fast or too slow."""
    CLIPPED = "clipped"
    """Samples are at full scale."""
    NOISY = "noisy"
    """There is noise instead of, or besides, speech."""
    DRIFT = "drift"
    """The voice changes within the take."""
    OTHER_VOICE = "other_voice"
    """The speaker differs from that of the other takes of the book."""
    OFF_GRAMMAR = "off_grammar"
    """The model wanted tokens that the frame layout does not allow."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect of a take."""

    kind: FindingKind
    evidence: str
    """One line for a person, with figures."""
    weight: float
    """How bad, 0 to 1; among takes of a chunk, the one with the least sum of weights is the best."""
    start: float | None = None
    """Where it begins, in seconds into the take; None where that is not known."""
    end: float | None = None
    """Where it ends, in seconds into the take; None where that is not known."""
    detector: str = ""
    """Name of the check that found it."""


class WordMatch(StrEnum):
    """How a word of the text compares with what was heard."""

    SAME = "same"
    """Heard as written, after normalisation."""
    SOUND = "sound"
    """Transcribed with another spelling that sounds the same: a homophone or a name."""
    WRONG = "wrong"
    """Another word was heard in its place."""
    OMITTED = "omitted"
    """Not heard."""
    INSERTED = "inserted"
    """Heard, but not in the text."""


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """One row of the alignment between text and transcript."""

    match: WordMatch
    index: int | None
    """Index of the word in `Chunk.text.split()`, None for an inserted word. Each word of the chunk that holds a letter
    or digit has exactly one row."""
    expected: str
    """As written; empty for an inserted word."""
    heard: str
    """As transcribed; empty for an omitted word."""
    start: float | None = None
    """Seconds into the take; None where nothing was heard."""
    end: float | None = None
    """Seconds into the take; None where nothing was heard."""


@dataclass(frozen=True, slots=True)
class VoiceMeasures:
    """What a take sounds like, to compare it with the others of its book."""

    pitch: float | None
    """Median, in Hz; None where no frame has a pitch."""
    pace: float
    """Phonemes of the text for each second of voice."""
    level: float
    """RMS of the voiced frames, in dB below full scale."""
    speaker: float | None
    """Value of the detector other_voice; None where the voice of the book is not known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks say of a take."""

    accepted: bool
    findings: tuple[Finding, ...]
    transcript: str
    """What the recogniser heard."""
    words: tuple[AlignedWord, ...]
    """Alignment of text and transcript, in the order of the take; empty where the take was rejected before it was
    transcribed."""
    errors: int
    """Substituted, omitted and inserted words after normalisation, as jiwer counts them."""
    n_words: int
    """Words of the text after normalisation."""
    voice: VoiceMeasures | None = None
    """None for takes that are too short to compare, and in verdicts of older versions."""

    @property
    def risk(self) -> float:
        """Sum of the findings' weights, 0 for a clean take."""
        return sum(finding.weight for finding in self.findings)

    @property
    def word_error_rate(self) -> float:
        """`errors` per word of the text."""
        return self.errors / max(1, self.n_words)
