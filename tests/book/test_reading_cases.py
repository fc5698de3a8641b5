"""The cases of bench/reading_cases, which docs/reading.md has a table of."""

import pytest

from bench.reading_cases.__main__ import Case, ours, read_cases


@pytest.mark.parametrize("case", list(read_cases()), ids=lambda case: f"{case.name} {case.number}")
def test_case(case: Case) -> None:
    assert case.is_right(text := ours(case)), text


def test_spaces_inside_words_are_wrong() -> None:
    case = Case(1, "", ("",), "She left.")
    assert case.is_right("She left .")
    assert not case.is_right("S he left.")
