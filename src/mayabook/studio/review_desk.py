"""The review of a job for a server: from any thread, while a run goes on, with new takes made in the background."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import JobError
from mayabook.render import Decision, DecisionKind, Job, edits
from mayabook.review import JobReview, Passage, ReviewEntry, open_review
from mayabook.studio.reruns import Reruns


class ReviewDesk:
    """Passages and decisions of the job in `folder`. Methods raise MayaBookError with what to do next."""

    def __init__(self, folder: Path, reruns: Reruns) -> None:
        self.folder, self._reruns, self._job = folder, reruns, Job(folder)
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises JobError if there is nothing to review yet."""
        with self._opened():
            pass

    @property
    def has_takes(self) -> bool:
        """Whether a run has spoken anything yet."""
        try:
            return bool(self.passages())
        except JobError:
            return False

    def passages(self) -> list[Passage]:
        with self._opened() as review:
            return review.passages()

    def entry(self, number: int) -> ReviewEntry:
        with self._opened() as review:
            return review.entry(number)

    def find(self, number: int) -> ReviewEntry | None:
        """As `entry`, but None if it cannot be read now, for example while a run is planning the book."""
        try:
            return self.entry(number)
        except JobError:
            return None

    def version(self) -> tuple[object, ...]:
        """A value that changes whenever something that the review shows has changed in the job folder."""
        ledger = self._job.ledger_file
        files = (ledger, Path(f"{ledger}-wal"), self.folder / edits.NAME, self._job.coverage_json)
        statuses = [file.stat() for file in files if file.is_file()]
        return tuple((status.st_mtime_ns, status.st_size) for status in statuses)

    def history(self, number: int) -> list[Decision]:
        """Decisions about a chunk, oldest first. Of those made while it had another text, only edits are included."""
        with self._opened() as review:
            planned = review.planned(number)
            texts = {planned.key, planned.book_text or planned.chunk.text}
            return [each for each in review.decisions() if texts & {each.key, each.before.book_text}]

    def accept(self, number: int, note: str = "") -> None:
        with self._opened() as review:
            review.accept(number, note)

    def choose_take(self, number: int, take_number: int, note: str = "") -> None:
        with self._opened() as review:
            review.choose_take(number, take_number, note)

    def redo(self, number: int, note: str = "") -> None:
        """Rejects the takes of the chunk and has new ones made in the background."""
        with self._opened() as review:
            review.redo(number, note)
        self.make_anew()

    def set_text(self, number: int, text: str, note: str = "") -> None:
        """As `JobReview.set_text`, and has the text spoken in the background."""
        with self._opened() as review:
            review.set_text(number, text, note)
        self.make_anew()

    def report(self, number: int, sentence: str) -> None:
        """Stores that a listener heard an error in `sentence`. Raises JobError if the chunk's text has changed."""
        with self._opened() as review:
            if sentence not in review.planned(number).chunk.text:
                raise JobError("The text has changed since this audiobook was made; make it again, then report.")
            review.report(number, sentence)

    def undo(self) -> tuple[Decision, int | None] | None:
        """Undoes the latest decision. If the audiobook already includes it, the audiobook is made again.

        Returns the decision, and the number of its chunk or None if the plan no longer has that chunk; None if there is
        nothing to undo.
        """
        with self._opened() as review:
            undone = review.undo()
            if undone is None:
                return None
            number = next((each.number for each in review.passages() if each.key == undone.key), None)
        if undone.kind != DecisionKind.REPORTED and not self._is_newer_than_audiobook(undone):
            self.make_anew()
        return undone, number

    def make_anew(self) -> None:
        """Makes the audiobook again in the background, with all decisions made so far."""
        self._reruns.request(self.folder)

    @property
    def is_being_made(self) -> bool:
        return self._reruns.is_running(self.folder)

    @property
    def failure(self) -> str:
        """Why the last run in the background failed; empty where it did not."""
        return self._reruns.failure(self.folder)

    @property
    def is_audiobook_older(self) -> bool:
        """Whether the finished audiobook lacks a decision made after it."""
        with self._opened() as review:
            decisions = review.decisions()
        return any(each.kind != DecisionKind.REPORTED and self._is_newer_than_audiobook(each) for each in decisions)

    def _is_newer_than_audiobook(self, decision: Decision) -> bool:
        coverage = self._job.coverage_json  # a run writes it when it has chosen the takes
        return not coverage.is_file() or decision.made_at.timestamp() > coverage.stat().st_mtime

    def take_file(self, name: str) -> Path:
        """The audio file of a take. Raises JobError where the job has none of that name."""
        file = self._job.takes / Path(name).name
        is_inside = file.resolve().parent == self.folder.resolve() / self._job.takes.name  # a link may lead anywhere
        if file.suffix != ".flac" or not file.is_file() or not is_inside:
            raise JobError(f"There is no take {name} in {self.folder}; choose one of the review.")
        return file

    @contextmanager
    def _opened(self) -> Iterator[JobReview]:
        with self._lock, open_review(self.folder, beside_a_run=True) as review:
            yield review
