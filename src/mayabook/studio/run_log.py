"""The log of a run: the output of `mayabook make --json`, in a file of the job folder.

The run writes the file itself, so it does not need the server that started it; the next server reads it from the start.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

LOG_FILE = "run.log"
"""In the job folder; each run begins a new one."""
MOST_MESSAGES = 500
"""Only the newest messages are kept, up to this number."""


@dataclass(frozen=True, slots=True)
class RunMessage:
    """A line for a person."""

    text: str
    time: float | None
    """When it was read, in seconds since 1970; None if it was written before this server started."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """What a run has reported so far."""

    messages: tuple[RunMessage, ...] = ()
    n_messages: int = 0
    """Number of all messages, including those no longer kept."""
    done_chunks: int = 0
    n_chunks: int = 0
    chapter: str = ""
    """Title of the chapter whose chunk was settled last."""
    rate: float | None = None
    """Seconds of speech generated per second; None before the first take."""
    eta: float | None = None
    """Seconds to go; None if not known."""
    mastering: float | None = None
    """Share of mastering that is done, 0 to 1; None before it begins."""
    is_complete: bool = False
    """Whether the run reported its result."""
    error: str = ""
    """The last line that is not a JSON event: if the run ended without a result, the reason."""


class RunLog:
    """Follows the log of a job folder. May be used from several threads."""

    def __init__(self, job_folder: Path) -> None:
        self._file = job_folder / LOG_FILE
        self._lock = Lock()
        self._begin(None)

    def read(self) -> RunProgress:
        """What the latest run has reported up to now."""
        with self._lock:
            try:
                status = self._file.stat()
                if status.st_ino != self._inode or status.st_size < self._offset:
                    self._begin(status.st_ino)
                if status.st_size > self._offset:
                    self._read_on()
            except FileNotFoundError:
                self._begin(None)
            self._is_first_read = False
            return self._progress

    def _begin(self, inode: int | None) -> None:
        self._inode, self._offset, self._progress = inode, 0, RunProgress()
        self._is_first_read = True

    def _read_on(self) -> None:
        with self._file.open("rb") as file:
            file.seek(self._offset)
            written = file.read()
        whole = written[: written.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode("utf-8", errors="replace").splitlines():
            self._progress = self._after(line.strip())

    def _after(self, line: str) -> RunProgress:
        before = self._progress
        try:
            event = json.loads(line)
        except ValueError:
            return replace(before, error=line) if line else before
        if not isinstance(event, dict):
            return before
        match event.get("event"):
            case "message":
                message = RunMessage(str(event["text"]), None if self._is_first_read else time.time())
                kept = (*before.messages, message)[-MOST_MESSAGES:]
                return replace(before, messages=kept, n_messages=before.n_messages + 1)
            case "rendering":
                return _after_rendering(before, event)
            case "mastering":
                return replace(before, mastering=float(event["fraction"]), eta=None)
            case "result":
                return replace(before, is_complete=True, eta=None)
        return before


def _after_rendering(before: RunProgress, event: dict[str, Any]) -> RunProgress:
    return replace(
        before,
        done_chunks=event["done_chunks"],
        n_chunks=event["n_chunks"],
        chapter=event["chapter"],
        rate=event["rate"] or None,
        eta=event["eta"],
    )
