"""Intervals and tests against simulated rates whose truth is known."""

import math

import numpy as np
import pytest
from scipy import stats

from mayabook.lab import statistics
from mayabook.lab.statistics import clustered_rate, mann_kendall, paired_test, wilson_interval

RUNS = 2000


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(20))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p-value from the discordant pairs."""
    n = only_first + only_second
    return float(stats.binomtest(only_first, n).pvalue) if n else 1.0


def test_wilson_is_the_textbooks() -> None:
    theirs = stats.binomtest(7, 200).proportion_ci(method="wilson")
    ours = wilson_interval(7, 200)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert wilson_interval(0, 3).low == 0
    assert wilson_interval(3, 3).high == 1
    assert wilson_interval(0, 0) == statistics.Interval(0, 1)


@pytest.mark.parametrize(("truth", "n"), [(0.02, 200), (0.1, 200), (0.5, 40)])
def test_intervals_of_rates_cover_the_truth(truth: float, n: int, draw: np.random.Generator) -> None:
    covered = 0
    for events in draw.binomial(n, truth, RUNS):
        interval = wilson_interval(int(events), n)
        covered += interval.low <= truth <= interval.high
    assert covered / RUNS >= 0.93


def test_intervals_cover_where_seeds_of_a_chunk_share_its_fate(draw: np.random.Generator) -> None:
    """Half of all chunks fail often, half rarely, with four seeds each: intervals for independent takes are too narrow."""
    covered = naive = 0
    for _ in range(RUNS):
        risks = draw.choice([0.02, 0.6], 40)
        hits = draw.binomial(4, risks)
        interval, plain = (
            clustered_rate([(int(hit), 4) for hit in hits]).interval,
            wilson_interval(int(hits.sum()), 160),
        )
        covered += interval.low <= 0.31 <= interval.high
        naive += plain.low <= 0.31 <= plain.high
    assert covered / RUNS >= 0.93
    assert naive / RUNS < 0.9


def test_no_event_in_many_seeds_of_few_chunks_bounds_by_the_chunks() -> None:
    assert clustered_rate([(0, 10)] * 20).interval.high == pytest.approx(wilson_interval(0, 20).high)
    assert clustered_rate([(0, 1)] * 200).interval.high == pytest.approx(wilson_interval(0, 200).high)


def test_events_in_few_chunks_count_chunks_at_most() -> None:
    """One event among many seeds of few chunks cannot give a tighter bound than none."""
    for bad in ([(1, 4)], [(1, 4)] * 4, [(4, 4)]):
        few = clustered_rate([*bad, *[(0, 4)] * (57 - len(bad))])
        assert few.interval.high >= wilson_interval(few.value * 57, 57).high - 1e-9
    assert clustered_rate([(1, 4), *[(0, 4)] * 56]).interval.high > clustered_rate([(0, 4)] * 57).interval.high


def test_a_trend_of_the_size_that_is_told_is_found(draw: np.random.Generator) -> None:
    tau = statistics.detectable_tau(100)
    slope = math.sin(math.pi * tau / 2) / math.sqrt(1 - math.sin(math.pi * tau / 2) ** 2)
    positions = np.arange(100) - 49.5
    found = [
        mann_kendall((slope * positions / positions.std() + draw.normal(size=100)).tolist()).p <= 0.05
        for _ in range(300)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.08)
    assert statistics.detectable_tau(100, 10) > tau
    assert statistics.detectable_tau(2) == 1


def test_one_pair_a_chunk_is_mcnemar() -> None:
    differences = [1] * 9 + [-1] * 2 + [0] * 30
    assert paired_test(differences) == pytest.approx(mcnemar(9, 2))
    assert paired_test([0, 0]) == mcnemar(0, 0) == 1


@pytest.mark.parametrize("seeds", [1, 4])
def test_the_paired_test_has_its_size_and_finds_what_is_there(seeds: int, draw: np.random.Generator) -> None:
    false = found = 0
    for _ in range(500):
        risks = draw.choice([0.05, 0.6], 60)
        one, other, worse = (draw.binomial(seeds, risk) for risk in (risks, risks, risks + 0.35))
        false += paired_test([int(value) for value in one - other]) <= 0.05
        found += paired_test([int(value) for value in one - worse]) <= 0.05
    assert false / 500 <= 0.07
    assert found / 500 >= 0.8


def test_trends_have_their_size_and_are_found(draw: np.random.Generator) -> None:
    false = sum(mann_kendall(draw.binomial(1, 0.1, 100).tolist()).p <= 0.05 for _ in range(500))
    assert false / 500 <= 0.07
    rising = mann_kendall((np.arange(100) * 0.01 + draw.normal(0, 0.3, 100)).tolist())
    assert rising.p < 0.001
    assert rising.slope == pytest.approx(0.01, rel=0.3)
    assert mann_kendall([1.0] * 50).p == 1


def test_holm_keeps_the_level_of_the_family(draw: np.random.Generator) -> None:
    false = sum(min(statistics.holm(draw.uniform(size=10).tolist())) <= 0.05 for _ in range(RUNS))
    assert false / RUNS <= 0.06
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_bounds_of_the_investigation() -> None:
    """0 of 3 excludes a rate of 63 %, 0 of 200 one of 1.5 %."""
    assert statistics.bound_without_events(3) == pytest.approx(0.632, abs=0.001)
    assert statistics.bound_without_events(200) == pytest.approx(0.0149, abs=0.0001)


@pytest.mark.parametrize("n_tests", [1, 10])
def test_the_pairs_that_are_said_to_decide_do(draw: np.random.Generator, n_tests: int) -> None:
    n = statistics.required_pairs(12, 4, 100, n_tests)
    assert n is not None
    counts = draw.multinomial(n, [0.12, 0.04, 0.84], 500)
    found = np.mean([mcnemar(int(b), int(c)) * n_tests <= 0.05 for b, c, _ in counts])
    assert found == pytest.approx(0.8, abs=0.08)


def test_pairs_that_decide_are_never_too_few_for_any_verdict() -> None:
    """5 discordant pairs, all on one side, give p = 0.06; 6 give p = 0.03."""
    assert statistics.required_pairs(5, 0, 6) == 8
    assert statistics.required_pairs(6, 0, 6) == 6
    assert statistics.required_pairs(3, 3, 100) is None
    assert statistics.required_pairs(0, 0, 0) is None  # two cells of a run that was stopped may share no item yet


def test_nothing_has_no_rate() -> None:
    assert math.isnan(clustered_rate([]).value)
