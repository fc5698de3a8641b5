"""The queue: the run of the book that is being narrated, and which books follow.

A run is a separate process, `mayabook make`, so it outlives the server. The queue is stored in `studio.json` in the
library folder. When a server starts, it reads that file: a run that is still going on is monitored, and one that ended
together with its server is queued again, where the same command resumes it.
"""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from mayabook.core.errors import JobError, LibraryError, MayaBookError, OutputError, QueueError
from mayabook.core.files import make_folder, write_text
from mayabook.core.output_formats import FORMATS
from mayabook.render.job import Job
from mayabook.studio.book_choices import BookChoices
from mayabook.studio.job_status import JobState, JobStatus, JobStatuses
from mayabook.studio.library import Library, LibraryBook
from mayabook.studio.run_log import LOG_FILE, RunLog, RunProgress

STATE_FILE = "studio.json"
"""In the library folder."""
SECONDS = 0.3
"""Between two checks of the run."""
_log = logging.getLogger(__name__)


class BookState(StrEnum):
    """State of a book in the studio."""

    NEW = "new"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    """Its run was paused or stopped; the next one resumes it."""
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BookStatus:
    """A book at one moment."""

    book: LibraryBook
    state: BookState
    job: JobStatus
    run: RunProgress
    """Of the latest run that the studio began."""
    audiobook: Path | None
    error: str = ""
    """Why the run failed."""
    priority: int = 0

    @property
    def fraction(self) -> float:
        """Share of the chunks that are settled, 0 to 1."""
        return self.job.fraction

    @property
    def line(self) -> str:
        """Progress or quality, in one line."""
        if self.error:
            return self.error
        if self.state == BookState.RUNNING and self.run.mastering is not None:
            return f"mastering: {self.run.mastering:.0%}"
        return self.job.quality


class QueueEntry(BaseModel):
    """A book in the queue, as `studio.json` has it."""

    model_config = ConfigDict(frozen=True)

    book: str
    """Its id."""
    state: BookState
    """QUEUED, RUNNING, PAUSED or FAILED."""
    suffix: str = ".m4b"
    """Of the audiobook."""
    priority: int = 0
    """Higher ones go first."""
    error: str = ""
    pid: int | None = None
    """Process id of its run; None when no run is in progress."""
    started: float = 0.0
    """When that process was created, in seconds since 1970: process ids are reused, so both are compared."""


class _State(BaseModel):
    queue: list[QueueEntry] = []


