"""When each word of a take is spoken, also where the checks have no time for it."""

import pytest

from mayabook.core.verdict import AlignedWord, WordMatch
from mayabook.master.word_times import WordTime, word_times


def heard(index: int, start: float | None, end: float | None) -> AlignedWord:
    return AlignedWord(WordMatch.OMITTED if start is None else WordMatch.SAME, index, "x", "", start, end)


def test_words_that_were_heard_have_their_own_time() -> None:
    found = word_times(["She", "paid", "£3.50."], [heard(0, 0.2, 0.4), heard(1, 0.4, 0.7), heard(2, 0.7, 1.9)], 0.1, 2)
    assert found == [WordTime("She", 0.2, 0.4), WordTime("paid", 0.4, 0.7), WordTime("£3.50.", 0.7, 1.9)]


def test_words_without_a_time_share_the_gap_by_their_letters() -> None:
    inserted = AlignedWord(WordMatch.INSERTED, None, "", "er", 0.0, 0.2)
    words = [inserted, heard(0, 0.0, 1.0), heard(2, None, None), heard(3, None, None), heard(4, 4.0, 5.0)]
    found = word_times(["Now", "—", "it", "rained", "on."], words, 0, 5)
    assert [word.start for word in found] == pytest.approx([0, 1, 1, 1.75, 4])
    assert [word.end for word in found] == pytest.approx([1, 1, 1.75, 4, 5])


def test_nothing_heard_is_spread_over_the_take() -> None:
    assert word_times(["ab", "abab"], [], 1, 4) == [WordTime("ab", 1, 2), WordTime("abab", 2, 4)]
    assert word_times([], [], 1, 4) == []


def test_times_stay_in_order_and_within_the_take() -> None:
    found = word_times(["a", "b", "c"], [heard(0, -0.2, 0.9), heard(1, 0.5, 0.8), heard(2, 0.8, 9.0)], 0, 2)
    assert found == [WordTime("a", 0, 0.9), WordTime("b", 0.9, 0.9), WordTime("c", 0.9, 2)]
