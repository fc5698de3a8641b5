"""Hashes of model files, by file name and content; the folder that they lie in does not matter."""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from mayabook.core.errors import OutputError
from mayabook.core.files import atomic_write

_CACHE = "fingerprints.json"


def cache_folder() -> Path:
    """`$MAYABOOK_CACHE`, else `mayabook` in the user's cache folder."""
    named = os.environ.get("MAYABOOK_CACHE")
    return Path(named) if named else user_cache_path("mayabook", appauthor=False)


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's content in hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fingerprint(files: Sequence[Path]) -> str:
    """16 hexadecimal digits of the SHA-256 of the files' names and contents, in the order of their names.

    A file's hash is remembered with its size and time of change: weights are gigabytes, and are read once.
    """
    known = _known()
    whole = hashlib.sha256()
    fresh: dict[str, str] = {}
    for file in sorted(files, key=lambda file: file.name):
        status = file.stat()
        key = f"{file.resolve()} {status.st_size} {status.st_mtime_ns}"
        digest = known.get(key)
        if digest is None:
            digest = sha256_of(file)
            fresh[key] = digest
        whole.update(f"{file.name}\0{digest}\0".encode())
    if fresh:
        _remember(fresh)
    return whole.hexdigest()[:16]


def _known() -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((cache_folder() / _CACHE).read_text())
    except (OSError, ValueError):
        return {}
    return known


def _remember(fresh: dict[str, str]) -> None:
    """Adds hashes to the cache. If it cannot be written, the next run computes them again."""
    file = cache_folder() / _CACHE
    with suppress(OutputError), atomic_write(file, shared=True) as temporary:
        temporary.write_text(json.dumps(_known() | fresh))
