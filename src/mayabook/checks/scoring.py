"""Scores of detectors, and the rule that turns them into a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict

REJECTION_WEIGHT = 0.5
"""Weight of a finding from which a take is rejected: that of a score at its threshold."""
REPORTED_SHARE = 0.5
"""Share of its threshold from which a score is reported as a finding."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a detector measured.

    detector: name of the measure. value: grows with badness, in the measure's unit. evidence: one line for a person,
    with figures. start, end: seconds into the take, if known.
    """

    detector: str
    kind: FindingKind
    value: float
    evidence: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that the checks find in a take, before thresholds are applied; fields as in `Verdict`."""

    scores: tuple[Score, ...]
    transcript: str
    words: tuple[AlignedWord, ...]
    errors: int
    n_words: int


def scores_to_findings(scores: Sequence[Score], thresholds: Mapping[str, float]) -> tuple[Finding, ...]:
    """Findings, the worst first. A score at its threshold weighs REJECTION_WEIGHT, others in proportion, up to 1.

    thresholds: `Thresholds.rejection`.
    """
    weighed = [(min(1.0, REJECTION_WEIGHT * score.value / thresholds[score.detector]), score) for score in scores]
    found = [
        Finding(score.kind, score.evidence, weight, score.start, score.end, score.detector)
        for weight, score in weighed
        if weight >= REPORTED_SHARE * REJECTION_WEIGHT
    ]
    return tuple(sorted(found, key=lambda finding: -finding.weight))


def judge(examination: Examination, thresholds: Mapping[str, float]) -> Verdict:
    """A take is accepted unless a score reaches its threshold. thresholds: `Thresholds.rejection`."""
    found = scores_to_findings(examination.scores, thresholds)
    return Verdict(
        accepted=all(finding.weight < REJECTION_WEIGHT for finding in found),
        findings=found,
        transcript=examination.transcript,
        words=examination.words,
        errors=examination.errors,
        n_words=examination.n_words,
    )
