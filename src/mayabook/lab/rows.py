"""The rows of an experiment on disk: an append-only file of one JSON object per line.

The first line, the header, holds the experiment, plan, model, texts and checks; a run whose header differs is refused.
An incomplete last line, which a killed run leaves behind, is removed.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from mayabook.core.errors import LabError
from mayabook.core.files import cannot_write, make_folder

ROWS_FILE = "rows.jsonl"
"""Name of the file that holds the rows of a folder."""
RENAMED_EXPERIMENTS = {"attribute": "ablation"}
"""Old name of an experiment -> its current name; folders and rows with the old name can still be read."""
Row = Mapping[str, Any]
"""A row: stored name -> value. Every row but the header has a unique `key` and a `cell`."""


class Rows:
    """The rows in a folder, opened for writing as a context manager. Only one process at a time can open a folder.

    Entering raises LabError if another run has the folder open, or its header differs.
    """

    def __init__(self, folder: Path, header: Row) -> None:
        self.folder, self._header = folder, dict(header)
        self._file = folder / ROWS_FILE
        self._lock = FileLock(folder / f".{ROWS_FILE}.lock")
        self._rows: dict[str, Row] = {}

    def __enter__(self) -> Self:
        make_folder(self.folder)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise LabError(f"Another run is writing into {self.folder}; wait for it, or choose another -o.") from None
        except OSError as error:
            raise cannot_write(self._file, error) from error
        try:
            self._open()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise cannot_write(self._file, error) from error
            raise
        return self

    def _open(self) -> None:
        """Writes the header of a new file, or reads the rows of an existing one."""
        whole, n_bytes = _read(self._file)
        if not whole:
            self._file.write_text(json.dumps(self._header, ensure_ascii=False) + "\n", encoding="utf-8")
        else:
            self._check(whole[0])
            self._rows = {row["key"]: row for row in whole[1:]}
            with self._file.open("rb+") as file:
                file.truncate(n_bytes)
        self._out = self._file.open("a", encoding="utf-8")

    def _check(self, found: Row) -> None:
        """Raises LabError if a header differs from this run's."""
        for name, value in self._header.items():
            if found.get(name) != value:
                raise LabError(
                    f"The rows in {self.folder} are of another {name} ({_difference(found.get(name), value)}); "
                    "choose another folder with -o, or delete this one."
                )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()
        self._lock.release()

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def get(self, key: str) -> Row | None:
        """The row of a key, or None."""
        return self._rows.get(key)

    def add(self, row: Row) -> None:
        """Appends a row, which is on disk when this returns. Raises OutputError if it cannot be written."""
        try:
            self._out.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._out.flush()
            os.fsync(self._out.fileno())
        except OSError as error:
            raise cannot_write(self._file, error) from error
        self._rows[row["key"]] = row


def result_folder(parent: Path, experiment: str) -> Path:
    """The folder of an experiment's rows in `parent`; one with its old name if only that has rows."""
    folder = parent / experiment
    old = [
        parent / name
        for name, new in RENAMED_EXPERIMENTS.items()
        if new == experiment and (parent / name / ROWS_FILE).is_file()
    ]
    return old[0] if old and not (folder / ROWS_FILE).is_file() else folder


def _difference(one: object, other: object) -> str:
    """Describes how two header values differ; for tables, by the first entry that does."""
    if isinstance(one, dict) and isinstance(other, dict):
        name = next(name for name in [*other, *one] if one.get(name) != other.get(name))
        return f"{name}: {_difference(one.get(name), other.get(name))}"
    return f"{one}, not {other}"


def read_rows(folder: Path) -> tuple[Row, list[Row]]:
    """Reads header and rows of a finished or unfinished run. Raises LabError if there are none or they are damaged."""
    whole, _ = _read(folder / ROWS_FILE)
    if not whole:
        raise LabError(f"There are no rows in {folder}; run an experiment into it first.")
    return whole[0], list({row["key"]: row for row in whole[1:]}.values())


def _read(file: Path) -> tuple[Sequence[Row], int]:
    """The complete lines of a file, and their length in bytes. Raises LabError if a line is damaged."""
    if not file.is_file():
        return [], 0
    data = file.read_bytes()
    n_bytes = data.rfind(b"\n") + 1
    try:
        lines = [json.loads(line) for line in data[:n_bytes].splitlines()]
    except ValueError as error:
        raise LabError(f"{file} is damaged ({error}); delete its folder, or choose another with -o.") from error
    if lines and lines[0].get("experiment") in RENAMED_EXPERIMENTS:
        lines[0] |= {"experiment": RENAMED_EXPERIMENTS[lines[0]["experiment"]]}
    return lines, n_bytes
