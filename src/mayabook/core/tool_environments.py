"""Virtual environments for tools whose pins clash with MayaBook's own packages: vLLM, llmcompressor.

Each is a folder with a Python of its own. `tool_environments.toml` says what is in it. A marker file, written last,
tells a finished environment from an interrupted one and names its requirements.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import ToolEnvironmentError
from mayabook.core.files import FULL
from mayabook.core.hardware import gpus

MARKER = "mayabook-environment.json"
"""Written when the environment is complete."""
LOG = "install.log"
"""What venv and pip printed."""


class State(StrEnum):
    ABSENT = "not installed"
    """It does not exist, or its installation was interrupted."""
    OTHER_PINS = "other requirements"
    """It was made for another version of MayaBook, or where a GPU was visible and now none is, or the reverse."""
    READY = "ready"


@dataclass(frozen=True, slots=True)
class ToolEnvironment:
    """A virtual environment, which need not exist."""

    name: str
    purpose: str
    """What uses it, for a person."""
    requirements: Sequence[str]
    """What pip installs."""
    uninstall: Sequence[str]
    """Packages that come with the requirements and are removed again."""
    download_bytes: int
    disk_bytes: int
    """Of the finished environment."""
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter. Run it with -I or with -E and -s: PYTHONPATH may name packages of other environments."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def state(self) -> State:
        marker = self._marker()
        if marker is None or not self.python.exists():
            return State.ABSENT
        return State.READY if marker.get("pins") == self._pins else State.OTHER_PINS

    @property
    def installed_bytes(self) -> int:
        """Bytes of its files when it was finished; 0 if it is not installed."""
        return int((self._marker() or {}).get("bytes", 0))

    @property
    def missing_reason(self) -> str | None:
        """Why it cannot be used and what to do, in words; None if it is ready."""
        if self.state is State.READY:
            return None
        if self.state is State.ABSENT:
            return f"not installed; run: mayabook engines install {self.name}"
        there = ", ".join((self._marker() or {}).get("requirements", ())) or "other packages"
        return (
            f"installed with {there}, but this machine{_without_gpus()} needs {', '.join(self.requirements)}; run: "
            f"mayabook engines install {self.name}"
        )

    def require_ready(self) -> None:
        """Raises ToolEnvironmentError unless it is ready."""
        if self.missing_reason is not None:
            raise ToolEnvironmentError(f"The environment {self.name} is {self.missing_reason}.")

    def install(self, report: Callable[[str], None]) -> None:
        """Makes the environment anew, unless it is ready. report: takes lines for a person.

        Raises ToolEnvironmentError where the disk is too small, pip fails, or another process is installing it.
        """
        with self._lock():
            if self.state is State.READY:
                report(f"{self.name} is installed in {self.folder}")
                return
            self._delete()
            self._require_free_space()
            report(
                f"{self.name}, for {self.purpose}: {', '.join(self.requirements)}; downloads about "
                f"{format_bytes(self.download_bytes)} and takes {format_bytes(self.disk_bytes)} in {self.folder}"
            )
            self._run([sys.executable, "-I", "-m", "venv", str(self.folder)])
            report("Installing the packages; this takes some minutes")
            self._pip("install", *self.requirements)
            if self.uninstall:
                self._pip("uninstall", "--yes", *self.uninstall)
            self._finish()
            report(f"{self.name} is ready: {format_bytes(self.installed_bytes)}")

    def remove(self) -> None:
        """Deletes it. Raises ToolEnvironmentError if it is not there."""
        with self._lock():
            if not self.folder.exists():
                raise ToolEnvironmentError(f"The environment {self.name} is not installed; there is nothing to remove.")
            self._delete()

    @property
    def _pins(self) -> str:
        return hashlib.sha256(json.dumps([*self.requirements, "without", *self.uninstall]).encode()).hexdigest()[:16]

    def _marker(self) -> dict[str, Any] | None:
        try:
            marker: dict[str, Any] = json.loads((self.folder / MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return marker

    def _finish(self) -> None:
        n_bytes = sum(path.lstat().st_size for path in self.folder.rglob("*"))
        marker = {"pins": self._pins, "requirements": list(self.requirements), "bytes": n_bytes}
        with self._explaining():
            temporary = self.folder / f".{MARKER}"
            temporary.write_text(json.dumps(marker, indent=1), encoding="utf-8")
            temporary.replace(self.folder / MARKER)

    def _delete(self) -> None:
        """The marker first, so that an environment half deleted counts as absent."""
        with self._explaining():
            (self.folder / MARKER).unlink(missing_ok=True)
            if self.folder.exists():
                shutil.rmtree(self.folder)

    def _require_free_space(self) -> None:
        needed, free = self.download_bytes + self.disk_bytes, shutil.disk_usage(self.folder.parent).free
        if free < needed:
            raise ToolEnvironmentError(
                f"Installing the environment {self.name} needs {format_bytes(needed)} and {self.folder.parent} "
                f"has {format_bytes(free)} free; free some space, or set MAYABOOK_ENVIRONMENTS to another folder."
            )

    def _pip(self, command: str, *arguments: str) -> None:
        quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
        self._run([str(self.python), "-I", "-m", "pip", command, *quiet, *arguments])

    def _run(self, command: Sequence[str]) -> None:
        """Raises ToolEnvironmentError with the line that says why the command failed."""
        with self._explaining():
            ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.folder.mkdir(exist_ok=True)
            with (self.folder / LOG).open("a", encoding="utf-8") as log:
                log.write(f"$ {' '.join(command)}\n{ran.stdout}")
        if ran.returncode != 0:
            raise ToolEnvironmentError(
                f"The environment {self.name} could not be installed ({_reason(ran.stdout)}); look for the cause in "
                f"{self.folder / LOG}, then run again: mayabook engines install {self.name}"
            )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._explaining():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder.parent / f".{self.name}.lock", timeout=0)
        try:
            with lock:
                yield
        except Timeout as error:
            raise ToolEnvironmentError(
                f"Another process is installing or removing the environment {self.name}; wait until it has finished."
            ) from error

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turns an OSError into one line."""
        try:
            yield
        except OSError as error:
            why = "no space left" if error.errno in FULL else error.strerror or str(error)
            raise ToolEnvironmentError(
                f"Cannot write the environment {self.folder} ({why}); free some space, or set MAYABOOK_ENVIRONMENTS to "
                "a folder that is writable."
            ) from error


