"""Review and listening beside each other on one finished job: what a server calls for its pages."""

import json
import shutil
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock

from mayabook.core.errors import JobError
from mayabook.review import PassageState
from mayabook.studio.listening import Listening, Place
from mayabook.studio.reruns import Reruns
from mayabook.studio.review_desk import ReviewDesk
from mayabook.studio.take_picture import N_BANDS, mel_levels, picture_of
from tests import runs

ENGLISH = "The old words were carved over the door."


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    return runs.finished_job(tmp_path_factory)


@pytest.fixture
def job(finished: tuple[Path, int], tmp_path: Path) -> Path:
    """The folder of a copied job, with its audiobook and its book beside it."""
    shutil.copytree(finished[0].parent, tmp_path / "library")
    return tmp_path / "library" / finished[0].name


def state_of(desk: ReviewDesk, number: int) -> PassageState:
    return next(each.state for each in desk.passages() if each.number == number)


def test_an_edit_is_spoken_in_the_background_and_heard_in_the_audiobook(job: Path, finished: tuple[Path, int]) -> None:
    number, reruns = finished[1], Reruns()
    desk = ReviewDesk(job, reruns)
    assert not desk.is_audiobook_older
    desk.set_text(number, ENGLISH, "nobody reads Greek aloud")
    assert state_of(desk, number) == PassageState.WAITING
    assert desk.is_being_made
    while desk.is_being_made:
        time.sleep(0.1)
    assert desk.failure == ""
    assert state_of(desk, number) in (PassageState.CLEAN, PassageState.IN_DOUBT)
    assert not desk.is_audiobook_older
    assert ENGLISH in [sentence.text for sentence in Listening(job).sentences(0)]


def test_a_rerun_waits_while_another_run_uses_the_job(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other run ends when the first attempt has found the job in use."""
    other, waits = FileLock(job / "lock", thread_local=False), []

    def end_the_other(seconds: float) -> None:
        waits.append(seconds)
        other.release()

    monkeypatch.setattr("mayabook.studio.reruns.time", SimpleNamespace(sleep=end_the_other))
    other.acquire()
    audiobook = job.with_suffix(".m4b")
    before = audiobook.stat().st_mtime_ns
    desk = ReviewDesk(job, Reruns())
    desk.make_anew()
    while desk.is_being_made:
        time.sleep(0.1)
    assert (desk.failure, len(waits)) == ("", 1)
    assert audiobook.stat().st_mtime_ns > before


def test_what_a_listener_reports_comes_first_in_the_review(job: Path) -> None:
    desk = ReviewDesk(job, Reruns())
    sentence = Listening(job).sentences(0)[-1]
    desk.report(sentence.chunk, sentence.text)
    assert (desk.passages()[0].number, desk.passages()[0].state) == (sentence.chunk, PassageState.REPORTED)
    assert [each.note for each in desk.history(sentence.chunk)] == [sentence.text]
    assert not desk.is_audiobook_older
    with pytest.raises(JobError, match="has changed since"):
        desk.report(sentence.chunk, "It says something else.")
    undone = desk.undo()
    assert undone is not None
    assert undone[1] == sentence.chunk
    assert state_of(desk, sentence.chunk) != PassageState.REPORTED


def test_every_word_of_the_book_has_a_time_in_order_within_its_file(finished: tuple[Path, int]) -> None:
    listening = Listening(finished[0])
    [file], [chapter] = listening.files(), listening.chapters()
    assert file == finished[0].with_suffix(".m4b")
    sentences = listening.sentences(0)
    assert [each.text for each in sentences] == [
        "The Door",
        runs.GREEK,
        "She read it aloud, twice, and then she went home in the rain.",
    ]
    assert [each.is_heading for each in sentences] == [True, False, False]
    edges = [time for each in sentences for _, start, end in each.words for time in (start, end)]
    assert edges == sorted(edges)
    assert edges[-1] <= chapter.end
    # Where words are said, the audiobook sounds; between sentences, it is silent.
    samples = runs.samples_of(file)
    rate = len(samples) / chapter.end
    for before, after in pairwise(sentences):
        said = samples[round(after.words[0][1] * rate) : round(after.words[-1][2] * rate)]
        middle = (before.words[-1][2] + after.words[0][1]) / 2
        silence = samples[round((middle - 0.02) * rate) : round((middle + 0.02) * rate)]
        assert np.abs(said).max() > 20 * np.abs(silence).max()


def test_a_place_is_remembered_and_an_audiobook_that_was_replaced_is_noticed(job: Path) -> None:
    listening = Listening(job)
    assert listening.place() == Place()
    listening.remember(Place(0, 2.5, 1.25))
    assert Listening(job).place() == Place(0, 2.5, 1.25)
    (job / "place.json").write_text("{]")
    assert listening.place() == Place()
    with job.with_suffix(".m4b").open("ab") as audiobook:
        audiobook.write(b"more")
    with pytest.raises(JobError, match="make it again"):
        listening.files()
    (job / "timeline.json").unlink()
    with pytest.raises(JobError, match="no finished audiobook"):
        listening.chapters()


def test_only_takes_of_the_job_are_given(job: Path) -> None:
    desk = ReviewDesk(job, Reruns())
    [entry] = [desk.entry(each.number) for each in desk.passages()][:1]
    name = entry.take.file.name
    assert desk.take_file(name) == entry.take.file
    picture = picture_of(entry.take.file)
    assert picture.seconds == entry.take.n_samples / entry.take.sample_rate
    assert json.dumps(picture.peaks)
    for outside in ("../ledger.sqlite", "..", "no.flac", str(entry.take.file.with_suffix(".npz"))):
        with pytest.raises(JobError, match="no take"):
            desk.take_file(outside)


def test_a_tone_is_one_bright_line_of_the_spectrogram() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(24000) / 24000).astype(np.float32)
    levels = mel_levels(tone, 24000)
    assert levels.shape[1] == N_BANDS
    middle = levels[10:-10]
    assert np.ptp(middle.argmax(axis=1)) == 0
    centre = 700 * (10 ** (2840.0 * (middle[0].argmax() + 1) / (N_BANDS + 1) / 2595) - 1)
    assert 900 < centre < 1100
