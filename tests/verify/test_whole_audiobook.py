"""A finished M4B, clean and with known defects: every severe one is found where it is, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bench.spoilt_book import spoil
from bench.verify import beside, is_found
from mayabook.book import read_book
from mayabook.core.take import Audio
from mayabook.verify import DefectKind, Recording, Verification, verify_audiobook
from mayabook.verify.recording import SAMPLE_RATE
from tests.verify.sample_chapter import CHAPTER, SAMPLE


def samples(file: Path) -> Audio:
    return np.concatenate(list(Recording(file).blocks()))


def verified(file: Path) -> Verification:
    return verify_audiobook(file, read_book(SAMPLE, CHAPTER))


def test_a_clean_audiobook_is_clean_and_every_sentence_has_its_time(audiobook: Path) -> None:
    found = verified(audiobook)
    assert found.defects == ()
    assert found.n_correct == len(found.sentences) > 30
    assert (found.intro, found.outro) == (None, None)
    starts = [sentence.start for sentence in found.sentences]
    assert None not in starts
    assert starts == sorted(starts, key=lambda start: start or 0.0)
    assert found.sentences[-1].end == pytest.approx(found.duration, abs=4)


@pytest.mark.parametrize(
    "kinds",
    [
        ("missing paragraph", "doubled sentence", "silence 2 s"),
        ("missing sentence", "gibberish 3 s", "other chunk"),
        ("gibberish 1 s at the end",) * 2,
    ],
)
def test_every_severe_defect_is_found_and_nothing_else(audiobook: Path, tmp_path: Path, kinds: tuple[str, ...]) -> None:
    spoilt = tmp_path / "spoilt.m4b"
    truth = spoil(audiobook, SAMPLE, spoilt, seed=1, kinds=kinds)
    found = verified(spoilt)
    assert [one.kind for one in truth if not is_found(one, found)] == []
    assert [defect for defect in found.defects if not any(beside(defect, one) for one in truth)] == []
    assert {defect.position.chapter for defect in found.defects} == {"Chapter One: The Wrong Time"}
    missing = [sentence.text for sentence in found.sentences if not sentence.is_correct]
    for one in truth:
        if one.kind == "missing sentence":
            assert one.text in missing
        if one.kind == "silence 2 s":
            [silence] = [defect for defect in found.defects if defect.kind == DefectKind.SILENCE]
            assert silence.end - silence.start == pytest.approx(2.0, abs=0.3)


def test_gibberish_before_the_first_title_and_after_the_last_sentence_is_no_introduction(
    audiobook: Path, tmp_path: Path
) -> None:
    book = samples(audiobook)
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    gibberish = book[60 * SAMPLE_RATE : 63 * SAMPLE_RATE][::-1]
    spoilt = tmp_path / "spoilt.flac"
    soundfile.write(spoilt, np.concatenate([gibberish, pause, book, pause, gibberish]), SAMPLE_RATE)
    found = verified(spoilt)
    first, last = (defect for defect in found.defects if defect.kind == DefectKind.EXTRA)
    assert first.start < 3
    assert last.end > found.duration - 3
    assert (found.intro, found.outro) == (None, None)
