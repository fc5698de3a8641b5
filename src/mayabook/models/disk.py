"""Writes model files atomically, and only where there is enough free space."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from mayabook.core import files
from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import ModelError

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in total."""

_SPARE = 64 << 20
"""Bytes to leave free."""


def silent(done: int, total: int) -> None:
    """Ignores progress."""


def cannot_write(path: Path, error: OSError) -> ModelError:
    if error.errno in files.FULL:
        return ModelError(f"No space left to write {path}; free some space, or set MAYABOOK_MODELS to another folder.")
    return ModelError(
        f"Cannot write {path} ({error.strerror or error}); set MAYABOOK_MODELS to a folder that is writable."
    )


def free_space(folder: Path) -> int:
    """Bytes free on the disk of a folder, which is created. Raises ModelError where that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise cannot_write(folder, error) from error


def require_free_space(folder: Path, n_bytes: int) -> None:
    """Creates the folder. Raises ModelError unless its disk has that much free space."""
    free = free_space(folder)
    if free < n_bytes + _SPARE:
        raise ModelError(
            f"{folder} has {format_bytes(free)} free and {format_bytes(n_bytes)} are needed; free some space, "
            "or set MAYABOOK_MODELS to another folder."
        )


def atomic_write(path: Path) -> AbstractContextManager[Path]:
    """`mayabook.core.files.atomic_write`, whose errors say how to choose another models folder."""
    return files.atomic_write(path, cannot_write)
