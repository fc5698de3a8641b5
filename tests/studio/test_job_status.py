"""The status of a job without its lock: of a real one, and of a run that goes on beside it."""

import shutil
from pathlib import Path

import pytest

from mayabook.render import Job, ReviewDecision
from mayabook.render.job_facts import CHECKS
from mayabook.render.job_summary import ChunkState
from mayabook.render.ledger import DecisionKind
from mayabook.studio.job_status import JobState, JobStatus, JobStatuses
from tests.runs import finished_job


@pytest.fixture
def job(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, int]:
    """A finished job, and the number of its flagged chunk."""
    folder, number = finished_job(tmp_path_factory)
    shutil.copytree(folder, tmp_path / folder.name)
    return Job(tmp_path / folder.name), number


def status(statuses: JobStatuses, job: Job) -> JobStatus:
    return statuses.of(job, Path("door.m4b"))


def test_a_finished_job_has_a_state_for_each_chunk(job: tuple[Job, int]) -> None:
    finished, number = job
    found = status(JobStatuses(), finished)
    assert found.state == JobState.FINISHED
    assert [at for at, state in enumerate(found.states, start=1) if state == ChunkState.FLAGGED] == [number]
    assert found.n_settled == len(found.states)
    assert "1 flagged" in found.quality
    assert (found.chapters[0][0], found.chapters[-1][1]) == (0, "The Door")


def test_a_run_beside_it_is_seen_and_is_not_disturbed(job: tuple[Job, int]) -> None:
    finished, _ = job
    statuses = JobStatuses()
    assert not finished.is_running
    with Job(finished.folder):
        assert status(statuses, finished).state == JobState.RUNNING
    assert status(statuses, finished).state == JobState.FINISHED


def test_a_decision_changes_it_at_once(job: tuple[Job, int]) -> None:
    finished, number = job
    statuses = JobStatuses()
    status(statuses, finished)
    with Job(finished.folder) as opened:
        planned = opened.ledger.planned(number)
        takes = opened.ledger.takes(planned.key, opened.ledger.fact(CHECKS) or "")
        redone = [(take, ReviewDecision.REJECTED) for take in takes]
        opened.ledger.add_decision(planned.key, DecisionKind.REDONE, "", redone)
    found = status(statuses, finished)
    assert found.states[number - 1] == ChunkState.WAITING
    assert found.state == JobState.UNFINISHED
    with Job(finished.folder) as opened:
        assert status(statuses, finished).states[number - 1] == ChunkState.SPEAKING
        opened.ledger.add_decision(planned.key, DecisionKind.ACCEPTED, "", [(takes[0], ReviewDecision.ACCEPTED)])
    assert status(statuses, finished).states[number - 1] == ChunkState.ACCEPTED


def test_without_a_ledger_it_is_new(tmp_path: Path) -> None:
    assert JobStatuses().of(Job(tmp_path / "none.mayabook"), None).state == JobState.NEW
