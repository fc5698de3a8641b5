from pathlib import Path

import pytest

from mayabook.core.book import Book, Cover
from tests.book.book_reading import read_files, read_pages
from tests.epubs import OPF, PIXEL_PNG, epub_files, xhtml

PAGES = {"one.xhtml": "<h1>One</h1><p>Text.</p>"}
JPEG = b"\xff\xd8\xff\xe0 a jpeg"
TITLE = "<dc:title>T</dc:title>"


def with_metadata(folder: Path, metadata: str, version: int = 3) -> Book:
    return read_pages(folder, PAGES, metadata=metadata, version=version)


def test_epub_2(tmp_path: Path) -> None:
    book = with_metadata(
        tmp_path,
        """<dc:title>  The
        Title </dc:title><dc:creator opf:role="ill">Ivy Illustrator</dc:creator>
        <dc:creator opf:role="aut" opf:file-as="Author, Ann">Ann Author</dc:creator>
        <dc:creator opf:role="aut">Bob Author</dc:creator><dc:publisher>A &amp; B</dc:publisher>
        <dc:language>EN-us</dc:language><dc:date opf:event="modification">2020-05-05</dc:date>
        <dc:date opf:event="publication">1898</dc:date><dc:identifier>other</dc:identifier>
        <dc:identifier id="id" opf:scheme="ISBN">9783161484100</dc:identifier>
        <dc:description>&lt;p&gt;A &lt;b&gt;fine&lt;/b&gt; book.&lt;/p&gt;&lt;p&gt;Caf&amp;eacute;s!&lt;/p&gt;</dc:description>""",
        version=2,
    )
    assert book.title == "The Title"
    assert book.authors == ("Ann Author", "Bob Author")
    assert book.publisher == "A & B"
    assert book.language == "en-US"
    assert book.year == "1898"
    assert book.identifier == "9783161484100"
    assert book.description == "A fine book. Cafés!"


def test_epub_3(tmp_path: Path) -> None:
    book = with_metadata(
        tmp_path,
        """<dc:title id="s">A Subtitle</dc:title><meta refines="#s" property="title-type">subtitle</meta>
        <dc:title id="m">The Title</dc:title><meta refines="#m" property="title-type">main</meta>
        <dc:creator id="c1">Ted Translator</dc:creator><meta refines="#c1" property="role">trl</meta>
        <dc:creator id="c2">Ann Author</dc:creator><meta refines="#c2" property="role">aut</meta>
        <dc:creator>Bob Author</dc:creator><dc:date>2019-02-03T00:00:00Z</dc:date>
        <meta property="dcterms:modified">2021-01-01T00:00:00Z</meta><dc:language>pt-br</dc:language>""",
    )
    assert book.title == "The Title"
    assert book.authors == ("Ann Author", "Bob Author")
    assert (book.year, book.language) == ("2019", "pt-BR")


def test_nothing_known(tmp_path: Path) -> None:
    book = with_metadata(tmp_path, "<dc:title> </dc:title>")
    assert (book.title, book.authors, book.language, book.year) == ("book", (), "en", "")
    assert (book.publisher, book.description, book.identifier, book.cover) == ("", "", "", None)


def test_creators_without_an_author_are_taken(tmp_path: Path) -> None:
    book = with_metadata(tmp_path, TITLE + '<dc:creator opf:role="edt">Ed Editor</dc:creator>', 2)
    assert book.authors == ("Ed Editor",)


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ("en", "en"),
        ("EN_gb", "en-GB"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("eng", "en"),
        ("ger", "de"),
        ("grc", "grc"),
        ("tlh", "tlh"),
        ("de-x-private", "de-x-private"),
        ("und", "en"),
        ("English", "en"),
        ("", "en"),
    ],
)
def test_language(tmp_path: Path, given: str, language: str) -> None:
    book = with_metadata(tmp_path, f"{TITLE}<dc:language>{given}</dc:language>")
    assert book.language == language
    told = f"the book gives its language as {given!r}, which is not a language tag; it is read as English"
    assert book.warnings == ((told,) if given in ("und", "English") else ())


class TestCover:
    def test_epub_3_property(self, tmp_path: Path) -> None:
        assert read_pages(tmp_path, PAGES, cover=PIXEL_PNG).cover == Cover(PIXEL_PNG, "image/png")

    def test_epub_2_metadata(self, tmp_path: Path) -> None:
        files = epub_files(PAGES, cover=JPEG, version=2, metadata=TITLE + '<meta name="cover" content="the-cover"/>')
        files[OPF] = str(files[OPF]).replace(' properties="cover-image"', "")
        assert read_files(tmp_path, files).cover == Cover(JPEG, "image/jpeg")

    @pytest.mark.parametrize(
        "page",
        [
            '<img src="../art/c%20d.png" alt="x"/>',
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
            '<image xlink:href="../art/c%20d.png"/></svg>',
        ],
    )
    def test_guide(self, tmp_path: Path, page: str) -> None:
        files = epub_files(
            {"text/cover.xhtml": xhtml(page), **PAGES},
            guide={"text/cover.xhtml": "cover"},
            extra={"EPUB/art/c d.png": PIXEL_PNG},
        )
        assert read_files(tmp_path, files).cover == Cover(PIXEL_PNG, "image/png")

    def test_what_is_declared_but_is_no_picture_is_passed_over(self, tmp_path: Path) -> None:
        assert read_pages(tmp_path, PAGES, cover=b"<svg/>").cover is None

    def test_missing(self, tmp_path: Path) -> None:
        files = epub_files(PAGES, cover=PIXEL_PNG)
        del files["EPUB/cover.png"]
        assert read_files(tmp_path, files).cover is None
