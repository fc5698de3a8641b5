"""Files that appear whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import OutputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def cannot_write(path: Path, error: OSError) -> OutputError:
    """What to tell a person when writing `path` failed."""
    if error.errno in _FULL:
        return OutputError(f"No room to write {path}; free some space and run the same command: it goes on.")
    if error.errno in _READ_ONLY:
        return OutputError(f"{path.parent} is not writable; choose another place with -o.")
    return OutputError(f"Cannot write {path} ({error.strerror or error}); choose another place with -o.")


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on a clean exit its bytes are on disk and renamed to `path`.

    On an error the temporary file is removed, and an OSError becomes an OutputError. A temporary file left by a
    killed process is overwritten by the next.
    """
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
