"""What every book reader promises, as tests: a reader's own tests subclass `ReaderContract`."""

import random
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from mayabook.book import BookReader, read_book, read_with, reader_for
from mayabook.core.book import BlockKind, Book
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings, ScriptSettings
from mayabook.script import write_script
from mayabook.source_check import check_source

FOREIGN_HEADS = (b"", b"\0" * 64, b"%PDF-1.7\n%\xe2\xe3", b"\x89PNG\r\n\x1a\n", b"ID3\4\0", b"Some words.\n" * 20)
"""How files of other formats begin, and a text, which has no signature."""
N_DAMAGED = 60


class ReaderContract(ABC):
    """Subclass it in a test module, as `TestMyReader`; set `reader` and write `sample`."""

    reader: ClassVar[BookReader]
    """The reader under test."""
    parsers: ClassVar[Sequence[str]] = ("lxml",)
    """Modules that describing the reader must not import."""

    @abstractmethod
    def sample(self, folder: Path) -> Path:
        """Writes a book of at least two chapters with headings and paragraphs into `folder`, and returns its file."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return self.sample(tmp_path)

    @pytest.fixture
    def book(self, file: Path) -> Book:
        return read_with(self.reader, file, BookSettings())

    def test_it_describes_itself(self) -> None:
        assert self.reader.name
        assert "\n" not in self.reader.name
        assert self.reader.suffixes
        for suffix in self.reader.suffixes:
            assert suffix.startswith(".")
            assert suffix == suffix.lower()

    def test_describing_it_imports_no_parser(self) -> None:
        module = type(self.reader).__module__
        script = f"import sys, {module}; print(*(name for name in {tuple(self.parsers)!r} if name in sys.modules))"
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert run.stdout.split() == []

    def test_it_is_registered_for_its_files(self, file: Path) -> None:
        """Its package is installed, and no other reader takes its files."""
        assert type(reader_for(file)) is type(self.reader)

    def test_it_recognises_no_other_format(self) -> None:
        assert not any(self.reader.sniff(head) for head in FOREIGN_HEADS)

    def test_it_recognises_its_files_by_their_first_bytes_or_never(self, file: Path) -> None:
        data = file.read_bytes()
        answers = {self.reader.sniff(data[:size]) for size in (1000, 4096)}
        assert len(answers) == 1

    def test_the_book_is_well_formed(self, file: Path, book: Book) -> None:
        assert book.title
        assert book.language
        assert [chapter.number for chapter in book.chapters] == list(range(1, len(book.chapters) + 1))
        assert len(book.narrated) >= 2
        assert all("\n" not in warning for warning in book.warnings)
        for chapter in book.chapters:
            assert chapter.title
            assert chapter.depth >= 1
            for block in chapter.blocks:
                assert block.href
                assert block.text == " ".join(block.text.split()), "text is on one line, without spaces around it"
                assert (block.text == "") == (block.kind is BlockKind.SCENE_BREAK)
                assert (1 <= block.level <= 6) if block.kind is BlockKind.HEADING else block.level == 0

    def test_chapters_have_headings_and_paragraphs(self, book: Book) -> None:
        kinds = {block.kind for chapter in book.chapters for block in chapter.blocks}
        assert {BlockKind.HEADING, BlockKind.PARAGRAPH} <= kinds

    def test_no_word_is_lost_in_reading(self, file: Path, book: Book) -> None:
        """For formats that have a second reader; the others have nothing to be compared with."""
        assert check_source(file, book).differences == ()

    def test_the_script_holds_every_word(self, book: Book) -> None:
        script = write_script(book, ScriptSettings())
        assert script.coverage.complete
        assert script.coverage.n_book_words > 0

    def test_reading_again_gives_the_same_book_and_changes_no_file(self, file: Path, book: Book) -> None:
        before = {each: each.read_bytes() for each in file.parent.iterdir()}
        assert read_book(file) == book
        assert {each: each.read_bytes() for each in file.parent.iterdir()} == before

    def test_which_chapters_are_narrated_is_left_to_the_caller(self, file: Path, book: Book) -> None:
        last = book.narrated[-1].number
        asked = BookSettings(only=(str(last),))
        assert self.reader.read(file, asked).chapters == self.reader.read(file, BookSettings()).chapters
        assert [chapter.number for chapter in read_book(file, asked).narrated] == [last]

    def test_what_cannot_be_read_is_refused_in_one_line(self, file: Path) -> None:
        def refused(max_bytes: int) -> None:
            with pytest.raises(BookError) as caught:
                self.reader.read(file, BookSettings(max_bytes=max_bytes))
            assert "\n" not in str(caught.value)

        refused(max_bytes=1)
        file.write_bytes(b"")
        refused(max_bytes=1 << 30)

    def test_a_damaged_file_is_read_or_refused(self, file: Path) -> None:
        """Bytes are lost, changed or cut off: a book or a BookError, nothing else."""
        whole = file.read_bytes()
        chance = random.Random(1)
        for _ in range(N_DAMAGED):
            damaged = bytearray(whole)
            for _ in range(chance.choice((1, 8))):
                at = chance.randrange(len(damaged))
                damaged[at : at + chance.randrange(6)] = chance.randbytes(chance.randrange(6))
            file.write_bytes(bytes(damaged[: chance.choice((len(damaged), chance.randrange(len(damaged) + 1)))]))
            try:
                self.reader.read(file, BookSettings())
            except BookError as error:
                assert "\n" not in str(error)  # noqa: PT017  either outcome is right