def environments_folder() -> Path:
    """`$MAYABOOK_ENVIRONMENTS`, else `mayabook/environments` in the user's data folder."""
    named = os.environ.get("MAYABOOK_ENVIRONMENTS")
    return Path(named).absolute() if named else user_data_path("mayabook", appauthor=False) / "environments"


def tool_environment(name: str) -> ToolEnvironment:
    """The environment of this name. Raises ToolEnvironmentError, which lists all names, if there is none."""
    tables = _tables()
    if name not in tables:
        raise ToolEnvironmentError(f"Unknown environment {name!r}; choose one of: {', '.join(tables)}.")
    table = {key: value for key, value in tables[name].items() if key != "cuda"}
    if "cuda" in tables[name] and gpus():
        table |= tables[name]["cuda"]
    return ToolEnvironment(
        name,
        table["purpose"],
        tuple(table["requirements"]),
        tuple(table["uninstall"]),
        table["download_megabytes"] * 1_000_000,
        table["disk_megabytes"] * 1_000_000,
        environments_folder() / name,
    )


def tool_environments() -> list[ToolEnvironment]:
    """Every environment, installed or not."""
    return [tool_environment(name) for name in _tables()]


def _without_gpus() -> str:
    return ", where CUDA_VISIBLE_DEVICES hides every GPU," if os.environ.get("CUDA_VISIBLE_DEVICES") == "" else ""


@cache
def _tables() -> dict[str, dict[str, Any]]:
    text = files("mayabook.core").joinpath("tool_environments.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _reason(output: str) -> str:
    """The first error that pip printed, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines[-1:] or ["no reason given"])[0]
