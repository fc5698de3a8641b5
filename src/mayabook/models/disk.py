"""Model files appear whole or not at all, and are not begun where they would not fit."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import ModelError

Progress = Callable[[int, int], None]
"""Called with the bytes that are done and the bytes there are."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SPARE = 64 << 20
"""Bytes to leave free."""


def silent(done: int, total: int) -> None:
    """The progress that nobody watches."""


def gigabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 5e6 else f"{n_bytes / 1e3:,.0f} kB"


def cannot_write(path: Path, error: OSError) -> ModelError:
    if error.errno in _FULL:
        return ModelError(f"No room to write {path}; free some space, or set MAYABOOK_MODELS to another folder.")
    return ModelError(
        f"Cannot write {path} ({error.strerror or error}); set MAYABOOK_MODELS to a folder that is writable."
    )


def require_free_space(folder: Path, n_bytes: int) -> None:
    """Makes the folder. Raises ModelError unless so many bytes fit into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise cannot_write(folder, error) from error
    if free < n_bytes + _SPARE:
        raise ModelError(
            f"{folder} has {gigabytes(free)} free and {gigabytes(n_bytes)} are needed; free some space, "
            "or set MAYABOOK_MODELS to another folder."
        )


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on a clean exit its bytes are on disk and it is renamed to `path`.

    On an error it is removed, and an OSError becomes a ModelError. What a killed process left is replaced.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
