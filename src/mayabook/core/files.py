"""Writes files atomically: a file appears complete or not at all."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mayabook.core.errors import MayaBookError, OutputError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""`errno` of an OSError where a disk, quota or file-size limit is exhausted."""
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The error to raise when writing `path` failed: what is wrong and what to do."""
    if error.errno in FULL:
        return OutputError(
            f"No space left to write {path}; free some space and run the same command again: it resumes."
        )
    if error.errno in _READ_ONLY:
        return OutputError(f"{path.parent} is not writable; choose another folder with -o.")
    return OutputError(f"Cannot write {path} ({error.strerror or error}); choose another path with -o.")


@contextmanager
def atomic_write(
    path: Path, explain: Callable[[Path, OSError], MayaBookError] = cannot_write, *, shared: bool = False
) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on a clean exit its bytes are on disk and it is renamed to `path`.

    On an error the temporary file is removed; an OSError is replaced by the exception that `explain` returns. A
    temporary file left by a killed process is overwritten by the next. shared: several processes may write `path` at
    once; each then has a temporary file of its own, and the last one wins.
    """
    process = f".{os.getpid()}" if shared else ""
    temporary = path.with_name(f".{path.stem}{process}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        publish(temporary, path)
    except OSError as error:
        raise explain(path, error) from error
    finally:
        with suppress(OSError):  # it was renamed, or its folder cannot be used
            temporary.unlink()


def publish(temporary: Path, path: Path) -> None:
    """Renames a finished file of the same folder to `path`, so that a crash of the machine leaves it whole or not
    there. Raises OSError."""
    _flush(temporary)
    temporary.replace(path)
    if os.name != "nt":  # Windows flushes no folders, nor do some file systems
        with suppress(OSError):
            _flush(path.parent)


def _flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)  # Windows flushes only what it may write
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes atomically; raises OutputError."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 atomically; raises OutputError."""
    write_bytes(path, text.encode())


def make_folder(path: Path) -> None:
    """With its parents, if it is not there yet; raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
