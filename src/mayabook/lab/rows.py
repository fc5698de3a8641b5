"""Rows of an experiment on disk: one JSON object a line, only ever added to.

The first line says which plan, model and texts they are of; a run of another is refused. A line that a killed run left
unfinished is cut off.
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

FILE = "rows.jsonl"
RENAMED = {"attribute": "ablation"}
"""Old name of an experiment -> its name today; folders and rows with the old one are still read."""
Row = Mapping[str, Any]
"""Has `key`, which names it in its file, and `cell`."""


class Rows:
    """A context manager: one process at a time has a folder's rows open for writing."""

    def __init__(self, folder: Path, header: Row) -> None:
        self.folder, self._header = folder, dict(header)
        self._file = folder / FILE
        self._lock = FileLock(folder / f".{FILE}.lock")
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
        return self._rows.get(key)

    def add(self, row: Row) -> None:
        """On disk when it returns. Raises OutputError where it cannot be written."""
        try:
            self._out.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._out.flush()
            os.fsync(self._out.fileno())
        except OSError as error:
            raise cannot_write(self._file, error) from error
        self._rows[row["key"]] = row


def result_folder(parent: Path, experiment: str) -> Path:
    """The folder of an experiment's rows in `parent`; one of its old name goes on, where there is no other."""
    folder = parent / experiment
    old = [parent / name for name, new in RENAMED.items() if new == experiment and (parent / name / FILE).is_file()]
    return old[0] if old and not (folder / FILE).is_file() else folder


def _difference(one: object, other: object) -> str:
    """In words; of tables, the first entry that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        name = next(name for name in [*other, *one] if one.get(name) != other.get(name))
        return f"{name}: {_difference(one.get(name), other.get(name))}"
    return f"{one}, not {other}"


def read_rows(folder: Path) -> tuple[Row, list[Row]]:
    """Header and rows of a finished or unfinished run. Raises LabError where there are none."""
    whole, _ = _read(folder / FILE)
    if not whole:
        raise LabError(f"There are no rows in {folder}; run an experiment into it first.")
    return whole[0], list({row["key"]: row for row in whole[1:]}.values())


def _read(file: Path) -> tuple[Sequence[Row], int]:
    """The whole lines of a file, and how many bytes they take."""
    if not file.is_file():
        return [], 0
    data = file.read_bytes()
    n_bytes = data.rfind(b"\n") + 1
    try:
        lines = [json.loads(line) for line in data[:n_bytes].splitlines()]
    except ValueError as error:
        raise LabError(f"{file} is damaged ({error}); delete its folder, or choose another with -o.") from error
    if lines and lines[0].get("experiment") in RENAMED:
        lines[0] |= {"experiment": RENAMED[lines[0]["experiment"]]}
    return lines, n_bytes
