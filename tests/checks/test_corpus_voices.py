"""The plan of the corpus: its voices, and that no voice and no text is in two splits."""

from collections import Counter
from itertools import combinations

from bench.defects import corpus
from bench.defects.passages import further_readings, readings
from bench.defects.voices import voices


def test_voices_are_of_many_kinds() -> None:
    assert len(voices()) >= 12
    assert {"kokoro", "flite"} == {voice.make for voice in voices().values()}
    assert {name[:2] for name, voice in voices().items() if voice.make == "kokoro"} == {"af", "am", "bf", "bm"}
    assert len({voice.speed for voice in voices().values()}) >= 3


def test_splits_share_neither_voices_nor_texts() -> None:
    plans = [plan for plan in corpus.voice_plans() if plan.label in (corpus.CLEAN, corpus.HARD)]
    assert len({(plan.split, plan.voice) for plan in plans}) == len({plan.voice for plan in plans}) == len(voices())
    texts = {split: {each.text for each in readings() if each.split == split} for split in corpus.TAKES_PER_CELL}
    further = {each.text for each in further_readings()}
    assert {each.split for each in further_readings()} == {"test"}
    assert further
    assert all(not further & each for each in texts.values())
    assert all(texts.values())
    assert all(not one & other for one, other in combinations(texts.values(), 2))


def test_every_voice_has_every_defect_with_a_goal() -> None:
    wanted = {
        (label, size)
        for label, sizes in corpus.grades().items()
        for size, grade in sizes.items()
        if grade != "other" and label != corpus.MISREAD  # wrong readings have texts of their own, for the narrator
    }
    for name in voices():
        counts = Counter((plan.label, plan.size) for plan in corpus.voice_plans() if plan.voice == name and plan.size)
        assert counts.keys() == wanted | {corpus.TOO_FAST}
        assert counts[corpus.TOO_FAST] == corpus.TAKES_TOO_FAST
    assert len({plan.id for plan in corpus.voice_plans()}) == len(list(corpus.voice_plans()))
