"""Two-level factorial designs: the cells to run, and the estimated main effects and two-factor interactions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mayabook.core.errors import LabError
from mayabook.lab.statistics import CONFIDENCE, POWER, Interval, holm, paired_test

Signs = NDArray[np.int64]
"""Levels of the factors as -1 (low) and 1 (high), shape (n_cells, n_factors)."""


def design(n_factors: int, most_cells: int = 64) -> Signs:
    """The smallest regular fractional factorial design of resolution IV, or the full design if that is no larger.

    In resolution IV no main effect is aliased with a two-factor interaction. Basic factors are in standard order; each
    further factor is a product of three, five, ... of them. Raises LabError if it needs more than most_cells cells.
    """
    n_basic = 0
    while n_basic < n_factors and 2 ** (n_basic - 1) < n_factors:
        n_basic += 1
    if 2**n_basic > most_cells:
        raise LabError(f"{n_factors} factors need {2**n_basic} cells and {most_cells} are allowed; name fewer factors.")
    cells = np.arange(2**n_basic)
    basic = np.stack([1 - 2 * ((cells >> bit) & 1) for bit in range(n_basic)], axis=1) * -1
    odd = [group for size in range(3, n_basic + 1, 2) for group in combinations(range(n_basic), size)]
    extra = [basic[:, group].prod(axis=1) for group in odd[: n_factors - n_basic]]
    return np.column_stack([basic, *extra]) if extra else basic


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a factor, or of an interaction of two factors, on the share of events."""

    names: tuple[str, ...]
    """One factor, or all interactions that the design aliases with each other, as `a x b`."""
    value: float
    """Share of events at the high level less that at the low one; for an interaction, by the product of the signs."""
    interval: Interval
    """95 % interval of the value, by Student's t over chunks."""
    p: float
    """Exact two-sided p-value of a paired test over chunks."""
    adjusted: float
    """p, adjusted by Holm's method over all effects of the design."""
    detectable: float
    """The smallest effect that is detected with a power of 80 % at the strictest level of Holm's method."""
    n_chunks: int
    """Chunks that the effect is estimated from."""

    @property
    def name(self) -> str:
        """The names, joined by `or`."""
        return " or ".join(self.names)

    @property
    def is_main(self) -> bool:
        """Whether it is the main effect of a factor, not an interaction."""
        return len(self.names) == 1 and " x " not in self.names[0]


def effects(signs: Signs, names: Sequence[str], events: NDArray[np.int64]) -> list[Effect]:
    """Estimates all effects, by ascending p-value, then by descending size.

    events: 0 or 1, shape (n_chunks, n_cells), every chunk in every cell. The chunk is the unit: each gives one contrast
    per effect, the events of its high cells less those of its low ones. Raises LabError for fewer than two chunks.
    """
    n_chunks, n_cells = events.shape
    if n_chunks < 2:
        raise LabError("A factorial plan needs two chunks or more; raise chunks.")
    columns = _columns(signs, names)
    contrasts = {group: events @ column for group, column in columns}
    p_values = [paired_test([int(value) for value in contrast]) for contrast in contrasts.values()]
    found = []
    for (group, contrast), p, adjusted in zip(contrasts.items(), p_values, holm(p_values), strict=True):
        shares = contrast / (n_cells / 2)
        error = float(shares.std(ddof=1)) / math.sqrt(n_chunks)
        student = stats.t(n_chunks - 1)
        half = float(student.ppf((1 + CONFIDENCE) / 2)) * error
        strict = float(student.ppf(1 - (1 - CONFIDENCE) / 2 / len(columns)) + student.ppf(POWER))
        value = float(shares.mean())
        interval = Interval(value - half, value + half)
        found.append(Effect(group, value, interval, p, adjusted, strict * error, n_chunks))
    return sorted(found, key=lambda effect: (effect.p, -abs(effect.value)))


def _columns(signs: Signs, names: Sequence[str]) -> list[tuple[tuple[str, ...], Signs]]:
    """The distinct columns of main effects and interactions, each with the names of the effects that share it."""
    columns: list[tuple[list[str], Signs]] = [([name], signs[:, at]) for at, name in enumerate(names)]
    for one, other in combinations(range(len(names)), 2):
        product, name = signs[:, one] * signs[:, other], f"{names[one]} x {names[other]}"
        for group, column in columns[len(names) :]:
            if (column == product).all():
                group.append(name)
                break
        else:
            if abs(int(product.sum())) < len(product):
                columns.append(([name], product))
    return [(tuple(group), column) for group, column in columns]
