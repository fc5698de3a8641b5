"""The contract of a book reader: one format of book file, turned into a `Book`."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from mayabook.core.book import Book, Cover
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings

HEAD_BYTES = 4096
"""Bytes of a file that `sniff` is given, or fewer where the file is shorter."""


@dataclass(frozen=True, slots=True)
class BookFacts:
    """Title, authors and cover of a book, for lists of books."""

    title: str
    authors: tuple[str, ...] = ()
    cover: Cover | None = None


class BookReader(ABC):
    """Reads one format of book file.

    A package adds a reader by an entry point of the group `mayabook.readers` that names a subclass. The class is
    imported whenever readers are listed, so its module must not import a parser; `read` does. `mayabook.testing` has
    the contract as a test suite.
    """

    name: ClassVar[str]
    """The format, as messages name it: "EPUB"."""
    suffixes: ClassVar[tuple[str, ...]]
    """Suffixes of its files, in lower case: (".epub",)."""

    @abstractmethod
    def sniff(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes is certainly in this format, by a signature.

        A format without a signature, such as plain text, returns False and is chosen by its suffix alone.
        """

    @abstractmethod
    def read(self, path: Path, settings: BookSettings) -> Book:
        """The whole book. Which chapters a person wants (`include`, `skip`, `only`) is applied by the caller.

        path: a file that can be opened. Raises BookError, with one line that says what to do, where the file is broken
        beyond repair, larger than `settings.max_bytes` or holds no text; what can be repaired becomes a line in
        `Book.warnings`.
        """

    def read_facts(self, path: Path, settings: BookSettings) -> BookFacts:
        """Title, authors and cover, without reading the text; by default, the file's name as the title.

        Arguments and errors are those of `read`.
        """
        return BookFacts(path.stem)


def read_head(path: Path) -> bytes:
    """The first `HEAD_BYTES` of a file. Raises BookError where it cannot be opened."""
    if path.is_dir():
        raise BookError(f"{path} is a folder, not a book: give the path of the book's file.")
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> BookError:
    """What to tell a person when opening or reading `path` failed."""
    if isinstance(error, FileNotFoundError):
        return BookError(f"There is no file {path}: check the path.")
    return BookError(f"Cannot read {path} ({error.strerror or error}): check its permissions and disk.")
