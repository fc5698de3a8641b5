"""The registry of detectors: names are unique, every measure has a threshold, and an added detector takes part in verdicts."""

from pathlib import Path

import numpy as np
import pytest

from bench.defects.thresholds import TARGETS
from bench.detector_cost import table_rows
from mayabook.checks import Checker, detectors
from mayabook.checks.detectors import (
    Evidence,
    Measure,
    Needs,
    measures,
    register,
    require_rejection_thresholds,
    run_detectors,
)
from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.errors import CheckError
from mayabook.core.settings import CheckSettings
from mayabook.core.take import StopReason
from mayabook.core.verdict import FindingKind

THRESHOLDS = load_thresholds().rejection


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Detectors that a test registers are forgotten after it."""
    monkeypatch.setattr(detectors, "_REGISTRY", list(detectors.detectors()))


def test_every_measure_has_a_threshold_and_every_threshold_a_measure() -> None:
    assert set(THRESHOLDS) == set(measures())
    require_rejection_thresholds(THRESHOLDS)


def test_a_measure_without_a_threshold_stops_the_checks_with_one_line(registry: None) -> None:
    register(Measure("buzz", FindingKind.NOISY, "buzzes a second"), needs=Needs.SIGNAL, cost=0.0)(lambda evidence: [])
    with pytest.raises(CheckError, match=r"'buzz' has no threshold; add it to \[rejection\] in thresholds.toml"):
        Checker(CheckSettings())


def test_a_threshold_without_a_measure_is_told() -> None:
    with pytest.raises(CheckError, match="No detector measures 'hum'"):
        require_rejection_thresholds({**THRESHOLDS, "hum": 1.0})


def test_names_of_measures_are_unique(registry: None) -> None:
    with pytest.raises(ValueError, match="'click' is already registered"):
        register(Measure("click", FindingKind.NOISY, "clicks"), needs=Needs.SIGNAL, cost=0.0)(lambda evidence: [])


def test_an_added_detector_is_run_with_those_of_its_kind(registry: None) -> None:
    @register(Measure("loudest", FindingKind.CLIPPED, "highest sample"), needs=Needs.SIGNAL, cost=0.0)
    def loudest(evidence: Evidence) -> list[Score]:
        value = float(np.abs(evidence.audio).max())
        return [Score("loudest", FindingKind.CLIPPED, value, f"a sample of {value:.2f}")]

    audio = np.zeros(24000, np.float32)
    audio[500] = -0.75
    evidence = Evidence(load_thresholds(), audio, 24000)
    assert run_detectors(evidence, Needs.SIGNAL)[-1] == Score("loudest", FindingKind.CLIPPED, 0.75, "a sample of 0.75")
    assert "loudest" not in {score.detector for score in run_detectors(evidence, Needs.CODES, Needs.LEVEL)}


def test_scores_are_of_the_measures_that_their_detector_declares() -> None:
    noise = np.random.default_rng(0).normal(0, 0.2, 5 * 24000).astype(np.float32).clip(-1, 1)
    evidence = Evidence(load_thresholds(), noise, 24000, n_phonemes=(40, 40))
    for detector in detectors.detectors(Needs.SIGNAL):
        declared = {(measure.name, measure.kind) for measure in detector.measures}
        assert {(score.detector, score.kind) for score in detector.score(evidence)} <= declared


@pytest.mark.parametrize(
    ("stop", "measure"), [(StopReason.CAP, "capped"), (StopReason.BUDGET, "over_budget"), (StopReason.LOOP, "aborted")]
)
def test_a_take_that_the_engine_ended_is_rejected(stop: StopReason, measure: str) -> None:
    evidence = Evidence(load_thresholds(), np.zeros(0, np.float32), 24000, stop=stop, stop_detail="after 700 tokens")
    (score,) = run_detectors(evidence, Needs.STOP_REASON)
    assert score.detector == measure
    assert score.value >= THRESHOLDS[measure]
    assert score.evidence.endswith(": after 700 tokens")


def test_calibration_and_documentation_know_every_measure() -> None:
    assert set(TARGETS) <= set(measures())
    page = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    rows = [row for detector in detectors.detectors() for row in table_rows(detector)]
    assert len(rows) == len(THRESHOLDS)
    assert [row for row in rows if row not in page] == []
