"""Reads the zip container of an EPUB. Nothing is unpacked to disk, and no path outside the zip is opened."""

import lzma
import posixpath
import re
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote

from mayabook.book.reader import read_head, unreadable
from mayabook.core.errors import BookError, DrmError

ABSURD_BYTES = 32 << 20
ABSURD_RATIO = 200
"""A file that unpacks to more than 32 MiB and 200 times its size is a bomb: prose shrinks 3 to 5 times."""

_PIECE = 1 << 16
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What `zipfile` raises on broken entries, besides its own error."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


class Container:
    """An open EPUB file. warnings: what in the zip was passed over."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Raises BookError where this is no readable zip, DrmError where it has a password."""
        self.path = path
        self.warnings: list[str] = []
        self._zip = _open(path)
        try:
            self._names = self._index(max_bytes)
        except BookError:
            self._zip.close()
            raise
        self._folded = {_fold(name): name for name in reversed(self._names)}

    def __enter__(self) -> "Container":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    def find(self, href: str, base: str = "") -> str | None:
        """The entry that `href`, found in the file `base`, leads to; None if it is not in this book.

        Percent-encoding, a wrong case and Unicode forms are forgiven; a path that leaves the zip gives None.
        """
        target = re.split("[#?]", href.strip(), maxsplit=1)[0]
        if _SCHEME.match(target):
            return None
        if not target:
            return base or None
        forms = (posixpath.join(posixpath.dirname(base), form) for form in (target, unquote(target)))
        candidates = [name for name in map(posixpath.normpath, forms) if not name.startswith(("../", "/"))]
        for name in candidates:
            if name in self._names:
                return name
        return next((self._folded[folded] for folded in map(_fold, candidates) if folded in self._folded), None)

    def read(self, name: str) -> bytes:
        """Raises BookError where the entry is damaged.

        Inflates piece by piece, and never more than the size that was counted when the book was opened: reading in one
        go would inflate everything behind a false header before the size is compared.
        """
        pieces = []
        try:
            with self._zip.open(self._names[name]) as file:
                while piece := file.read(_PIECE):
                    pieces.append(piece)
        except _DAMAGE as error:
            raise BookError(f"{name} in {self.path.name} is damaged ({error}): get the book again.") from error
        return b"".join(pieces)

    def _index(self, max_bytes: int) -> dict[str, zipfile.ZipInfo]:
        names: dict[str, zipfile.ZipInfo] = {}
        total = 0
        for info in self._zip.infolist():
            total += info.file_size
            if info.file_size > max(ABSURD_BYTES, ABSURD_RATIO * info.compress_size) or total > max_bytes:
                raise BookError(
                    f"{self.path.name} unpacks to far more than a book holds (at {info.filename}): if you trust it "
                    "all the same, raise the setting book.max_bytes."
                )
            if info.flag_bits & 0x1:
                raise DrmError(
                    f"{self.path.name} is protected by a zip password: unpack it, zip it again without a password and "
                    "use that file."
                )
            if info.is_dir():
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                self.warnings.append(f"{info.filename} is a symbolic link; it was not followed")
                continue
            names[info.filename.replace("\\", "/")] = info
        return names


def fragment_of(href: str) -> str:
    """The id after the `#`, empty if there is none."""
    return unquote(href.partition("#")[2]).strip()


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _open(path: Path) -> zipfile.ZipFile:
    head = read_head(path)
    try:
        return zipfile.ZipFile(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        if head.startswith(b"PK\3\4"):
            raise BookError(f"{path.name} is truncated or damaged: copy or download it again.") from error
        raise BookError(f"{path.name} is not an EPUB (not a zip archive): convert it to EPUB first.") from error
