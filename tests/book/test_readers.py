"""Which reader a file gets, and how other packages add theirs."""

import subprocess
import sys
from pathlib import Path

import pytest

from mayabook.book import read_book, reader_for, readers
from mayabook.book.registry import GROUP
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings
from tests.epubs import write_epub

PAGES = {"one.xhtml": "<h1>One</h1><p>First text.</p>", "two.xhtml": "<h1>Two</h1><p>Second text.</p>"}
ADDED = '''
from mayabook.book import BookReader
from mayabook.core.book import Block, BlockKind, Book, Chapter


class ShoutReader(BookReader):
    """Text in capitals after a first line SHOUT."""

    name = "shouted text"
    suffixes = (".shout", ".txt")

    def sniff(self, head):
        return head.startswith(b"SHOUT\\n")

    def read(self, path, settings):
        lines = path.read_text().splitlines()[1:]
        blocks = tuple(Block(BlockKind.PARAGRAPH, line.capitalize(), path.name, "") for line in lines)
        return Book(path.stem, (), (Chapter(1, "One", blocks), Chapter(2, "Two", blocks)))
'''


def install(folder: Path, entry: str) -> None:
    """A package that adds a reader, as pip would lay it out."""
    facts = folder / "mayabook_shout-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mayabook-shout\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{GROUP}]\n{entry}\n")


@pytest.fixture
def shout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "shout_reader.py").write_text(ADDED)
    install(folder, "shout = shout_reader:ShoutReader")
    monkeypatch.syspath_prepend(folder)


def test_listing_the_readers_imports_no_parser() -> None:
    script = (
        "import sys\nfrom mayabook.book import readers\n"
        "print([reader.name for reader in readers()], 'lxml' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "['EPUB', 'plain text'] False\n"


@pytest.mark.parametrize(
    ("file", "reader"),
    [
        ("book.epub", "EPUB"),
        ("book.EPUB", "EPUB"),
        ("book.zip", "EPUB"),
        ("book", "EPUB"),
        ("book.txt", "EPUB"),
    ],
)
def test_an_epub_is_known_by_its_content(tmp_path: Path, file: str, reader: str) -> None:
    path = write_epub(tmp_path / file, PAGES)
    assert reader_for(path).name == reader
    assert [chapter.title for chapter in read_book(path).chapters] == ["One", "Two"]


@pytest.mark.parametrize("file", ["book.txt", "book.TXT", "book.text"])
def test_a_text_is_known_by_its_suffix(tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.write_text("Some words.")
    assert reader_for(path).name == "plain text"


@pytest.mark.parametrize(
    ("file", "content"),
    [("book.pdf", b"%PDF-1.7"), ("book.docx", b"PK\3\4"), ("book.md", b"# Title"), ("book", b"Some words.")],
)
def test_what_no_reader_reads_is_refused_with_what_can_be_read(tmp_path: Path, file: str, content: bytes) -> None:
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(BookError) as caught:
        read_book(path)
    assert str(caught.value) == (
        f"{file} has an unsupported format; supported are EPUB (.epub), plain text (.txt .text). "
        "Convert it, or install a package that reads it."
    )


def test_a_file_that_is_not_there_is_not_asked_for_its_format(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"There is no file .*book\.xyz: check the path\.$"):
        read_book(tmp_path / "book.xyz")


@pytest.mark.usefixtures("shout")
def test_a_reader_of_another_package_is_chosen_by_suffix_and_by_content(tmp_path: Path) -> None:
    assert [reader.name for reader in readers()] == ["EPUB", "plain text", "shouted text"]
    for file in ("loud.shout", "loud.txt", "loud.xyz"):
        (tmp_path / file).write_text("SHOUT\nTHE SEA.\n")
        assert reader_for(tmp_path / file).name == "shouted text"
    (tmp_path / "calm.txt").write_text("The sea.")
    assert reader_for(tmp_path / "calm.txt").name == "plain text"


@pytest.mark.usefixtures("shout")
def test_which_chapters_are_narrated_is_no_affair_of_the_reader(tmp_path: Path) -> None:
    (tmp_path / "loud.shout").write_text("SHOUT\nTHE SEA.\n")
    book = read_book(tmp_path / "loud.shout", BookSettings(skip=("One",)))
    assert [chapter.title for chapter in book.narrated] == ["Two"]


def test_a_package_that_cannot_be_imported_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "shout = gone_reader:ShoutReader")
    monkeypatch.syspath_prepend(tmp_path)
    assert read_book(write_epub(tmp_path / "book.epub", PAGES)).title == "The Test Book"
    (tmp_path / "book.shout").write_text("SHOUT\n")
    with pytest.raises(BookError, match="package mayabook-shout cannot be loaded") as caught:
        read_book(tmp_path / "book.shout")
    assert "\n" not in str(caught.value)


def test_a_package_cannot_replace_a_built_in_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "epub = gone_reader:ShoutReader")
    monkeypatch.syspath_prepend(tmp_path)
    assert [type(reader).__name__ for reader in readers()] == ["EpubReader", "PlainTextReader"]
