"""Factorial designs on simulated takes: a planted cause is ranked first, and without one nothing is found."""

import numpy as np
import pytest

from mayabook.core.errors import LabError
from mayabook.lab.factorial import design, effects

NAMES = ("penalty", "mask", "bos", "order", "top_k", "min_p", "cap", "format")


@pytest.mark.parametrize("n", range(1, 12))
def test_main_effects_are_clear_of_each_other_and_of_pairs(n: int) -> None:
    signs = design(n)
    assert signs.shape[1] == n
    assert set(np.unique(signs)) == {-1, 1}
    np.testing.assert_array_equal(signs.T @ signs, len(signs) * np.eye(n))
    for one in range(n):
        for other in range(one):
            product = signs[:, one] * signs[:, other]
            assert (signs.T @ product == 0).all()


def test_eight_factors_take_sixteen_cells() -> None:
    assert len(design(8)) == 16
    assert len(design(9)) == 32
    assert len(design(3)) == 8
    with pytest.raises(LabError, match="fewer factors"):
        design(9, most_cells=16)


def simulate(effect: float, seed: int, n_chunks: int = 40, pair: float = 0.0) -> list:
    draw = np.random.Generator(np.random.Philox(seed))
    signs = design(8)
    risks = draw.choice([0.05, 0.4], (n_chunks, 1)) + effect / 2 * (1 + signs[:, 0])
    risks = np.clip(risks + pair / 2 * (1 + signs[:, 1] * signs[:, 2]), 0, 1)
    return effects(signs, NAMES, (draw.uniform(size=risks.shape) < risks).astype(np.int64))


def test_a_planted_cause_is_ranked_first_with_its_size() -> None:
    found = [simulate(0.2, seed) for seed in range(40)]
    assert sum(result[0].names == ("penalty",) and result[0].adjusted < 0.05 for result in found) >= 38
    covered = [e.interval.low <= 0.2 <= e.interval.high for r in found for e in r if e.name == "penalty"]
    assert sum(covered) >= 36


def test_a_null_plan_finds_nothing() -> None:
    """By the family-wise error rate, one design in twenty may find something."""
    false = sum(simulate(0.0, seed)[0].adjusted < 0.05 for seed in range(200))
    assert false <= 16


def test_a_pair_of_causes_is_found_among_those_it_cannot_be_told_from() -> None:
    first = simulate(0.0, 3, pair=0.25)[0]
    assert not first.is_main
    assert "mask x bos" in first.names
    assert first.value == pytest.approx(0.25, abs=0.1)


def test_what_is_called_detectable_is_detected_mostly() -> None:
    limit = np.mean([e.detectable for e in simulate(0.15, 1) if e.is_main])
    adjusted = sum(
        next(e.adjusted for e in simulate(float(limit), seed) if e.names == ("penalty",)) < 0.05 for seed in range(60)
    )
    assert (
        0.6 <= adjusted / 60 <= 0.95
    )  # the promise is four of five; the standard error that the limit comes from is itself an estimate
