"""The services of the studio, which know nothing of the web. Pages and routes are given them."""

from dataclasses import dataclass
from pathlib import Path

from mayabook.studio.job_queue import BookStatus, JobQueue
from mayabook.studio.job_status import JobStatuses
from mayabook.studio.library import Library


@dataclass(frozen=True)
class Services:
    """What pages and routes work with."""

    library: Library
    statuses: JobStatuses
    queue: JobQueue

    @classmethod
    def of(cls, folder: Path) -> "Services":
        """For the books in a folder, which is created if it is not there. Raises OutputError, LibraryError."""
        library, statuses = Library(folder), JobStatuses()
        return cls(library, statuses, JobQueue(library, statuses))

    def start(self) -> None:
        self.queue.start()

    def close(self) -> None:
        """Ends what runs in the background; the next server goes on with it."""
        self.queue.close()

    def shelf(self) -> list[BookStatus]:
        """Every book: those of the queue in its order, then the others by name."""
        places = {entry.book: place for place, entry in enumerate(self.queue.entries())}
        books = sorted(self.library.books(), key=lambda book: places.get(book.id, len(places)))
        return [self.queue.status(book) for book in books]
