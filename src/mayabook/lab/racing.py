"""A race: which levels of a factor are better or worse than its default, with as few takes as possible.

All levels read the same units in the same order. After each number of units in LOOKS, every level that is undecided is
compared with the default by the exact paired test. By the union bound over all looks and all comparisons of a tuning,
the probability of any false decision is at most 5 %, so it does not matter that a race ends early. From the second look
on, the worse half of several undecided levels is dropped (successive halving). At every look, levels behind one that
was found better are dropped too, and, once all passages were read, those that are not ahead of the default. Nothing is
claimed of a dropped level, so dropping causes no false decision.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mayabook.lab.statistics import CONFIDENCE, paired_test

LOOKS = (16, 32, 64, 128, 256, 512)
"""Numbers of units after which levels are compared. No test is made in between."""

Outcomes = Mapping[str, Sequence[bool]]
"""Level -> whether each unit failed, in their order, as far as the level has read them."""


class Standing(StrEnum):
    """What is known of a level."""

    DEFAULT = "default"
    UNDECIDED = "no difference beyond chance"
    BETTER = "better beyond chance"
    WORSE = "worse beyond chance"
    DROPPED = "dropped: not ahead, but not worse beyond chance"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A level against the default, at the last look that it had."""

    standing: Standing
    n: int = 0
    """Units that both have read."""
    only_level: int = 0
    """Units that failed with this level alone."""
    only_default: int = 0
    """Units that failed with the default alone."""
    p: float = 1.0
    """Two-sided p-value of the exact paired test, by passage; not adjusted."""


@dataclass(frozen=True, slots=True)
class RaceState:
    """The state of a race."""

    comparisons: Mapping[str, Comparison]
    """Of every level."""
    running: tuple[str, ...]
    """Levels that need more units, the default first; none once the race is over."""
    next_look: int
    """Units that they need for the next look."""
    ended: str = ""
    """Why it is over, in words."""

    @property
    def better(self) -> list[str]:
        """The levels that are better than the default."""
        return [name for name, found in self.comparisons.items() if found.standing is Standing.BETTER]


def comparison_level(n_comparisons: int) -> float:
    """Significance level of one comparison at one look. n_comparisons: of all races of a tuning."""
    return (1 - CONFIDENCE) / (len(LOOKS) * max(1, n_comparisons))


def decisive_units(level: float) -> int:
    """Fewest units that decide a comparison, if they all fail with one level and none with the other."""
    return math.ceil(1 - math.log2(level))


def replay(levels: Sequence[str], outcomes: Outcomes, n_passages: int, level: float) -> RaceState:
    """The state of a race, from all outcomes so far: every look is repeated.

    levels: the default first. n_passages: unit k reads passage k mod n_passages, later ones with another seed; the
    passage is the unit of the test. level: significance level, from `comparison_level`.
    """
    default, *others = levels
    found = {name: Comparison(Standing.UNDECIDED) for name in others}
    for at, look in enumerate(LOOKS):
        undecided = [name for name in others if found[name].standing is Standing.UNDECIDED]
        running = (default, *undecided)
        if not undecided:
            return _over(default, found, "every level is decided or dropped")
        if any(len(outcomes.get(name, ())) < look for name in running):
            return RaceState({default: Comparison(Standing.DEFAULT), **found}, running, look)
        failures = {name: sum(outcomes[name][:look]) for name in running}
        for name in undecided:
            found[name] = _compare(outcomes[name][:look], outcomes[default][:look], n_passages, level)
        if all(count == look for count in failures.values()):
            return _over(default, found, f"every level failed in all of {look} units, so they cannot be compared")
        if look >= n_passages and not failures[default]:
            return _over(default, found, f"the default failed in none of {look} units, so none can be better")
        to_beat = failures[default] if look >= n_passages else look + 1
        better = [name for name in undecided if found[name].standing is Standing.BETTER]
        best = min([to_beat, *(failures[name] for name in better)])
        undecided = [name for name in undecided if found[name].standing is Standing.UNDECIDED]
        kept = sorted((name for name in undecided if failures[name] < best), key=lambda name: failures[name])
        if at:
            kept = kept[: math.ceil(len(kept) / 2)]
        for name in set(undecided) - set(kept):
            found[name] = _dropped(found[name])
    return _over(default, found, f"{LOOKS[-1]} units are the limit")


def _over(default: str, found: Mapping[str, Comparison], why: str) -> RaceState:
    return RaceState({default: Comparison(Standing.DEFAULT), **found}, (), 0, why)


def _dropped(found: Comparison) -> Comparison:
    return Comparison(Standing.DROPPED, found.n, found.only_level, found.only_default, found.p)


def _compare(one: Sequence[bool], default: Sequence[bool], n_passages: int, level: float) -> Comparison:
    """Compares the outcomes of a level with those of the default."""
    sums = [0] * min(n_passages, len(one))
    for unit, (mine, theirs) in enumerate(zip(one, default, strict=True)):
        sums[unit % n_passages] += mine - theirs
    p = paired_test(sums)
    standing = Standing.UNDECIDED
    if p <= level:
        standing = Standing.WORSE if sum(sums) > 0 else Standing.BETTER
    pairs = list(zip(one, default, strict=True))
    only_level = sum(mine and not theirs for mine, theirs in pairs)
    only_default = sum(theirs and not mine for mine, theirs in pairs)
    return Comparison(standing, len(pairs), only_level, only_default, p)
