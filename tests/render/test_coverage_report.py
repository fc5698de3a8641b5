"""Findings, dealt to the sentences that they concern."""

import pytest

from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict, WordMatch
from mayabook.render.coverage_report import Status, findings_by_sentence, status_of

SAME, OMITTED = WordMatch.SAME, WordMatch.OMITTED
FIRST = [AlignedWord(SAME, 0, "One", "One", 0.0, 0.4), AlignedWord(SAME, 1, "two.", "two", 0.5, 0.9)]
LOST = [AlignedWord(OMITTED, 2, "Three", ""), AlignedWord(OMITTED, 3, "four.", "")]
LAST = [AlignedWord(SAME, 4, "Five", "five", 1.5, 1.8), AlignedWord(SAME, 5, "six.", "six", 1.9, 2.2)]


@pytest.mark.parametrize(
    ("kind", "start", "end", "concerned"),
    [
        (FindingKind.OMITTED, None, None, [1]),  # without a time: those with words not heard
        (FindingKind.OMITTED, 0.9, 0.9, [1]),  # at the end of the first, but it is the second that was not heard
        (FindingKind.NOISY, 0.6, 0.7, [0]),
        (FindingKind.NOISY, 0.6, 1.6, [0, 2]),
        (FindingKind.TAIL, 2.2, 3.0, [2]),
    ],
)
def test_a_finding_concerns_its_sentences(
    kind: FindingKind, start: float | None, end: float | None, concerned: list[int]
) -> None:
    finding = Finding(kind, "", 1.0, start, end)
    verdict = Verdict(False, (finding,), "", (*FIRST, *LOST, *LAST), 2, 6)
    dealt = findings_by_sentence(verdict, [FIRST, LOST, LAST])
    assert [place for place, found in enumerate(dealt) if found] == concerned


@pytest.mark.parametrize(
    ("kind", "weight", "is_good", "status"),
    [
        (None, 0.0, True, Status.HEARD),  # the words are probable all the same
        (FindingKind.OMITTED, 0.3, True, Status.MISSING),
        (FindingKind.GARBLED, 0.3, True, Status.DOUBTFUL),
        (FindingKind.OFF_PACE, 0.3, True, Status.HEARD),
        (FindingKind.OFF_PACE, 0.6, False, Status.DOUBTFUL),
    ],
)
def test_a_sentence_is_in_doubt_if_there_is_a_finding(
    kind: FindingKind | None, weight: float, is_good: bool, status: Status
) -> None:
    found = [] if kind is None else [Finding(kind, "", weight)]
    assert status_of(LOST, found, is_good=is_good) == status


def test_a_sentence_with_one_word_missing_is_in_doubt() -> None:
    assert status_of([*FIRST, LOST[0]], [Finding(FindingKind.OMITTED, "", 0.6)], is_good=False) == Status.DOUBTFUL
