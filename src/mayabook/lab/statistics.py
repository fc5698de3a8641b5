"""Intervals, paired tests, trend tests and sample sizes for rates of artifacts.

Takes of one chunk with several seeds are not independent, so all intervals and tests use the chunk as the unit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
"""Coverage of intervals; tests use a level of 1 - CONFIDENCE."""
POWER = 0.8
"""Power for which sample sizes and detectable effects are computed."""
MIN_CHUNKS = 5
"""Fewest chunks with an event, and fewest with a take without one, for a reliable design effect."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval estimate."""

    low: float
    """Lower bound."""
    high: float
    """Upper bound."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion: takes with an event among all takes."""

    events: int
    """Takes with an event."""
    n: int
    """All takes."""
    n_chunks: int
    """Distinct chunks among the takes."""
    interval: Interval
    """Wilson interval on the effective number of takes."""

    @property
    def value(self) -> float:
        """The proportion; NaN without takes."""
        return self.events / self.n if self.n else math.nan


def wilson_interval(events: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Wilson interval of a proportion (Wilson 1927). n may be an effective, fractional number; 0 gives [0, 1]."""
    if n <= 0:
        return Interval(0.0, 1.0)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    share = events / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(0.0 if events == 0 else max(0.0, middle - half), 1.0 if events == n else min(1.0, middle + half))


def clustered_rate(events: Sequence[tuple[int, int]]) -> Rate:
    """The rate of events with an interval that allows for clustering by chunk. events: (events, takes) of each chunk.

    The effective number of takes is n divided by the design effect, scaled for the few chunks that the design effect is
    estimated from (Korn and Graubard 1998). If fewer than FEW chunks have an event, or fewer than FEW have a take
    without one, the estimate is unreliable, and the effective number is at most the number of chunks.
    """
    hits, sizes = np.array([pair[0] for pair in events], float), np.array([pair[1] for pair in events], float)
    n, k = float(sizes.sum()), len(events)
    total = float(hits.sum())
    effective = n
    if 1 < k < n:
        share = total / n
        few = min(int((hits > 0).sum()), int((hits < sizes).sum())) < MIN_CHUNKS
        if total in (0.0, n):
            effective = float(k)
        else:
            variance = k / (k - 1) * float(((hits - share * sizes) ** 2).sum()) / n**2
            shrink = (stats.norm.ppf((1 + CONFIDENCE) / 2) / stats.t.ppf((1 + CONFIDENCE) / 2, k - 1)) ** 2
            effective = min(k if few else n, share * (1 - share) / variance * float(shrink)) if variance else float(k)
    elif k == 1:
        effective = 1.0
    scaled = wilson_interval(total / n * effective if n else 0, effective)
    return Rate(int(total), int(n), k, scaled)


def paired_test(differences: Sequence[int]) -> float:
    """Exact two-sided p-value of a paired sign-flip permutation test. differences: the sum of each chunk.

    Under the null hypothesis each chunk's sum has either sign with equal probability. With one pair of binary outcomes
    per chunk this is McNemar's exact test.
    """
    sizes = [abs(value) for value in differences if value]
    reach = sum(sizes)
    chances = np.zeros(2 * reach + 1)
    chances[reach] = 1.0
    for size in sizes:
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2
    far = np.abs(np.arange(-reach, reach + 1)) >= abs(sum(differences))
    return min(1.0, float(chances[far].sum()))


@dataclass(frozen=True, slots=True)
class Trend:
    """A monotonic trend of values by position."""

    tau: float
    """Kendall's tau, -1 to 1."""
    p: float
    """Two-sided p-value of no trend."""
    slope: float
    """Theil-Sen slope: change of the value per position."""


def mann_kendall(values: Sequence[float]) -> Trend:
    """Mann-Kendall test of whether values rise or fall with their position, corrected for ties.

    Fewer than three values, or equal ones, give no trend and p = 1.
    """
    if len(values) < 3 or len(set(values)) == 1:
        return Trend(0.0, 1.0, 0.0)
    positions = np.arange(len(values))
    found = stats.kendalltau(positions, values)
    return Trend(float(found.statistic), float(found.pvalue), float(stats.theilslopes(values, positions).slope))


def detectable_tau(n: int, n_tests: int = 1) -> float:
    """Kendall's tau, at most 1, that one of n_tests tests on n values without ties detects with a power of 80 %."""
    if n < 3:
        return 1.0
    z = float(stats.norm.ppf(1 - (1 - CONFIDENCE) / 2 / n_tests) + stats.norm.ppf(POWER))
    return min(1.0, z * math.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1))))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted by Holm's method (Holm 1979), which controls the family-wise error rate."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return [float(value) for value in adjusted]


def bound_without_events(n: int, confidence: float = CONFIDENCE) -> float:
    """One-sided upper bound of a rate after n trials without an event: 0.63 for 3, 0.015 for 200. 1 for n = 0."""
    return float(1 - (1 - confidence) ** (1 / n)) if n else 1.0


def required_pairs(only_first: int, only_second: int, n: int, n_tests: int = 1) -> int | None:
    """Sample size at which McNemar's exact test would detect the observed difference; None if there is none.

    In pairs, each of a chunk of its own, at a power of 80 % and as one of n_tests tests. only_first, only_second: the
    observed discordant pairs, of n. Connor's (1987) normal approximation, but at least as many pairs as make the test
    significant if all discordant pairs are on one side.
    """
    if only_first == only_second:
        return None
    discordant, difference = (only_first + only_second) / n, abs(only_first - only_second) / n
    level = (1 - CONFIDENCE) / n_tests
    z = float(stats.norm.ppf(1 - level / 2))
    within = math.sqrt(max(0.0, discordant - difference**2))
    approximate = ((z * math.sqrt(discordant) + float(stats.norm.ppf(POWER)) * within) / difference) ** 2
    fewest_discordant = math.ceil(1 + math.log2(1 / level))
    return math.ceil(max(approximate, fewest_discordant / discordant))
