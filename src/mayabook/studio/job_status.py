"""Progress of a job, read from its folder without the lock: its state, the state of each chunk, quality in one line.

It works the same for runs started on the command line and in the studio.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

from mayabook.render.job import Job
from mayabook.render.job_facts import AudiobookRequest
from mayabook.render.job_summary import ChunkState, JobSummary, summarise_job


class JobState(StrEnum):
    """How far a job is."""

    NEW = "new"
    """No run has reached synthesis."""
    UNFINISHED = "unfinished"
    """A run was stopped, or a decision made another one necessary."""
    RUNNING = "running"
    """A run holds the lock, whether the studio or the command line started it."""
    FINISHED = "finished"
    """The audiobook exists, and every chunk has its final take."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job at one moment."""

    state: JobState
    states: tuple[ChunkState, ...] = ()
    """Of each chunk."""
    chapters: tuple[tuple[int, str], ...] = ()
    """Index of the first chunk, and title, of each chapter."""
    request: AudiobookRequest | None = None
    """Of the latest run; its paths are wrong if the job folder was moved since."""

    @property
    def n_settled(self) -> int:
        return sum(state.is_settled for state in self.states)

    @property
    def fraction(self) -> float:
        """Share of the chunks that are settled, 0 to 1."""
        return self.n_settled / len(self.states) if self.states else 0.0

    @property
    def n_flagged(self) -> int:
        return self.states.count(ChunkState.FLAGGED)

    @property
    def quality(self) -> str:
        """In one line, such as `1,204 of 1,210 chunks as written, 5 in doubt, 1 flagged`; empty before the
        first chunk is settled."""
        if not self.n_settled:
            return ""
        heard = sum(self.states.count(state) for state in (ChunkState.ACCEPTED, ChunkState.CURED))
        line = f"{heard:,} of {self.n_settled:,} chunks as written"
        for state in (ChunkState.IN_DOUBT, ChunkState.FLAGGED):
            if count := self.states.count(state):
                line += f", {count:,} {state}"
        return line


class JobStatuses:
    """Reads the status of jobs, cached until their ledger changes. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[Path, tuple[object, JobSummary | None]] = {}

    def of(self, job: Job, audiobook: Path | None) -> JobStatus:
        """audiobook: its file, or None. Raises JobError if the ledger cannot be read."""
        is_running = job.is_running
        summary = self._summary(job, is_running=is_running)
        if summary is None:
            return JobStatus(JobState.RUNNING if is_running else JobState.NEW)
        if is_running:
            state = JobState.RUNNING
        else:
            is_there = audiobook is not None or _is_split(summary, job)
            state = JobState.FINISHED if is_there and summary.is_settled else JobState.UNFINISHED
        return JobStatus(state, summary.states, summary.chapters, summary.request)

    def _summary(self, job: Job, *, is_running: bool) -> JobSummary | None:
        version = (is_running, *map(_version, (job.ledger_file, Path(f"{job.ledger_file}-wal"))))
        with self._lock:
            known = self._known.get(job.folder)
        if known is not None and known[0] == version:
            return known[1]
        summary = summarise_job(job, is_running=is_running)
        with self._lock:
            self._known[job.folder] = version, summary
        return summary


def _is_split(summary: JobSummary, job: Job) -> bool:
    """Whether the audiobook is a folder of chapter files, and exists."""
    return summary.request.settings.master.split and job.folder.with_suffix("").is_dir()


def _version(file: Path) -> tuple[int, int] | None:
    """Changes with the content; None for a file that is missing or empty, as a write-ahead log of nothing is."""
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if status.st_size else None
