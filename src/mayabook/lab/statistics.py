"""What rates, pairs and trends allow to be said, and how many takes would allow more.

Takes of one chunk with several seeds are not independent: intervals and tests here take chunks as the unit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
POWER = 0.8
FEW = 5
"""Chunks with events, or without, from which a design effect is estimated."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """events of n takes from n_chunks chunks. interval: Wilson's, on the effective number of takes."""

    events: int
    n: int
    n_chunks: int
    interval: Interval

    @property
    def value(self) -> float:
        return self.events / self.n if self.n else math.nan


def wilson(events: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Interval of a proportion (Wilson 1927); n may be an effective, fractional number. Everything for n = 0."""
    if n <= 0:
        return Interval(0.0, 1.0)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    share = events / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(0.0 if events == 0 else max(0.0, middle - half), 1.0 if events == n else min(1.0, middle + half))


def rate(events: Sequence[tuple[int, int]]) -> Rate:
    """events: for each chunk, events and takes.

    The effective number of takes is n divided by the design effect, and scaled for the few chunks it is estimated from
    (Korn and Graubard 1998). Where few chunks have events, or few have none, it cannot be estimated well, and is never
    more than the number of chunks.
    """
    hits, sizes = np.array([pair[0] for pair in events], float), np.array([pair[1] for pair in events], float)
    n, k = float(sizes.sum()), len(events)
    total = float(hits.sum())
    effective = n
    if 1 < k < n:
        share = total / n
        few = min(int((hits > 0).sum()), int((hits < sizes).sum())) < FEW
        if total in (0.0, n):
            effective = float(k)
        else:
            variance = k / (k - 1) * float(((hits - share * sizes) ** 2).sum()) / n**2
            shrink = (stats.norm.ppf((1 + CONFIDENCE) / 2) / stats.t.ppf((1 + CONFIDENCE) / 2, k - 1)) ** 2
            effective = min(k if few else n, share * (1 - share) / variance * float(shrink)) if variance else float(k)
    elif k == 1:
        effective = 1.0
    scaled = wilson(total / n * effective if n else 0, effective)
    return Rate(int(total), int(n), k, scaled)


def paired(differences: Sequence[int]) -> float:
    """Two-sided p-value of no difference, exact: each chunk's sum of differences may have had either sign.

    With one pair of outcomes for each chunk this is McNemar's exact test.
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
    """tau: Kendall's, -1 to 1. slope: Theil and Sen's, of the value for each position."""

    tau: float
    p: float
    slope: float


def mann_kendall(values: Sequence[float]) -> Trend:
    """Whether values rise or fall with their position; ties are allowed for."""
    if len(values) < 3 or len(set(values)) == 1:
        return Trend(0.0, 1.0, 0.0)
    positions = np.arange(len(values))
    found = stats.kendalltau(positions, values)
    return Trend(float(found.statistic), float(found.pvalue), float(stats.theilslopes(values, positions).slope))


def tau_to_find(n: int, n_tests: int = 1) -> float:
    """Kendall's tau that n values without ties would show in four of five tries, one of so many tests; 1 at most."""
    if n < 3:
        return 1.0
    z = float(stats.norm.ppf(1 - (1 - CONFIDENCE) / 2 / n_tests) + stats.norm.ppf(POWER))
    return min(1.0, z * math.sqrt(2 * (2 * n + 5) / (9 * n * (n - 1))))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted so that all of them together err at the stated level (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return [float(value) for value in adjusted]


def bound_without_events(n: int, confidence: float = CONFIDENCE) -> float:
    """The rate that n takes without an event exclude, one-sided: 0.63 for 3, 0.015 for 200."""
    return float(1 - (1 - confidence) ** (1 / n)) if n else 1.0


def pairs_to_tell(only_first: int, only_second: int, n: int, n_tests: int = 1) -> int | None:
    """Pairs, each of a chunk of its own, of which McNemar's exact test, as one of so many, would settle a difference as
    large as the one seen, four times of five; None where none was seen. Connor's (1987) normal approximation, and no
    fewer than let a test of all discordant pairs on one side be significant.
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
