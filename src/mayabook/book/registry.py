"""The readers there are: the built-in ones, and those of other packages by the entry point group `mayabook.readers`."""

import os
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from mayabook.book.chapter_selection import select_chapters
from mayabook.book.reader import BookReader, read_head
from mayabook.core.book import Book
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings

GROUP = "mayabook.readers"
BUILT_IN = (
    EntryPoint("epub", "mayabook.book.epub_reader:EpubReader", GROUP),
    EntryPoint("plain-text", "mayabook.book.plain_text_reader:PlainTextReader", GROUP),
)


def read_book(file: str | os.PathLike[str], settings: BookSettings | None = None) -> Book:
    """Reads a book file with the reader that its content or suffix asks for: an EPUB, a plain text, or what other
    packages add.

    settings: which chapters are narrated, and what is read of them; by default BookSettings().

    Raises BookError if the file cannot be read or holds no text, DrmError if it is encrypted, SettingsError if a
    selector in `settings` fits no chapter.
    """
    path = Path(file)
    return read_with(reader_for(path), path, settings or BookSettings())


def read_with(reader: BookReader, path: Path, settings: BookSettings) -> Book:
    """`read_book` with a given reader, whatever the file is named."""
    read_head(path)
    book = reader.read(path, settings)
    return replace(book, chapters=select_chapters(book.chapters, settings))


def reader_for(path: Path) -> BookReader:
    """The reader of a file: one that recognises its content, else one that has its suffix.

    Among several that recognise it, the one that also has its suffix. Raises BookError where no reader fits.
    """
    head = read_head(path)
    found, broken = _load()
    with_suffix = [reader for reader in found if path.suffix.lower() in reader.suffixes]
    with_content = [reader for reader in found if reader.sniff(head)]
    for reader in (*(each for each in with_suffix if each in with_content), *with_content, *with_suffix):
        return reader
    formats = ", ".join(f"{reader.name} ({' '.join(reader.suffixes)})" for reader in found)
    raise BookError(
        f"{path.name} has an unsupported format; supported are {formats}. Convert it, or install a package that reads "
        "it." + "".join(f" {reason}." for reason in broken)
    )


def readers() -> list[BookReader]:
    """Every reader that can be loaded, the built-in ones first. No parser is imported."""
    return _load()[0]


def _load() -> tuple[list[BookReader], list[str]]:
    """The readers, and why those of other packages that fail to load do. No package can replace a built-in reader."""
    built_in = [entry.name for entry in BUILT_IN]
    others = [entry for entry in entry_points(group=GROUP) if entry.name not in built_in]
    found: list[BookReader] = []
    broken: list[str] = []
    for entry in (*BUILT_IN, *others):
        try:
            found.append(entry.load()())
        except Exception as error:  # noqa: BLE001  whatever the code of another package may raise
            package = entry.dist.name if entry.dist is not None else entry.value
            broken.append(f"The reader {entry.name} of package {package} cannot be loaded ({error}); reinstall it")
    return found, broken
