"""A job open for review: its entries, and what a person decides about them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import JobError
from mayabook.engines import EngineChoice
from mayabook.engines.registry import with_levels
from mayabook.render import Decision, DecisionKind, Edits, Job, PlannedChunk, ReviewDecision, StoredTake
from mayabook.render.job_facts import CHECKS, ENGINE, REQUEST, AudiobookRequest
from mayabook.review.entries import ReviewEntry, list_entries, read_entry
from mayabook.review.passages import Passage, list_passages


class JobReview:
    """The entries of a job, and decisions about them by the number of a chunk.

    Each decision is in the job folder when its method returns, with the person's note, and takes effect when `request`
    is run again. All methods that name a chunk raise JobError where the book has none of that number.
    """

    def __init__(self, job: Job, request: AudiobookRequest, checks: str, *, is_beside_run: bool = False) -> None:
        """request: what the job was made for. checks: the `Checker.identity` whose verdicts count. is_beside_run:
        whether a run of the job may go on meanwhile."""
        self.folder = job.folder
        self.request = request
        self._job, self._checks, self._is_beside_run = job, checks, is_beside_run

    def entries(self, *, everything: bool = False) -> list[ReviewEntry]:
        """The flagged chunks, or all of them; flagged before accepted, then the highest risk first."""
        return list_entries(self._job, self._checks, everything=everything)

    def entry(self, number: int) -> ReviewEntry:
        """Raises JobError where the chunk has no take with a verdict yet."""
        entry = read_entry(self._job, self._checks, self.planned(number), Edits.of(self.folder))
        if entry is None:
            raise JobError(f"Chunk {number} has no checked take yet; wait until the run has reached it, or start one.")
        return entry

    def passages(self) -> list[Passage]:
        """All chunks that have a take, those that most need a person first."""
        return list_passages(self._job, self._checks)

    def decisions(self) -> list[Decision]:
        """What was decided and not undone, the oldest first."""
        return self._job.ledger.decisions()

    def planned(self, number: int) -> PlannedChunk:
        """number: as a person counts, from 1."""
        planned = self._job.ledger.planned(number)
        if planned is None:
            n_chunks = self._job.ledger.n_planned()
            raise JobError(f"There is no chunk {number}; this book has chunks 1 to {n_chunks}.")
        return planned

    def accept(self, number: int, note: str = "") -> None:
        """Keeps the best take of the chunk as it is. Raises JobError where it has none yet."""
        best = self._job.ledger.kept(self.planned(number).key, self._checks)
        if best is None:
            raise JobError(f"Chunk {number} has no take yet; run `mayabook make` first.")
        self._decide(number, DecisionKind.ACCEPTED, note, [(best, ReviewDecision.ACCEPTED)])

    def redo(self, number: int, note: str = "") -> None:
        """Rejects every take of the chunk; the next run makes new ones."""
        rejected = [(take, ReviewDecision.REJECTED) for take in self._takes(number)]
        self._decide(number, DecisionKind.REDONE, note, rejected)

    def choose_take(self, number: int, take_number: int, note: str = "") -> None:
        """Keeps that take of the chunk, in place of one that was accepted before.

        take_number: as a person counts, from 1. Raises JobError where there is no such take.
        """
        takes = self._takes(number)
        chosen = next((take for take in takes if take.attempt + 1 == take_number), None)
        if chosen is None:
            there = ", ".join(str(take.attempt + 1) for take in takes) or "none yet"
            raise JobError(f"Chunk {number} has no take {take_number}; choose one of: {there}.")
        replaced = [
            (take, ReviewDecision.REJECTED)
            for take in takes
            if take.decision == ReviewDecision.ACCEPTED and take.id != chosen.id
        ]
        self._decide(number, DecisionKind.TAKE_CHOSEN, note, [*replaced, (chosen, ReviewDecision.ACCEPTED)])

    def set_text(self, number: int, text: str, note: str = "") -> None:
        """Has the chunk say `text` from the next run on; an empty text gives it the book's own back.

        Raises ScriptError where the text has no words, or is longer than a chunk may be.
        """
        chosen = self._job.ledger.fact(ENGINE)
        limits = self.request.settings.script
        if chosen is not None:
            choice = EngineChoice.model_validate_json(chosen)
            limits = choice.chunk_limits(with_levels(self.request.settings, choice.tuned).script)
        planned, edits = self.planned(number), Edits.of(self.folder)
        written = edits.written(planned)
        earlier = edits.texts.get(written, "")
        edits.set(planned, text, limits)
        self._job.ledger.add_decision(planned.key, DecisionKind.EDITED, note, [], written, earlier)

    def report(self, number: int, note: str) -> None:
        """Notes that a listener heard something wrong; the chunk stays as it is until a person decides."""
        self._decide(number, DecisionKind.REPORTED, note, [])

    def undo(self) -> Decision | None:
        """Undoes the latest decision and returns it; None if there is none."""
        decisions = self.decisions()
        if not decisions:
            return None
        latest = decisions[-1]
        if latest.before.book_text:
            Edits.of(self.folder).restore(latest.before.book_text, latest.before.edit)
        self._job.ledger.undo_decision(latest)
        return latest

    def _takes(self, number: int) -> list[StoredTake]:
        return self._job.ledger.takes(self.planned(number).key, self._checks)

    def _decide(
        self, number: int, kind: DecisionKind, note: str, decisions: Sequence[tuple[StoredTake, ReviewDecision]]
    ) -> None:
        for take, decision in decisions:
            # A run checks old takes only at its beginning, so its coverage report would have no verdict for this take.
            if self._is_beside_run and decision == ReviewDecision.ACCEPTED and take.accepted is None:
                raise JobError(
                    f"Take {take.attempt + 1} of chunk {number} has not been checked yet; wait for its verdict, or "
                    "redo the chunk."
                )
        self._job.ledger.add_decision(self.planned(number).key, kind, note, decisions)


@contextmanager
def open_review(path: Path, *, beside_a_run: bool = False) -> Iterator[JobReview]:
    """The job in the .mayabook folder `path`, or the one beside the audiobook `path`, locked until the block ends.

    beside_a_run: leaves the lock to a run of the job, which may go on or begin meanwhile. Raises JobError where there
    is no job, no run has planned its chunks, or another run holds the lock.
    """
    job = Job.existing(path)
    with job.beside_a_run() if beside_a_run else job:
        request, checks = job.ledger.fact(REQUEST), job.ledger.fact(CHECKS)
        if request is None or checks is None:
            raise JobError(f"The run in {job.folder} is not finished; finish it with `mayabook make` first.")
        beside = _beside(job, AudiobookRequest.model_validate_json(request))
        yield JobReview(job, beside, checks, is_beside_run=beside_a_run)


def _beside(job: Job, request: AudiobookRequest) -> AudiobookRequest:
    """The request with its output beside the job folder, which may have been moved or copied since."""
    folder = Job.beside(request.output).folder
    if folder.exists() and folder.samefile(job.folder):
        return request
    return request.model_copy(update={"output": job.folder.resolve().with_suffix(request.output.suffix)})
