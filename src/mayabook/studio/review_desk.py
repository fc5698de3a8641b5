"""The review of a job as a server needs it: from any thread, beside a run of the job, with redo at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import JobError
from mayabook.render import Decision, DecisionKind
from mayabook.review import JobReview, Passage, ReviewEntry, open_review
from mayabook.studio.reruns import Reruns


class ReviewDesk:
    """Passages and decisions of the job in `folder`. Methods raise MayaBookError with what to do next."""

    def __init__(self, folder: Path, reruns: Reruns) -> None:
        self.folder, self._reruns = folder, reruns
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises JobError where there is nothing to review yet."""
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
        """As `entry`; None where it cannot be read now, such as while a run plans the book anew."""
        try:
            return self.entry(number)
        except JobError:
            return None

    def version(self) -> tuple[object, ...]:
        """Changes when anything in the job does that the review shows."""
        files = ("ledger.sqlite", "ledger.sqlite-wal", "edits.json", "coverage.json")
        statuses = [file.stat() for name in files if (file := self.folder / name).is_file()]
        return tuple((status.st_mtime_ns, status.st_size) for status in statuses)

    def history(self, number: int) -> list[Decision]:
        """What was decided about a chunk, the oldest first; of other texts that it had, only the edits."""
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
        """A listener heard something wrong in `sentence`. Raises JobError where the chunk has another text by now."""
        with self._opened() as review:
            if sentence not in review.planned(number).chunk.text:
                raise JobError("The text has changed since this audiobook was made; make it anew, then report.")
            review.report(number, sentence)

    def undo(self) -> tuple[Decision, int | None] | None:
        """Takes the latest decision back, and has the audiobook made anew if it was in it. Returns the decision with
        the number of its chunk, if the plan still has it; None where there is nothing to undo."""
        with self._opened() as review:
            undone = review.undo()
            if undone is None:
                return None
            number = next((each.number for each in review.passages() if each.key == undone.key), None)
        if undone.kind != DecisionKind.REPORTED and not self._is_newer_than_audiobook(undone):
            self.make_anew()
        return undone, number

    def make_anew(self) -> None:
        """Has the audiobook made anew in the background, with what was decided so far."""
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
        """Whether something was decided that the finished audiobook does not have."""
        with self._opened() as review:
            decisions = review.decisions()
        return any(each.kind != DecisionKind.REPORTED and self._is_newer_than_audiobook(each) for each in decisions)

    def _is_newer_than_audiobook(self, decision: Decision) -> bool:
        coverage = self.folder / "coverage.json"  # a run writes it when it has chosen the takes
        return not coverage.is_file() or decision.made_at.timestamp() > coverage.stat().st_mtime

    def take_file(self, name: str) -> Path:
        """The audio file of a take. Raises JobError where the job has none of that name."""
        file = self.folder / "takes" / Path(name).name
        is_inside = file.resolve().parent == self.folder.resolve() / "takes"  # a link may lead anywhere
        if file.suffix != ".flac" or not file.is_file() or not is_inside:
            raise JobError(f"There is no take {name} in {self.folder}.")
        return file

    @contextmanager
    def _opened(self) -> Iterator[JobReview]:
        with self._lock, open_review(self.folder, beside_a_run=True) as review:
            yield review
