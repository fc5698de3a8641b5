"""The services of the studio. They do not depend on the web framework; pages and routes call them."""

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from mayabook.studio.job_queue import BookStatus, JobQueue
from mayabook.studio.job_status import JobStatuses
from mayabook.studio.library import Library
from mayabook.studio.listening import Listening
from mayabook.studio.reruns import Reruns
from mayabook.studio.review_desk import ReviewDesk
from mayabook.studio.speech import Speech


@dataclass(frozen=True)
class Services:
    """All services of one library. Methods that take a book id raise LibraryError if there is no such book."""

    library: Library
    statuses: JobStatuses
    queue: JobQueue
    speech: Speech
    reruns: Reruns = field(default_factory=Reruns)
    _desks: dict[Path, ReviewDesk] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, folder: Path) -> "Services":
        """Opens the library in `folder`, which is created if missing. Raises OutputError if that fails, LibraryError if
        the stored queue is damaged."""
        library, statuses = Library(folder), JobStatuses()
        return cls(library, statuses, JobQueue(library, statuses), Speech())

    def start(self) -> None:
        self.queue.start()

    def close(self) -> None:
        """Ends speech and the run in progress; the next server resumes the run."""
        self.speech.close()
        self.queue.close()

    def shelf(self) -> list[BookStatus]:
        """All books: first those in the queue, in its order, then the others by name."""
        places = {entry.book: place for place, entry in enumerate(self.queue.entries())}
        books = sorted(self.library.books(), key=lambda book: places.get(book.id, len(places)))
        return [self.queue.status(book) for book in books]

    def status(self, book_id: str) -> BookStatus:
        return self.queue.status(self.library.book(book_id))

    def desk(self, book_id: str) -> ReviewDesk:
        """The review of a book's job; all pages share one object, because it holds a lock."""
        folder = self.library.book(book_id).job.folder
        with self._lock:
            return self._desks.setdefault(folder, ReviewDesk(folder, self.reruns))

    def listening(self, book_id: str) -> Listening:
        """The finished audiobook of a book."""
        return Listening(self.library.book(book_id).job.folder)
