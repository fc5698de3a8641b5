"""Races: planted differences are found early, and on a null the error rate keeps to its bound."""

import numpy as np
import pytest

from mayabook.lab.racing import LOOKS, Standing, comparison_level, decisive_units, replay

N = 64
LEVEL = comparison_level(9)


def drawn(rate: float, n: int = LOOKS[-1], seed: int = 1) -> list[bool]:
    return (np.random.Generator(np.random.Philox(seed)).random(n) < rate).tolist()


def test_a_level_that_always_fails_is_found_at_the_first_look() -> None:
    state = replay(["good", "bad"], {"good": [False] * 16, "bad": [True] * 16}, N, LEVEL)
    assert state.comparisons["bad"].standing is Standing.WORSE
    assert (state.comparisons["bad"].n, state.comparisons["bad"].only_level) == (16, 16)
    assert not state.running
    assert state.ended == "every level is decided or dropped"


def test_a_level_that_mends_the_default_is_found() -> None:
    state = replay(["bad", "good"], {"bad": [True] * 16, "good": [False] * 16}, N, LEVEL)
    assert state.better == ["good"]


def test_a_decision_takes_as_many_units_as_are_said() -> None:
    needed = decisive_units(LEVEL)
    assert needed == 12
    for n, standing in ((needed - 1, Standing.UNDECIDED), (needed, Standing.WORSE)):
        outcomes = {"good": [False] * 16, "bad": [True] * n + [False] * (16 - n)}
        assert replay(["good", "bad"], outcomes, N, LEVEL).comparisons["bad"].standing is standing


def test_levels_are_compared_at_looks_only() -> None:
    state = replay(["good", "bad"], {"good": [False] * 15, "bad": [True] * 15}, N, LEVEL)
    assert state.comparisons["bad"].standing is Standing.UNDECIDED
    assert (state.running, state.next_look) == (("good", "bad"), 16)


def test_the_worse_half_is_dropped_from_the_second_look_on() -> None:
    few = {name: [True] * n + [False] * (32 - n) for name, n in (("a", 2), ("b", 4), ("c", 6), ("d", 8))}
    first = replay(list(few), {name: found[:16] for name, found in few.items()}, N, LEVEL)
    assert first.running == tuple(few)
    second = replay(list(few), few, N, LEVEL)
    assert second.running == ("a", "b", "c")
    assert second.comparisons["d"].standing is Standing.DROPPED


def test_what_is_behind_a_better_level_is_dropped() -> None:
    outcomes = {"bad": [True] * 16, "better": [False] * 15 + [True], "half": [True, False] * 8, "best": [False] * 16}
    found = replay(list(outcomes), outcomes, N, LEVEL).comparisons
    assert (found["better"].standing, found["best"].standing) == (Standing.BETTER, Standing.BETTER)
    assert found["half"].standing is Standing.DROPPED


def test_nothing_can_be_better_than_no_failure() -> None:
    outcomes = {"a": [False] * N, "b": [False] * N}
    state = replay(["a", "b"], outcomes, N, LEVEL)
    assert state.ended == "the default failed in none of 64 units, so none can be better"
    assert state.comparisons["b"].standing is Standing.UNDECIDED


def test_nothing_can_be_told_where_everything_fails() -> None:
    state = replay(["a", "b"], {"a": [True] * 16, "b": [True] * 16}, N, LEVEL)
    assert "they cannot be compared" in state.ended
    assert not state.better


def test_seeds_of_a_passage_count_as_one() -> None:
    """Four passages decide nothing, however often they are read."""
    n = LOOKS[-1]
    state = replay(["a", "b"], {"a": [True] * n, "b": [False] * n}, 4, LEVEL)
    assert state.comparisons["b"].standing is Standing.UNDECIDED
    assert state.comparisons["b"].only_default == n
    assert state.ended == f"{n} units are the limit"


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_a_null_is_rarely_decided(rate: float) -> None:
    """200 tunings with nine comparisons each: fewer than 5 % may err; that more than 8 % do has a probability of 2 %."""
    wrong = 0
    for seed in range(200):
        outcomes = {f"level {at}": drawn(rate, seed=10 * seed + at) for at in range(10)}
        found = replay(list(outcomes), outcomes, N, LEVEL).comparisons.values()
        wrong += any(one.standing in (Standing.BETTER, Standing.WORSE) for one in found)
    assert wrong <= 16
