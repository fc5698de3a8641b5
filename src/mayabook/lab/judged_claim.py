"""A claim of the report of 2025-11-17 with its verdict, and when takes without an event refute one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mayabook.lab.rows import Row

HOLDS, REFUTED, UNDECIDED, NOT_RUN = "holds", "refuted", "undecided at this n", "not run"
"""Verdicts."""
MAX_REFUTING_BOUND = 0.1
"""Takes without an event refute a cause only if the upper bound of its rate is at most this share of chunks.

The report found defects in three chunks of three. A cause that affects fewer than 37 % of chunks would produce that
with a probability of about 5 % at most."""


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim of the report with its verdict."""

    claim: str
    """The claim, in one sentence."""
    experiment: str
    """Name of the experiment that the verdict is based on."""
    figures: str
    """The results that decide it, in words."""
    verdict: str
    """One of HOLDS, REFUTED, UNDECIDED and NOT_RUN."""
    consequence: str
    """Advice to users that follows from the verdict."""


Results = Mapping[str, Sequence[Row]]
"""Name of an experiment -> its rows; an experiment that was not run is missing or has none."""
