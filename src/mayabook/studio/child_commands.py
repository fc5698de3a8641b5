"""Long `mayabook` commands started from a page: each runs in its own process and continues if the page is closed."""

import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from mayabook.core.errors import MayaBookError

_MOST_LINES = 40


class CommandError(MayaBookError):
    """A command cannot be started, or has failed; the message is the last line that it printed."""


class ChildCommand:
    """A running or finished command."""

    def __init__(self, title: str, arguments: tuple[str, ...], filled: Path | None = None, n_bytes: float = 0) -> None:
        """Starts the command.

        title: what it does, for a person. arguments: those of `mayabook`. filled: a folder that it downloads into, for
        `fraction`. n_bytes: expected size of that folder when the command is done.
        """
        self.title, self._filled, self._n_bytes = title, filled, n_bytes
        self.lines: deque[str] = deque(maxlen=_MOST_LINES)
        """The last lines that it printed."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mayabook", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = Thread(target=self._read, daemon=True, name=title)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip():
                self.lines.append(line.strip())
        self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._reader.is_alive()

    @property
    def has_failed(self) -> bool:
        return not self.is_running and self._process.returncode != 0

    @property
    def last_line(self) -> str:
        return self.lines[-1] if self.lines else ""

    @property
    def fraction(self) -> float | None:
        """Share of the expected bytes that are in its folder, 0 to 1; None for a command that downloads nothing."""
        if self._filled is None or not self._n_bytes:
            return None
        n_bytes = sum(file.stat().st_size for file in self._filled.rglob("*") if file.is_file())
        return min(1.0, n_bytes / self._n_bytes)

    def wait(self) -> None:
        """Waits until the command ends. Raises CommandError if it failed."""
        self._reader.join()
        if self.has_failed:
            raise CommandError(
                self.last_line.removeprefix("mayabook: ") or f"{self.title}: failed without a message; try again."
            )

    def stop(self) -> None:
        """Asks it to end, as Ctrl-C does."""
        self._process.terminate()


class ChildCommands:
    """The commands started by this server, newest last; at most one of each title at a time."""

    def __init__(self) -> None:
        self._commands: dict[str, ChildCommand] = {}

    def __iter__(self) -> Iterator[ChildCommand]:
        return iter(tuple(self._commands.values()))

    def begin(self, title: str, *arguments: str, filled: Path | None = None, n_bytes: float = 0) -> ChildCommand:
        """Starts a command, as `ChildCommand` does. Raises CommandError if one with that title is running."""
        earlier = self._commands.get(title)
        if earlier is not None and earlier.is_running:
            raise CommandError(f"{title}: this is running already; wait until it has ended.")
        command = self._commands[title] = ChildCommand(title, arguments, filled, n_bytes)
        return command

    def stop(self) -> None:
        """Stops all running commands; called when the server ends."""
        for command in self:
            if command.is_running:
                command.stop()

    def forget(self, command: ChildCommand) -> None:
        """Stops a command and removes it from the list."""
        command.stop()
        self._commands.pop(command.title, None)
