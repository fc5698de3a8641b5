"""What a person sees of a job and decides about it, through the functions that every front calls."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mayabook.core.errors import JobError, ScriptError
from mayabook.core.verdict import AlignedWord, Verdict, WordMatch
from mayabook.render import ReviewDecision
from mayabook.review import (
    JobReview,
    ReviewEntry,
    TextChange,
    describe_take,
    diff_transcript,
    entry_as_dict,
    open_review,
)
from mayabook.review.entries import list_entries

GREEK = "The old words were λόγος καὶ ἀλήθεια καὶ ζωή, and they were carved over the door."
ENGLISH = "The old words were carved over the door, and nobody could read them."


def flagged(review: JobReview) -> ReviewEntry:
    [entry] = review.entries()
    return entry


def test_the_flagged_chunk_is_listed_with_its_takes(finished_job: Path) -> None:
    with open_review(finished_job) as review:
        entry, everything = flagged(review), review.entries(everything=True)
    assert (entry.text, entry.book_text, entry.is_edited) == (GREEK, GREEK, False)
    assert entry.verdict.findings
    assert entry.take in [take for take, _ in entry.takes]
    assert len(entry.takes) > 1
    assert all(take.file.is_file() and verdict is not None for take, verdict in entry.takes)
    assert entry.take.risk == min(take.risk for take, _ in entry.takes)
    assert everything[0] == entry
    assert len(everything) > 1
    assert all(each.take.is_good for each in everything[1:])


def test_the_audiobook_names_its_job(finished_job: Path) -> None:
    with open_review(finished_job.with_suffix(".m4b")) as review:
        assert review.folder == finished_job
        assert review.request.output == finished_job.with_suffix(".m4b")
        assert review.request.settings.script.max_words == 16


def test_a_copied_job_has_its_audiobook_beside_it(job: Path) -> None:
    with open_review(job) as review:
        assert review.request.output == job.with_suffix(".m4b")


def test_accepting_ends_the_flag(job: Path) -> None:
    with open_review(job) as review:
        entry = flagged(review)
        review.accept(entry.number)
        assert review.entries() == []
        [accepted] = [each for each in review.entries(everything=True) if each.number == entry.number]
    assert (accepted.take.id, accepted.take.decision) == (entry.take.id, ReviewDecision.ACCEPTED)
    assert describe_take(accepted.take).endswith("accepted by a person")


def test_a_redone_chunk_has_no_take_that_counts(job: Path) -> None:
    with open_review(job) as review:
        review.redo(flagged(review).number)
        assert {take.decision for take, _ in flagged(review).takes} == {ReviewDecision.REJECTED}


def test_the_take_chosen_last_is_kept(job: Path) -> None:
    with open_review(job) as review:
        entry = flagged(review)
        first, second = (take.attempt + 1 for take, _ in entry.takes[:2])
        for chosen in (first, second):
            review.choose_take(entry.number, chosen)
            [kept] = [each for each in review.entries(everything=True) if each.number == entry.number]
            assert kept.take.attempt + 1 == chosen
        with pytest.raises(JobError, match=f"no take 99; choose one of: {first}, {second}"):
            review.choose_take(entry.number, 99)


def test_a_text_is_kept_for_the_next_run_and_can_be_taken_back(job: Path) -> None:
    with open_review(job) as review:
        number = flagged(review).number
        review.set_text(number, f"  {ENGLISH} ")
        assert json.loads((job / "edits.json").read_text()) == {GREEK: ENGLISH}
        review.set_text(number, "")
        assert json.loads((job / "edits.json").read_text()) == {}
        for wrong in ("— * —", "word " * 17):
            with pytest.raises(ScriptError):
                review.set_text(number, wrong)
        assert json.loads((job / "edits.json").read_text()) == {}


@pytest.mark.parametrize(
    "decide",
    [
        lambda review: review.accept(999),
        lambda review: review.redo(999),
        lambda review: review.choose_take(999, 1),
        lambda review: review.set_text(999, ENGLISH),
    ],
)
def test_a_chunk_that_is_not_there_is_named(decide: Callable[[JobReview], None], finished_job: Path) -> None:
    with open_review(finished_job) as review, pytest.raises(JobError, match="no chunk 999; this book has chunks 1 to"):
        decide(review)


def test_no_review_of_a_job_that_is_missing_busy_or_unfinished(job: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="There is no job at"), open_review(tmp_path / "other.m4b"):
        pass
    with open_review(job), pytest.raises(JobError, match="Another run"), open_review(job):
        pass
    with sqlite3.connect(job / "ledger.sqlite") as database:
        assert database.execute("DELETE FROM facts WHERE name = 'checks'").rowcount == 1
    with pytest.raises(JobError, match="is not finished; finish it with `mayabook make`"), open_review(job):
        pass


def test_takes_that_other_checks_judged_are_not_listed(finished_job: Path) -> None:
    with open_review(finished_job) as review:
        assert list_entries(review._job, "checks of another version", everything=True) == []


def test_an_entry_is_ready_for_json(finished_job: Path) -> None:
    with open_review(finished_job) as review:
        entry = flagged(review)
    facts = json.loads(json.dumps(entry_as_dict(entry)))
    assert (facts["chunk"], facts["text"], facts["accepted"]) == (entry.number, GREEK, False)
    assert facts["findings"][0]["kind"] == entry.verdict.findings[0].kind
    assert [take["audio"] for take in facts["takes"]] == [str(take.file) for take, _ in entry.takes]


def test_a_word_heard_for_another_is_omitted_and_inserted() -> None:
    words = (
        AlignedWord(WordMatch.SAME, 0, "Anna", "Anna"),
        AlignedWord(WordMatch.SOUND, 1, "knew", "new"),
        AlignedWord(WordMatch.WRONG, 2, "it", "that"),
        AlignedWord(WordMatch.OMITTED, 3, "all.", ""),
        AlignedWord(WordMatch.INSERTED, None, "", "well"),
    )
    assert list(diff_transcript(Verdict(False, (), "Anna new that well", words, 3, 4))) == [
        ("Anna", TextChange.SAME),
        ("new", TextChange.SAME),
        ("it", TextChange.OMITTED),
        ("that", TextChange.INSERTED),
        ("all.", TextChange.OMITTED),
        ("well", TextChange.INSERTED),
    ]
