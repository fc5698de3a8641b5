"""Two-level factorial plans: which cells to run, and what they say of each factor and pair of factors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from mayabook.core.errors import LabError
from mayabook.lab.statistics import CONFIDENCE, POWER, Interval, holm, paired

Signs = NDArray[np.int64]
"""-1 and 1, shape (n_cells, n_factors)."""


def design(n_factors: int, most_cells: int = 64) -> Signs:
    """The smallest regular fraction in which no main effect is aliased with a pair (resolution IV), or all cells where
    these are no more.

    Basic factors are in standard order; the others are products of three, five, ... of them.
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
    """What the high level of a factor changes in the share of events, or that of a pair of factors by their product.

    names: one factor, or all pairs that this plan cannot tell apart, as `a x b`. p: exact; adjusted: Holm's, over all
    effects of the plan. detectable: the smallest effect that this many chunks would find in four of five tries, at the
    strictest level that Holm asks for.
    """

    names: tuple[str, ...]
    value: float
    interval: Interval
    p: float
    adjusted: float
    detectable: float
    n_chunks: int

    @property
    def name(self) -> str:
        return " or ".join(self.names)

    @property
    def is_main(self) -> bool:
        return len(self.names) == 1 and " x " not in self.names[0]


def effects(signs: Signs, names: Sequence[str], events: NDArray[np.int64]) -> list[Effect]:
    """The largest first. events: 0 or 1, shape (n_chunks, n_cells), every chunk in every cell.

    The unit is the chunk: each gives one contrast, the events of its high cells less those of its low ones.
    """
    n_chunks, n_cells = events.shape
    if n_chunks < 2:
        raise LabError("A factorial plan needs two chunks or more; raise chunks.")
    columns = _columns(signs, names)
    contrasts = {group: events @ column for group, column in columns}
    p_values = [paired([int(value) for value in contrast]) for contrast in contrasts.values()]
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
    """The distinct columns of main effects and pairs, each with what it stands for."""
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
