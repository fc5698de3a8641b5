"""The one rule that makes a verdict of scores."""

import pytest

from mayabook.checks.scoring import Examination, Score, judge
from mayabook.core.verdict import FindingKind

THRESHOLDS = {"click": 10.0, "tail": 2.0}


def examined(*scores: Score) -> Examination:
    return Examination(scores, "the boat came in", (), 1, 4)


def score(value: float, detector: str = "click") -> Score:
    return Score(detector, FindingKind.NOISY, value, "a click", 1.0, 1.1)


@pytest.mark.parametrize(
    ("value", "weight", "accepted"), [(5.0, 0.25, True), (9.9, 0.495, True), (10.0, 0.5, False), (40.0, 1.0, False)]
)
def test_a_score_at_its_threshold_rejects(value: float, weight: float, accepted: bool) -> None:
    verdict = judge(examined(score(value)), THRESHOLDS)
    assert verdict.accepted is accepted
    (finding,) = verdict.findings
    assert finding.detector == "click"
    assert finding.weight == pytest.approx(weight)
    assert (finding.start, finding.end, finding.evidence) == (1.0, 1.1, "a click")


def test_what_is_far_below_its_threshold_is_not_told() -> None:
    assert judge(examined(score(4.9)), THRESHOLDS).findings == ()


def test_small_scores_do_not_add_up_and_the_worst_comes_first() -> None:
    verdict = judge(examined(score(6.0), score(1.9, "tail"), score(9.0)), THRESHOLDS)
    assert verdict.accepted
    assert [finding.detector for finding in verdict.findings] == ["tail", "click", "click"]
    assert verdict.risk == pytest.approx(0.475 + 0.45 + 0.3)


def test_a_verdict_carries_the_examination() -> None:
    verdict = judge(examined(), THRESHOLDS)
    assert verdict.accepted
    assert (verdict.transcript, verdict.errors, verdict.n_words) == ("the boat came in", 1, 4)
