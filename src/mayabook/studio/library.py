"""The library folder: book files, with their job folders and audiobooks beside them. Nothing outside it is served.

A book's id is the name of its file. Ignored are hidden files, files with a suffix that no registered reader takes, and
links that lead out of the folder.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from mayabook.book import BookFacts, read_book, reader_for, readers
from mayabook.core.errors import BookError, LibraryError
from mayabook.core.files import cannot_write, make_folder, publish
from mayabook.core.output_formats import FORMATS
from mayabook.core.settings import BookSettings
from mayabook.render.job import Job

MAX_UPLOAD_BYTES = 256 << 20
"""Largest book file that can be uploaded."""
_PIECE = 1 << 20
_N_FACTS = 512
"""Books whose facts and covers are kept in memory."""


@dataclass(frozen=True, slots=True)
class LibraryBook:
    """A book file of the library."""

    id: str
    """Name of the file, which names the book in addresses."""
    file: Path
    job: Job
    """Its job; the job folder need not exist yet."""

    def output(self, suffix: str) -> Path:
        """Where an audiobook of that suffix goes."""
        return self.file.with_suffix(suffix)

    @property
    def audiobook(self) -> Path | None:
        """The newest audiobook file made from it; None if there is none."""
        made = [file for suffix in FORMATS if (file := self.output(suffix)).is_file() and not file.is_symlink()]
        return max(made, key=lambda file: file.stat().st_mtime, default=None)


class Library:
    """A folder of books."""

    def __init__(self, folder: Path) -> None:
        """Creates the folder if it is not there. Raises OutputError where that fails."""
        make_folder(folder)
        self.folder = folder.resolve()
        for left in self.folder.glob(".*.partial.*"):  # by a server that was killed
            left.unlink(missing_ok=True)
        self._suffixes = tuple(suffix for reader in readers() for suffix in reader.suffixes)

    def books(self) -> list[LibraryBook]:
        """All books, by name."""
        names = (file.name for file in self.folder.iterdir() if file.suffix.lower() in self._suffixes)
        return [self._book(name) for name in sorted(names, key=str.casefold) if self._is_inside(name)]

    def book(self, book_id: str) -> LibraryBook:
        """Raises LibraryError if there is no such book."""
        if not self._is_inside(book_id):
            raise LibraryError(f"There is no book {book_id!r} in {self.folder}; choose one from the shelf.")
        return self._book(book_id)

    def facts(self, book: LibraryBook) -> BookFacts:
        """Title, authors and cover; for a file that cannot be read, its name as the title."""
        status = book.file.stat()
        return _read_facts(book.file, status.st_mtime_ns, status.st_size)

    def add(self, name: str, content: BinaryIO) -> LibraryBook:
        """Adds a book file, once a reader has read it.

        Raises LibraryError if the name cannot be used or the file is too large, BookError if it is not a readable book.
        """
        name = Path(name.replace("\\", "/")).name
        self._check_name(name)
        target = self.folder / name
        temporary = target.with_name(f".{target.stem}.partial{target.suffix}")
        try:
            with temporary.open("xb") as file:
                for piece in _pieces(content, name):
                    file.write(piece)
            self._require_book(temporary, name)
            publish(temporary, target)
        except FileExistsError:
            raise LibraryError(f"{name} is being added already; wait until that has finished.") from None
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise cannot_write(target, error) from error
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return self._book(name)

    def _check_name(self, name: str) -> None:
        suffix = Path(name).suffix.lower()
        if not name or name.startswith(".") or not name.isprintable() or len(name.encode()) > 200:
            raise LibraryError(
                "This file name cannot be used; rename the file (200 bytes at most, no leading dot), then add it again."
            )
        if suffix not in self._suffixes:
            formats = ", ".join(self._suffixes)
            raise LibraryError(f"{name} cannot be read; add a book in one of these formats: {formats}.")
        stem = Path(name).stem.casefold()
        for book in self.books():
            if book.file.stem.casefold() == stem:
                raise LibraryError(f"{book.id} is in the library already; rename the new file, then add it again.")

    def _require_book(self, file: Path, name: str) -> None:
        try:
            read_book(file)
        except BookError as error:
            raise BookError(str(error).replace(file.name, name)) from error

    def _book(self, name: str) -> LibraryBook:
        file = self.folder / name
        return LibraryBook(name, file, Job.beside(file))

    def _is_inside(self, name: str) -> bool:
        """Whether `name` is a book file in this folder, and neither it nor its job folder is a link that leads out."""
        if not name or name.startswith(".") or "\0" in name or "/" in name or "\\" in name:
            return False
        file = self.folder / name
        job = Job.beside(file).folder
        return (
            file.suffix.lower() in self._suffixes
            and file.is_file()
            and file.resolve().parent == self.folder
            and job.resolve().parent == self.folder
        )


def _pieces(content: BinaryIO, name: str) -> Iterator[bytes]:
    n_bytes = 0
    while piece := content.read(_PIECE):
        n_bytes += len(piece)
        if n_bytes > MAX_UPLOAD_BYTES:
            raise LibraryError(
                f"{name} is larger than {MAX_UPLOAD_BYTES >> 20} MB, the largest upload; copy it into the "
                "library folder instead."
            )
        yield piece


@lru_cache(maxsize=_N_FACTS)
def _read_facts(file: Path, modified: int, size: int) -> BookFacts:
    """modified, size: of the file; they are part of the cache key, so a changed file is read again."""
    try:
        return reader_for(file).read_facts(file, BookSettings())
    except BookError:
        return BookFacts(file.stem)
