"""Decisions beside a run: logged with a note, undone, and never in the way of a run of the job."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mayabook.core.errors import JobError
from mayabook.core.verdict import Verdict
from mayabook.render import DecisionKind, Job, ReviewDecision
from mayabook.review import Passage, PassageState, open_review

GREEK = "The old words were λόγος καὶ ἀλήθεια καὶ ζωή, and they were carved over the door."
ENGLISH = "The old words were carved over the door."

RUN = """
import sys, time
from pathlib import Path
from mayabook.core.verdict import Verdict
from mayabook.render import Job

with Job.existing(Path(sys.argv[1])) as job:
    checks = job.ledger.fact("checks")
    takes = [take for planned in job.ledger.plan() for take in job.ledger.takes(planned.key, checks)]
    print("locked", flush=True)
    for number in range(400):
        job.ledger.add_verdict(takes[number % len(takes)], f"checks {number}", Verdict(True, (), "", (), 0, 1))
    sys.stdin.readline()
"""
"""Writes verdicts into the ledger as a run does, under the lock of the job."""


def passage(job: Path, number: int) -> Passage:
    with open_review(job, beside_a_run=True) as review:
        [found] = [each for each in review.passages() if each.number == number]
    return found


@pytest.fixture
def number(job: Path) -> int:
    """Of the flagged chunk."""
    with open_review(job) as review:
        return review.entries()[0].number


def test_decisions_are_logged_with_their_note_and_undone_one_by_one(job: Path, number: int) -> None:
    with open_review(job, beside_a_run=True) as review:
        before = review.entry(number)
        review.accept(number, "it is fine, really")
        review.redo(number, "no, it is not")
        assert [(each.kind, each.note) for each in review.decisions()] == [
            (DecisionKind.ACCEPTED, "it is fine, really"),
            (DecisionKind.REDONE, "no, it is not"),
        ]
        assert {take.decision for take, _ in review.entry(number).takes} == {ReviewDecision.REJECTED}
        undone = review.undo()
        assert undone is not None
        assert undone.kind == DecisionKind.REDONE
        assert [take.decision for take, _ in review.entry(number).takes].count(ReviewDecision.ACCEPTED) == 1
        review.undo()
        assert review.entry(number) == before
        assert review.undo() is None


def test_an_edit_is_undone_to_the_text_that_was_there(job: Path, number: int) -> None:
    with open_review(job, beside_a_run=True) as review:
        for text in (ENGLISH, "Nobody could read them."):
            review.set_text(number, text)
        review.undo()
    assert ENGLISH in (job / "edits.json").read_text()
    assert passage(job, number).state == PassageState.WAITING
    with open_review(job, beside_a_run=True) as review:
        review.undo()
    assert (job / "edits.json").read_text() == "{}"
    assert passage(job, number).state == PassageState.FLAGGED


def test_the_states_of_a_passage(job: Path, number: int) -> None:
    assert passage(job, number).state == PassageState.FLAGGED
    with open_review(job, beside_a_run=True) as review:
        review.accept(number)
        assert review.passages()[-1].state in (PassageState.CLEAN, PassageState.IN_DOUBT, PassageState.DECIDED)
    assert passage(job, number).state == PassageState.DECIDED
    with open_review(job, beside_a_run=True) as review:
        review.report(number, "a word is odd")
        assert review.passages()[0].state == PassageState.REPORTED
        review.redo(number)
    assert passage(job, number).state == PassageState.WAITING


def test_a_take_that_these_checks_did_not_judge_cannot_be_accepted_beside_a_run(job: Path, number: int) -> None:
    with Job.existing(job) as opened:
        opened.ledger.set_fact("checks", "other checks")
        planned = opened.ledger.planned(number)
        assert planned is not None
        take, *_ = opened.ledger.takes(planned.key, "other checks")
        opened.ledger.add_verdict(take, "other checks", Verdict(False, (), "", (), 0, 1))
    with open_review(job, beside_a_run=True) as review, pytest.raises(JobError, match="has not been checked yet"):
        review.choose_take(number, 2)


def test_a_run_and_a_person_write_at_once_and_nothing_is_lost(job: Path, number: int) -> None:
    run = subprocess.Popen([sys.executable, "-c", RUN, str(job)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert run.stdin is not None
    assert run.stdout is not None
    assert run.stdout.readline() == b"locked\n"
    for _ in range(20):
        with open_review(job, beside_a_run=True) as review:
            review.accept(number, "while it runs")
    with pytest.raises(JobError, match="Another run"), open_review(job):  # the lock is still the run's
        pass
    run.communicate(b"\n", timeout=60)
    assert run.returncode == 0
    with closing(sqlite3.connect(job / "ledger.sqlite")) as database:
        assert database.execute("SELECT COUNT(*) FROM verdicts WHERE checks LIKE 'checks %'").fetchone() == (400,)
        assert database.execute("SELECT COUNT(*) FROM decisions").fetchone() == (20,)


def test_an_older_ledger_in_use_by_a_run_is_left_alone(job: Path) -> None:
    with closing(sqlite3.connect(job / "ledger.sqlite")) as database, Job.existing(job):
        database.execute("PRAGMA user_version = 4")
        with pytest.raises(JobError, match="Another run"), open_review(job, beside_a_run=True):
            pass
        assert database.execute("PRAGMA user_version").fetchone() == (4,)