class JobQueue:
    """Runs one book at a time. May be used from several threads."""

    def __init__(self, library: Library, statuses: JobStatuses) -> None:
        """Reads the stored queue. Nothing runs before `start`. Raises LibraryError if `studio.json` is damaged."""
        self._library, self._statuses = library, statuses
        self._file = library.folder / STATE_FILE
        self._lock = RLock()
        self._wake, self._is_closing = Event(), False
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, RunLog] = {}
        self._entries = _read(self._file)
        self._thread = Thread(target=self._work, name="queue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Interrupts the run as Ctrl-C does and waits up to 30 s for it; the next server resumes it."""
        self._is_closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        for entry in self.entries():
            process = _process(entry)
            if process is not None:
                _interrupt(process)
                with suppress(psutil.Error):
                    process.wait(timeout=30)

    def entries(self) -> tuple[QueueEntry, ...]:
        """In the order in which they are narrated."""
        with self._lock:
            return tuple(self._entries)

    def status(self, book: LibraryBook) -> BookStatus:
        """State and progress of a book. Raises JobError if its ledger cannot be read."""
        audiobook = book.audiobook
        job = self._statuses.of(book.job, audiobook)
        with self._lock:
            entry = self._find(book.id)
            log = self._logs.setdefault(book.id, RunLog(book.job.folder))
        if entry is not None:
            state = entry.state
        else:
            state = {
                JobState.NEW: BookState.NEW,
                JobState.UNFINISHED: BookState.PAUSED,
                JobState.RUNNING: BookState.RUNNING,
                JobState.FINISHED: BookState.FINISHED,
            }[job.state]
        error, priority = (entry.error, entry.priority) if entry is not None else ("", 0)
        return BookStatus(book, state, job, log.read(), audiobook, error, priority)

    def add(self, book_id: str, *, suffix: str | None = None, priority: int = 0, is_next: bool = False) -> None:
        """Queues a book. If it has an audiobook, that is made again from the existing takes.

        suffix: of the audiobook; None for that of the latest run, or .m4b if there was none. is_next: ahead of all
        others of its priority. Raises LibraryError if there is no such book, OutputError if a file that MayaBook did
        not make is in the way, QueueError if the book is queued or running already.
        """
        book = self._library.book(book_id)
        request = self._statuses.of(book.job, book.audiobook).request
        suffix = suffix or (request.output.suffix if request is not None else next(iter(FORMATS)))
        if suffix not in FORMATS:
            raise OutputError(f"Choose one of the formats {', '.join(FORMATS)}.")
        output = book.output(suffix)
        if output.exists() and not book.job.ledger_file.is_file():
            raise OutputError(
                f"{output.name} exists, and MayaBook did not make it here; rename or move that file, then try again."
            )
        if request is not None and request.book.name != book.id:
            raise OutputError(f"{book.job.folder.name} is the job of {request.book.name}; rename one of the two books.")
        with self._changing() as entries:
            found = self._find(book_id)
            if found is not None and found.state in (BookState.QUEUED, BookState.RUNNING):
                raise QueueError(f"{book_id} is in the queue already.")
            if found is not None:
                entries.remove(found)
            entry = QueueEntry(book=book_id, state=BookState.QUEUED, suffix=suffix, priority=priority)
            entries.insert(0 if is_next else len(entries), entry)

    def pause(self, book_id: str) -> None:
        """Ends the run after the take in progress; a book that is still waiting is not started."""
        with self._changing():
            entry = self._require(book_id, BookState.QUEUED, BookState.RUNNING)
            self._replace(entry, state=BookState.PAUSED)
            self._interrupt(entry)

    def resume(self, book_id: str) -> None:
        """Queues a paused, stopped or failed book again."""
        with self._changing():
            entry = self._find(book_id)
            if entry is None:
                self.add(book_id)
            else:
                entry = self._require(book_id, BookState.PAUSED, BookState.FAILED)
                self._replace(entry, state=BookState.QUEUED, error="")

    def stop(self, book_id: str) -> None:
        """Takes a book out of the queue and ends its run. Its takes are kept."""
        with self._changing() as entries:
            entry = self._require(book_id, *BookState)
            self._interrupt(entry)
            entries.remove(entry)

    def move(self, book_id: str, places: int) -> None:
        """Moves a book among those that wait with the same priority. places: -1 for one place earlier."""
        with self._changing() as entries:
            entry = self._require(book_id, BookState.QUEUED)
            waiting = [each for each in entries if each.state == BookState.QUEUED and each.priority == entry.priority]
            at = max(0, min(len(waiting) - 1, waiting.index(entry) + places))
            beside = waiting[at]
            if beside is not entry:
                entries.remove(entry)
                entries.insert(entries.index(beside) + (places > 0), entry)

    def set_priority(self, book_id: str, priority: int) -> None:
        """Books of higher priority are narrated first; a run in progress is not interrupted."""
        with self._changing():
            self._replace(self._require(book_id, *BookState), priority=priority)

    # The state

    def _find(self, book_id: str) -> QueueEntry | None:
        return next((entry for entry in self._entries if entry.book == book_id), None)

    def _require(self, book_id: str, *states: BookState) -> QueueEntry:
        entry = self._find(book_id)
        if entry is None or entry.state not in states:
            what = "not in the queue" if entry is None else entry.state
            raise QueueError(f"This cannot be done: {book_id} is {what}. The shelf shows the state of each book.")
        return entry

    def _replace(self, entry: QueueEntry, **changes: Any) -> QueueEntry:
        changed = entry.model_copy(update=changes)
        self._entries[self._entries.index(entry)] = changed
        return changed

    @contextmanager
    def _changing(self) -> Iterator[list[QueueEntry]]:
        """The entries, to be changed; when the block ends, they are sorted by priority and written to `studio.json`."""
        with self._lock:
            yield self._entries
            self._entries.sort(key=lambda entry: -entry.priority)
            write_text(self._file, _State(queue=self._entries).model_dump_json(indent=1))
        self._wake.set()

    # The runs

    def _work(self) -> None:
        while not self._is_closing:
            try:
                self._look()
            except (MayaBookError, OSError, psutil.Error):  # for example a full disk; tried again
                _log.exception("The queue failed")
            self._wake.wait(SECONDS)
            self._wake.clear()

    def _look(self) -> None:
        """Records runs that have ended, and starts the next one."""
        for entry in self.entries():
            if entry.pid is not None and _process(entry) is None:
                self._end(entry)
        with self._lock:
            if any(entry.pid is not None for entry in self._entries) or self._has_children():
                return
            for entry in self._entries:
                if entry.state == BookState.RUNNING:  # it has no process: the server was killed in `_start`
                    entry = self._replace(entry, state=BookState.QUEUED)
                if entry.state == BookState.QUEUED and self._start(entry):
                    return

    def _has_children(self) -> bool:
        """Whether a run that was stopped has not ended yet."""
        self._children = {pid: child for pid, child in self._children.items() if child.poll() is None}
        return bool(self._children)

    def _start(self, entry: QueueEntry) -> bool:
        """Starts the run of a book. False if another run uses the job, or if it could not be started."""
        try:
            book = self._library.book(entry.book)
            if book.job.is_running:
                return False
            child = _run(book, entry.suffix, self._statuses.of(book.job, None))
        except (LibraryError, JobError, OutputError, OSError) as error:
            with self._changing():
                self._replace(entry, state=BookState.FAILED, error=str(error))
            return False
        self._children[child.pid] = child
        with self._lock:
            self._logs.pop(book.id, None)  # another file by the same name
        with self._changing():
            started = psutil.Process(child.pid).create_time()
            self._replace(entry, state=BookState.RUNNING, error="", pid=child.pid, started=started)
        return True

    def _end(self, ended: QueueEntry) -> None:
        with self._changing() as entries:
            entry = self._find(ended.book)
            if entry is None or entry.pid != ended.pid:
                return
            if (child := self._children.pop(ended.pid or 0, None)) is not None:
                child.wait()
            entry = self._replace(entry, pid=None, started=0.0)
            if entry.state != BookState.RUNNING:
                return
            run = RunLog(Job.beside(self._library.folder / entry.book).folder).read()
            if run.is_complete:
                entries.remove(entry)
            elif child is None:  # started by an earlier server, with which it ended
                self._replace(entry, state=BookState.QUEUED)
            else:
                error = (
                    run.error.removeprefix("mayabook: ")
                    or "The run ended without a message; read run.log in the job folder, then resume."
                )
                self._replace(entry, state=BookState.FAILED, error=error)

    def _interrupt(self, entry: QueueEntry) -> None:
        process = _process(entry)
        if process is not None:
            _interrupt(process)


def _read(file: Path) -> list[QueueEntry]:
    if not file.is_file():
        return []
    try:
        return _State.model_validate_json(file.read_text(encoding="utf-8")).queue
    except (OSError, ValidationError) as error:
        raise LibraryError(f"Cannot read {file} ({error}); delete it: only the order of the queue is lost.") from error


def _process(entry: QueueEntry) -> psutil.Process | None:
    """The process of a run; None if it has ended."""
    if entry.pid is None:
        return None
    try:
        process = psutil.Process(entry.pid)
        is_it = abs(process.create_time() - entry.started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if is_it else None


def _interrupt(process: psutil.Process) -> None:
    """As Ctrl-C; the run ends its worker processes itself."""
    with suppress(psutil.Error):
        process.send_signal(signal.SIGTERM)


def _run(book: LibraryBook, suffix: str, status: JobStatus) -> "subprocess.Popen[bytes]":
    make_folder(book.job.folder)
    log = book.job.folder / LOG_FILE
    log.unlink(missing_ok=True)
    with log.open("xb") as written:
        return subprocess.Popen(
            command(book, suffix, status),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            cwd=book.file.parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )


def command(book: LibraryBook, suffix: str, status: JobStatus) -> list[str]:
    """The command line of the run, as a person would type it. Settings and lexicon are those chosen for the book, or
    else those of its latest run."""
    mayabook, request, choices = [sys.executable, "-m", "mayabook"], status.request, BookChoices(book.file)
    options = [
        *(("--settings", str(choices.settings_file)) if choices.settings_file.is_file() else ()),
        *(("--lexicon", str(choices.lexicon_file)) if choices.lexicon_file.is_file() else ()),
    ]
    if request is not None and not options and request.output.suffix == suffix:
        return [*mayabook, "review", str(book.job.folder), "--apply", "--json"]
    return [*mayabook, "make", str(book.file), "-o", str(book.output(suffix)), "--force", "--json", *options]
