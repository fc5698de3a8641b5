"""A job open for review: its entries, and what a person decides about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import JobError
from mayabook.engines import EngineChoice
from mayabook.engines.registry import with_levels
from mayabook.pipeline import CHECKS, ENGINE, REQUEST, AudiobookRequest
from mayabook.render import Edits, Job, PlannedChunk, ReviewDecision, StoredTake
from mayabook.review.entries import ReviewEntry, list_entries


class JobReview:
    """The entries of a job, and decisions about them by the number of a chunk.

    Each decision is in the job folder when its method returns, and takes effect when `request` is run again. All
    methods that name a chunk raise JobError where the book has none of that number.
    """

    def __init__(self, job: Job, request: AudiobookRequest, checks: str) -> None:
        """request: what the job was made for. checks: the `Checker.identity` whose verdicts count."""
        self.folder = job.folder
        self.request = request
        self._job, self._checks = job, checks
        self._plan = {planned.number: planned for planned in job.ledger.plan()}

    def entries(self, *, everything: bool = False) -> list[ReviewEntry]:
        """The flagged chunks, or all of them; flagged before accepted, then the highest risk first."""
        return list_entries(self._job, self._checks, everything=everything)

    def planned(self, number: int) -> PlannedChunk:
        """number: as a person counts, from 1."""
        if number not in self._plan:
            raise JobError(f"There is no chunk {number}; this book has chunks 1 to {len(self._plan)}.")
        return self._plan[number]

    def accept(self, number: int) -> None:
        """Keeps the best take of the chunk as it is. Raises JobError where it has none yet."""
        best = self._job.ledger.kept(self.planned(number).key, self._checks)
        if best is None:
            raise JobError(f"Chunk {number} has no take yet; run `mayabook make` first.")
        self._job.ledger.decide(best, ReviewDecision.ACCEPTED)

    def redo(self, number: int) -> None:
        """Rejects every take of the chunk; the next run makes new ones."""
        for take in self._takes(number):
            self._job.ledger.decide(take, ReviewDecision.REJECTED)

    def choose_take(self, number: int, take_number: int) -> None:
        """Keeps that take of the chunk, in place of one that was accepted before.

        take_number: as a person counts, from 1. Raises JobError where there is no such take.
        """
        takes = self._takes(number)
        chosen = next((take for take in takes if take.attempt + 1 == take_number), None)
        if chosen is None:
            there = ", ".join(str(take.attempt + 1) for take in takes) or "none yet"
            raise JobError(f"Chunk {number} has no take {take_number}; choose one of: {there}.")
        for take in takes:
            if take.decision == ReviewDecision.ACCEPTED:
                self._job.ledger.decide(take, ReviewDecision.REJECTED)
        self._job.ledger.decide(chosen, ReviewDecision.ACCEPTED)

    def set_text(self, number: int, text: str) -> None:
        """Has the chunk say `text` from the next run on; an empty text gives it the book's own back.

        Raises ScriptError where the text has no words, or is longer than a chunk may be.
        """
        chosen = self._job.ledger.fact(ENGINE)
        limits = self.request.settings.script
        if chosen is not None:
            choice = EngineChoice.model_validate_json(chosen)
            limits = choice.chunk_limits(with_levels(self.request.settings, choice.tuned).script)
        Edits.of(self.folder).set(self.planned(number).chunk, text, limits)

    def _takes(self, number: int) -> list[StoredTake]:
        return self._job.ledger.takes(self.planned(number).key, self._checks)


@contextmanager
def open_review(path: Path) -> Iterator[JobReview]:
    """The job in the .mayabook folder `path`, or the one beside the audiobook `path`, locked until the block ends.

    Raises JobError where there is no job, no finished run, or another run holds the lock.
    """
    with Job.existing(path) as job:
        request, checks = job.ledger.fact(REQUEST), job.ledger.fact(CHECKS)
        if request is None or checks is None:
            raise JobError(f"The run in {job.folder} is not finished; finish it with `mayabook make` first.")
        yield JobReview(job, _beside(job, AudiobookRequest.model_validate_json(request)), checks)


def _beside(job: Job, request: AudiobookRequest) -> AudiobookRequest:
    """The request with its output beside the job folder, which may have been moved or copied since."""
    folder = Job.beside(request.output).folder
    if folder.exists() and folder.samefile(job.folder):
        return request
    return request.model_copy(update={"output": job.folder.resolve().with_suffix(request.output.suffix)})
