"""The library folder: what is a book of it, what is refused, and that nothing leads out of it."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from mayabook.core.errors import BookError, JobError, LibraryError
from mayabook.studio import library as library_module
from mayabook.studio.library import Library
from mayabook.studio.listening import Listening
from mayabook.studio.reruns import Reruns
from mayabook.studio.review_desk import ReviewDesk
from tests.epubs import PIXEL_PNG, epub_files, write_epub, write_zip

PAGES = {"one.xhtml": "<h1>One</h1><p>It rained all day.</p>"}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "books")


def epub_bytes(tmp_path: Path) -> bytes:
    return write_epub(tmp_path / "made.epub", PAGES, title="Rain").read_bytes()


def test_a_book_that_is_added_is_on_the_shelf_with_title_and_cover(library: Library, tmp_path: Path) -> None:
    write_zip(tmp_path / "rain.epub", epub_files(PAGES, title="Rain", cover=PIXEL_PNG))
    added = library.add("rain.epub", io.BytesIO((tmp_path / "rain.epub").read_bytes()))
    assert [book.id for book in library.books()] == ["rain.epub"]
    facts = library.facts(added)
    assert (facts.title, facts.authors) == ("Rain", ("Ann Author",))
    assert facts.cover is not None
    assert facts.cover.data == PIXEL_PNG


def test_a_file_that_is_put_into_the_folder_is_a_book_and_others_are_not(library: Library) -> None:
    (library.folder / "notes.txt").write_text("It rained.")
    (library.folder / "notes.lexicon.toml").write_text("")
    (library.folder / ".hidden.txt").write_text("It rained.")
    assert [book.id for book in library.books()] == ["notes.txt"]
    assert library.facts(library.book("notes.txt")).title == "notes"


@pytest.mark.parametrize("name", ["../evil.epub", "..\\evil.epub", "/tmp/evil.epub", "a/b/evil.epub"])
def test_a_path_in_the_name_of_an_upload_is_dropped(library: Library, name: str, tmp_path: Path) -> None:
    assert library.add(name, io.BytesIO(epub_bytes(tmp_path))).file == library.folder / "evil.epub"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["books", "made.epub"]


@pytest.mark.parametrize(
    "name", ["", ".epub", "..", ".hidden.epub", "a\nb.epub", "a\0b.epub", "x" * 300 + ".epub", "a.exe"]
)
def test_names_that_cannot_be_used_are_refused(library: Library, name: str, tmp_path: Path) -> None:
    with pytest.raises(LibraryError):
        library.add(name, io.BytesIO(epub_bytes(tmp_path)))
    assert list(library.folder.iterdir()) == []


@pytest.mark.parametrize("book_id", ["../secret.txt", "..", "", "a/../../secret.txt", "\0.txt", "link.txt", "gone.txt"])
def test_no_id_leads_out_of_the_folder(library: Library, book_id: str) -> None:
    secret = library.folder.parent / "secret.txt"
    secret.write_text("It rained.")
    (library.folder / "link.txt").symlink_to(secret)
    with pytest.raises(LibraryError):
        library.book(book_id)
    assert library.books() == []


def test_a_job_folder_that_is_a_link_out_of_the_folder_is_refused(library: Library) -> None:
    (library.folder / "rain.txt").write_text("It rained.")
    outside = library.folder.parent / "outside"
    outside.mkdir()
    (library.folder / "rain.mayabook").symlink_to(outside, target_is_directory=True)
    with pytest.raises(LibraryError):
        library.book("rain.txt")


def test_files_of_a_job_that_are_links_out_of_it_are_not_there(library: Library) -> None:
    (library.folder / "rain.txt").write_text("It rained.")
    secret = library.folder.parent / "secret.flac"
    secret.write_bytes(b"secret")
    book = library.book("rain.txt")
    book.job.takes.mkdir(parents=True)
    (book.job.takes / "link.flac").symlink_to(secret)
    book.output(".m4b").symlink_to(secret)
    with pytest.raises(JobError):
        ReviewDesk(book.job.folder, Reruns()).take_file("link.flac")
    assert book.audiobook is None
    timeline = {"files": [{"name": "rain.m4b", "size": 6}], "chapters": []}
    book.job.timeline_json.write_text(json.dumps(timeline))
    with pytest.raises(JobError):
        Listening(book.job.folder).files()


def test_what_is_no_book_leaves_nothing_behind(library: Library) -> None:
    with pytest.raises(BookError, match=r"broken\.epub"):
        library.add("broken.epub", io.BytesIO(b"PK\3\4 and nothing"))
    assert list(library.folder.iterdir()) == []


def test_a_zip_bomb_is_refused(library: Library, tmp_path: Path) -> None:
    bomb = epub_files(PAGES)
    with zipfile.ZipFile(tmp_path / "bomb.epub", "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in bomb.items():
            written.writestr(name, content)
        written.writestr("EPUB/zeros.xhtml", bytes(64 << 20))
    with pytest.raises(BookError, match="unpacks to far more"):
        library.add("bomb.epub", io.BytesIO((tmp_path / "bomb.epub").read_bytes()))
    assert list(library.folder.iterdir()) == []


def test_a_file_beyond_the_limit_is_refused(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_UPLOAD_BYTES", 1 << 20)
    with pytest.raises(LibraryError, match="larger than 1 MB"):
        library.add("long.txt", io.BytesIO(b"It rained. " * 200_000))
    assert list(library.folder.iterdir()) == []


def test_two_books_that_would_share_a_job_are_refused(library: Library, tmp_path: Path) -> None:
    (library.folder / "Rain.txt").write_text("It rained.")
    with pytest.raises(LibraryError, match="already"):
        library.add("rain.epub", io.BytesIO(epub_bytes(tmp_path)))
