"""What detectors hand over, and the one rule that makes a verdict of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict

REJECTION_WEIGHT = 0.5
"""Weight of a finding that rejects a take: that of a score at its limit."""
REPORTED_SHARE = 0.5
"""Share of its limit from which a score is told as a finding."""


@dataclass(frozen=True, slots=True)
class Score:
    """value: grows with badness, in a unit of the detector's own. start, end: seconds into the take, where known."""

    detector: str
    kind: FindingKind
    value: float
    evidence: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """All that the checks see in a take before any limit is applied; fields as in `Verdict`.

    A detector that sees nothing gives no score, and may give several.
    """

    scores: tuple[Score, ...]
    transcript: str
    words: tuple[AlignedWord, ...]
    errors: int
    n_words: int


def scores_to_findings(scores: Sequence[Score], limits: Mapping[str, float]) -> tuple[Finding, ...]:
    """The worst first. A score at its limit weighs 0.5, others in proportion, up to 1."""
    weighed = [(min(1.0, REJECTION_WEIGHT * score.value / limits[score.detector]), score) for score in scores]
    found = [
        Finding(score.kind, score.evidence, weight, score.start, score.end, score.detector)
        for weight, score in weighed
        if weight >= REPORTED_SHARE * REJECTION_WEIGHT
    ]
    return tuple(sorted(found, key=lambda finding: -finding.weight))


def judge(examination: Examination, limits: Mapping[str, float]) -> Verdict:
    """Accepted unless a score reaches its limit."""
    found = scores_to_findings(examination.scores, limits)
    return Verdict(
        accepted=all(finding.weight < REJECTION_WEIGHT for finding in found),
        findings=found,
        transcript=examination.transcript,
        words=examination.words,
        errors=examination.errors,
        n_words=examination.n_words,
    )
