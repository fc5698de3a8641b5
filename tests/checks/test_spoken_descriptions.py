"""A few takes of the narrator of those that `python -m bench.defects leaks` judges."""

from pathlib import Path

import pytest

from bench.defects import prompt_leaks
from bench.defects.corpus import NARRATOR
from bench.defects.prompt_leaks import FORMS, NO_LEAK, LeakTake

TAKES = [take for take in prompt_leaks.takes() if take.voice == NARRATOR]
LEAKS = [next(take for take in TAKES if take.form == form) for form in list(FORMS)[1:4]]
SHARED = [
    take for take in TAKES if take.form == NO_LEAK and len(prompt_leaks.shared_words(take.text, take.description)) > 9
][:2]


@pytest.mark.parametrize("take", [*LEAKS, *SHARED], ids=lambda take: take.form)
def test_a_spoken_description_is_told_from_a_text_with_its_words(take: LeakTake, tmp_path: Path) -> None:
    judged = prompt_leaks.judge_take(take, tmp_path)
    assert judged.has_leak == (take.form != NO_LEAK), judged.transcript
    assert judged.accepted == (take.form == NO_LEAK)


def test_the_takes_are_of_every_kind() -> None:
    takes = prompt_leaks.takes()
    leaks, shared = ([take for take in takes if (take.form != NO_LEAK) == leaking] for leaking in (True, False))
    assert len({take.id for take in takes}) == len(takes) == 400
    assert len(leaks) == len(shared) == 200
    assert {take.form for take in leaks} == set(FORMS)
    assert len({take.voice for take in takes}) >= 8
    assert all(take.said != take.text for take in leaks)
    assert all(take.said == take.text for take in shared)
    assert all(len(prompt_leaks.shared_words(take.text, take.description)) >= 4 for take in shared)
