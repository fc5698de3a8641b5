"""Names for the content of model files: what they are, wherever they lie."""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_CACHE = "fingerprints.json"


def cache_folder() -> Path:
    """`$MAYABOOK_CACHE`, else `mayabook` in the user's cache folder."""
    named = os.environ.get("MAYABOOK_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base) / "mayabook"


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
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
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
    """A cache that cannot be written costs time on the next run and nothing else."""
    file = cache_folder() / _CACHE
    temporary = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(_known() | fresh))
        temporary.replace(file)
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
