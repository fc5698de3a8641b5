"""Names of the files that appear, and what can go wrong with a disk, in words."""

import errno
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.errors import OutputError
from mayabook.core.settings import MasterSettings
from mayabook.master.encode import FORMATS

FORBIDDEN = '<>:"/\\|?*'
"""In file names, on one system or another."""
MAX_NAME_BYTES = 150
ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "your quota of disk space is used up; free some and run the same command again",
    errno.EFBIG: "it grew larger than this file system or account allows; choose another place or --split",
    errno.EROFS: "the file system is read-only; choose another place",
    errno.EACCES: "you may not write there; choose another place",
    errno.EPERM: "you may not write there; choose another place",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ENOTDIR: "a part of that path is a file, not a folder; choose another place",
    errno.EEXIST: "a file of that name is in the way; choose another name",
}


def destination(output: Path, settings: MasterSettings) -> Path:
    """What will appear: the file, or the folder that holds one file per chapter."""
    return output.with_suffix("") if settings.split else output


def check_output(output: Path, settings: MasterSettings) -> None:
    """Creates the folder that the audiobook goes into; raises OutputError if it cannot be written there."""
    if output.suffix.lower() not in FORMATS:
        raise OutputError(f"Cannot write {output}: choose a name that ends in {', '.join(FORMATS)}.")
    target = destination(output, settings)
    if target.is_dir() and not settings.split:
        raise OutputError(f"Cannot write {target}: there is a folder of that name; choose another.")
    folder = target if settings.split else target.parent
    with writing(target):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


def chapter_file(output: Path, settings: MasterSettings, number: int, n_chapters: int, title: str) -> Path:
    """number: from 1, written so that names sort in order."""
    name = f"{number:0{max(2, len(str(n_chapters)))}} {_safe(title)}".rstrip()
    return destination(output, settings) / f"{name}{output.suffix}"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what the system says into an OutputError of one line."""
    try:
        yield
    except OSError as error:
        reason = ADVICE.get(error.errno or 0, f"{error.strerror or error}; choose another place")
        raise OutputError(f"Cannot write {path}: {reason}.") from error


def _safe(title: str) -> str:
    """What every file system takes, of the title."""
    kept = "".join(
        " " if char in FORBIDDEN or unicodedata.category(char).startswith(("C", "Z")) else char
        for char in unicodedata.normalize("NFC", title)
    )
    cut = " ".join(kept.split()).encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return cut.strip(" .")
