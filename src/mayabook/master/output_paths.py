"""Names of the output files, and whether they can be written."""

import tempfile
import unicodedata
from pathlib import Path

from mayabook.core.errors import OutputError
from mayabook.core.files import cannot_write, make_folder
from mayabook.core.output_formats import FORMATS
from mayabook.core.settings import MasterSettings

FORBIDDEN = '<>:"/\\|?*'
"""Characters that file names must not have on some system."""
MAX_NAME_BYTES = 150
"""Of a chapter's title in a file name; most file systems allow 255 for the whole name."""


def destination(output: Path, settings: MasterSettings) -> Path:
    """The path of the audiobook: a file, or the folder of its chapters' files."""
    return output.with_suffix("") if settings.split else output


def check_output(output: Path, settings: MasterSettings) -> None:
    """Creates the folder that the audiobook goes into; raises OutputError if it cannot be written there."""
    if output.suffix.lower() not in FORMATS:
        raise OutputError(f"Cannot write {output}: choose a name that ends in {', '.join(FORMATS)}.")
    target = destination(output, settings)
    if target.is_dir() and not settings.split:
        raise OutputError(f"Cannot write {target}: it is a folder; choose another name with -o.")
    folder = target if settings.split else target.parent
    make_folder(folder)
    try:
        tempfile.NamedTemporaryFile(prefix="." if settings.split else f".{target.name}.", dir=folder).close()
    except OSError as error:
        raise cannot_write(target, error) from error


def chapter_file(output: Path, settings: MasterSettings, number: int, n_chapters: int, title: str) -> Path:
    """number: from 1, written so that names sort in order."""
    name = f"{number:0{max(2, len(str(n_chapters)))}} {_safe(title)}".rstrip()
    return destination(output, settings) / f"{name}{output.suffix}"


def _safe(title: str) -> str:
    """The title without what some file systems do not allow in a name."""
    kept = "".join(
        " " if char in FORBIDDEN or unicodedata.category(char).startswith(("C", "Z")) else char
        for char in unicodedata.normalize("NFC", title)
    )
    cut = " ".join(kept.split()).encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    return cut.strip(" .")
