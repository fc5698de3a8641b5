"""The job folder of an audiobook: ledger, takes, reports, and a lock against a second run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock

from mayabook.core.errors import JobError
from mayabook.core.files import make_folder
from mayabook.render.ledger import Ledger, is_of_older_version

SUFFIX = ".mayabook"
LOCK_SECONDS = 0.5
"""How long a run waits for the lock: `Job.is_running` holds it for an instant."""


class Job:
    """A job folder. Inside `with job:` the folder exists and is locked, and the ledger is open."""

    ledger: Ledger
    """Open inside the `with` block only."""

    def __init__(self, folder: Path) -> None:
        folder = folder.absolute()
        self.folder = folder
        self.takes = folder / "takes"
        self.coverage_html = folder / "coverage.html"
        self.coverage_json = folder / "coverage.json"
        self.timeline_json = folder / "timeline.json"
        self.ledger_file = folder / "ledger.sqlite"
        self._lock = filelock.FileLock(folder / "lock", timeout=LOCK_SECONDS)

    @classmethod
    def beside(cls, output: Path) -> "Job":
        """The job whose audiobook is `output`."""
        return cls(output.with_suffix(SUFFIX))

    @classmethod
    def existing(cls, path: Path) -> "Job":
        """The job in the folder `path`, or the one beside the audiobook `path`."""
        job = cls(path) if path.suffix == SUFFIX or path.is_dir() else cls.beside(path)
        if not job.ledger_file.is_file():
            raise JobError(f"There is no job at {job.folder}; give the {SUFFIX} folder that `mayabook make` created.")
        return job

    @property
    def is_running(self) -> bool:
        """Whether a run, or a review, holds the lock."""
        if not Path(self._lock.lock_file).is_file():
            return False
        try:
            with filelock.FileLock(self._lock.lock_file, timeout=0):
                return False
        except filelock.Timeout:
            return True
        except OSError:
            return False  # nobody can lock it here

    def peek(self, name: str) -> str | None:
        """A fact of the ledger, read without the lock; None if there is no ledger yet. Never changes the ledger, not
        even one of an older version."""
        if not self.ledger_file.is_file():
            return None
        ledger = Ledger(self.ledger_file, in_memory=True)
        try:
            return ledger.fact(name)
        finally:
            ledger.close()

    @contextmanager
    def beside_a_run(self) -> Iterator[Self]:
        """Opens the ledger of an existing job without the lock, to read it and to store decisions: a run of the job may
        go on in another process, or begin.

        Raises JobError where the ledger is of an older version and another run is using it.
        """
        if is_of_older_version(self.ledger_file):
            with self:  # upgrades it
                pass
        self.ledger = Ledger(self.ledger_file)
        try:
            yield self
        finally:
            self.ledger.close()

    def __enter__(self) -> Self:
        make_folder(self.takes)
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise JobError(
                f"Another run is using {self.folder}; wait until it ends, or choose another output with -o."
            ) from None
        except OSError as error:
            raise JobError(f"Cannot lock {self.folder} ({error}); check its permissions.") from error
        try:
            self.ledger = Ledger(self.ledger_file)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.close()
        self._lock.release()
