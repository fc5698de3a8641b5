"""The state of each chunk of a job, read without the lock, so also during a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from mayabook.core.settings import RetrySettings
from mayabook.render.coverage_report import OF_WORDS
from mayabook.render.job import Job
from mayabook.render.job_facts import CHECKS, REQUEST, AudiobookRequest
from mayabook.render.ledger import Ledger, RetryStep, ReviewDecision, TakeOutline
from mayabook.render.retry_policy import next_task


class ChunkState(StrEnum):
    """State of a chunk. The values are shown to users."""

    WAITING = "waiting"
    SPEAKING = "speaking"
    """Inferred during a run: it will be retried, or it is the first chunk without a take."""
    CHECKING = "checking"
    """A take of it has no verdict yet."""
    ACCEPTED = "accepted"
    CURED = "cured"
    """Accepted by the checks after a retry."""
    IN_DOUBT = "in doubt"
    """Accepted by the checks, with a finding that concerns words."""
    FLAGGED = "flagged"
    """No take was accepted, and no retry is left: a person should listen."""

    @property
    def is_settled(self) -> bool:
        return self not in (ChunkState.WAITING, ChunkState.SPEAKING, ChunkState.CHECKING)


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job at one moment."""

    request: AudiobookRequest
    """Of the latest run; its paths are wrong if the job folder was moved since."""
    states: tuple[ChunkState, ...]
    """Of each chunk of the plan."""
    chapters: tuple[tuple[int, str], ...]
    """Index of the first chunk, and title, of each chapter."""

    @property
    def n_settled(self) -> int:
        return sum(state.is_settled for state in self.states)

    @property
    def is_settled(self) -> bool:
        """Whether every chunk has its final take, by the retry policy or a person's decision."""
        return bool(self.states) and self.n_settled == len(self.states)


def summarise_job(job: Job, *, is_running: bool) -> JobSummary | None:
    """The summary, or None if no run has reached synthesis yet. is_running: whether a run holds the lock.

    Raises JobError if the ledger cannot be read.
    """
    if not job.ledger_file.is_file():
        return None
    ledger = Ledger(job.ledger_file, read_only=True)
    try:
        facts = ledger.facts()
        if REQUEST not in facts:
            return None
        request = AudiobookRequest.model_validate_json(facts[REQUEST])
        retry, checks = request.settings.retry, facts.get(CHECKS, "")
        plan = ledger.plan_outline()
        takes = ledger.takes_outline(checks)
        states = [
            _state(ledger, number, takes.get(key, ()), checks, retry, is_running=is_running)
            for number, (key, _) in enumerate(plan, start=1)
        ]
    finally:
        ledger.close()
    if is_running and ChunkState.WAITING in states:
        states[states.index(ChunkState.WAITING)] = ChunkState.SPEAKING
    titles = groupby(enumerate(plan), key=lambda item: item[1][1])
    return JobSummary(request, tuple(states), tuple((next(group)[0], title) for title, group in titles))


def _state(
    ledger: Ledger,
    number: int,
    takes: Sequence[TakeOutline],
    checks: str,
    retry: RetrySettings,
    *,
    is_running: bool,
) -> ChunkState:
    if not takes:
        return ChunkState.WAITING
    good = [take for take in takes if take.is_good]
    if any(take.decision == ReviewDecision.ACCEPTED for take in good):
        return ChunkState.ACCEPTED
    if good:
        if good[0].kinds & OF_WORDS:
            return ChunkState.IN_DOUBT
        return ChunkState.ACCEPTED if good[0].step == RetryStep.FIRST else ChunkState.CURED
    if any(take.accepted is None and take.decision is None for take in takes):
        return ChunkState.CHECKING
    if _is_exhausted(ledger, number, checks, retry):
        return ChunkState.FLAGGED
    return ChunkState.SPEAKING if is_running else ChunkState.WAITING


def _is_exhausted(ledger: Ledger, number: int, checks: str, retry: RetrySettings) -> bool:
    """Whether the retry policy has no step left for a chunk of which all takes were rejected."""
    planned = ledger.planned(number)
    assert planned is not None
    takes = [take for take in ledger.takes(planned.key, checks) if take.decision is None]
    history = [(take, verdict) for take in takes if (verdict := ledger.verdict(take, checks)) is not None]
    return next_task(planned.chunk, history, retry) is None
