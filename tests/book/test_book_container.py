"""Zips that are none, damaged, hostile or incomplete: one clear line, or a mended book with a warning."""

import io
import os
import random
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from mayabook.book import read_book
from mayabook.book.container import Container
from mayabook.core.errors import BookError, DrmError, SettingsError
from mayabook.core.settings import BookSettings
from tests.book.book_reading import all_text, read_files, titles_of
from tests.epubs import CONTAINER, OPF, container_xml, epub_files, write_epub, write_zip

PAGES = {"one.xhtml": "<h1>One</h1><p>First text.</p>", "two.xhtml": "<h1>Two</h1><p>Second text.</p>"}
TOC = [("One", "one.xhtml"), ("Two", "two.xhtml")]


def refusal(path: Path, error: type[BookError] = BookError, **settings: int) -> str:
    """The message with which a file is refused: one line that ends in what to do."""
    with pytest.raises(BookError) as caught:
        read_book(path, BookSettings(**settings))
    assert type(caught.value) is error
    message = str(caught.value)
    assert "\n" not in message
    assert ": " in message
    assert message.endswith(".")
    return message


def test_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.epub") == f"There is no file {tmp_path}/no.epub: check the path."


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder, not a book: give the path of the book's file." in refusal(tmp_path)


def test_the_system_refuses(tmp_path: Path) -> None:
    path = tmp_path / "loop.epub"
    path.symlink_to(path)
    assert f"Cannot read {path} (Too many levels of symbolic links): check its permissions and disk." in refusal(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.7 ...", b"Just some text. " * 100, b"\0" * 5000])
def test_not_a_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "book.epub"
    path.write_bytes(content)
    assert refusal(path) == "book.epub is not an EPUB (not a zip archive): convert it to EPUB first."


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
def test_truncated_zip(tmp_path: Path, share: float) -> None:
    path = write_epub(tmp_path / "book.epub", PAGES)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert refusal(path) == "book.epub is truncated or damaged: copy or download it again."


def test_bytes_missing_in_the_middle(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "book.epub", {**PAGES, "three.xhtml": "<p>" + os.urandom(500).hex() + "</p>"}, toc=TOC)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("EPUB/three.xhtml").header_offset
    data[start + 100 : start + 120] = bytes(20)
    path.write_bytes(data)
    book = read_book(path, BookSettings())
    assert all_text(book) == "One First text. Two Second text."
    (warning,) = book.warnings
    assert warning.startswith(
        "EPUB/three.xhtml cannot be read, and its text is missing: EPUB/three.xhtml in book.epub is"
    )


def test_no_container_xml_but_one_package(tmp_path: Path) -> None:
    files = epub_files(PAGES, toc=TOC)
    del files[CONTAINER]
    book = read_files(tmp_path, files)
    assert titles_of(book) == ["One", "Two"]
    assert book.warnings == ("the book has no META-INF/container.xml; EPUB/package.opf was used",)


def test_no_container_xml_and_no_package(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "photos.epub", {"a.txt": "a", "b.txt": "b"})
    assert (
        refusal(path) == "photos.epub has no META-INF/container.xml, so it is not a complete EPUB: get the book again."
    )


def test_container_xml_that_leads_nowhere(tmp_path: Path) -> None:
    files = epub_files(PAGES, toc=TOC)
    files[CONTAINER] = container_xml("OEBPS/other.opf")
    book = read_files(tmp_path, files)
    assert titles_of(book) == ["One", "Two"]
    assert "leads to no package file; EPUB/package.opf was used" in book.warnings[0]
    del files[OPF]
    assert "leads to no package file, so it is not a complete EPUB" in refusal(write_zip(tmp_path / "b.epub", files))


@pytest.mark.parametrize("junk", ["", "no xml", "<package/>", "<html><body/></html>", b"\xff\xfe\x00\x01\x02"])
def test_package_that_is_none(tmp_path: Path, junk: str | bytes) -> None:
    path = write_zip(tmp_path / "book.epub", {**epub_files(PAGES), OPF: junk})
    assert refusal(path) == "book.epub has a broken package file (EPUB/package.opf): get the book again."


def test_broken_package_is_mended(tmp_path: Path) -> None:
    files = epub_files(PAGES, toc=TOC, title="Salt & Pepper")
    book = read_files(tmp_path, files)
    assert titles_of(book) == ["One", "Two"]
    assert book.warnings[0].startswith("EPUB/package.opf is not well-formed")


def test_package_cut_off_before_the_spine(tmp_path: Path) -> None:
    files = epub_files(PAGES, toc=TOC)
    files[OPF] = str(files[OPF]).partition("<spine")[0]
    book = read_files(tmp_path, files)
    assert titles_of(book) == ["One", "Two"]
    assert "the book gives no reading order; that of its manifest was used" in book.warnings


def test_missing_spine_items(tmp_path: Path) -> None:
    files = epub_files({**PAGES, "gone.xhtml": ""}, toc=TOC)
    del files["EPUB/gone.xhtml"]
    files[OPF] = str(files[OPF]).replace("</spine>", '<itemref idref="ghost"/><itemref idref="page0"/></spine>')
    book = read_files(tmp_path, files, loses=True)
    assert all_text(book) == "One First text. Two Second text."
    assert book.warnings == (
        "gone.xhtml is in the reading order but not in the book; its text is missing",
        "item 'ghost' is in the reading order but not in the book; its text is missing",
        "EPUB/one.xhtml is in the reading order twice; it is read once",
    )


def test_all_spine_items_missing(tmp_path: Path) -> None:
    files = {name: content for name, content in epub_files(PAGES).items() if not name.endswith(".xhtml")}
    path = write_zip(tmp_path / "book.epub", files)
    assert refusal(path) == "book.epub contains none of the texts that it lists: get a complete copy of the book."


def test_pictures_in_the_reading_order(tmp_path: Path) -> None:
    """They give way to their fallback text, if they have one that ends."""
    picture = '<item id="p{n}" href="p{n}.svg" media-type="image/svg+xml" fallback="{fallback}"/>'
    added = (
        picture.format(n=1, fallback="p2") + picture.format(n=2, fallback="page0") + picture.format(n=3, fallback="p3")
    )
    files = epub_files(PAGES, toc=TOC, extra={f"EPUB/p{n}.svg": "<svg/>" for n in (1, 2, 3)})
    opf = str(files[OPF]).replace("</manifest>", f"{added}</manifest>")
    files[OPF] = opf.replace('<itemref idref="page0"/>', '<itemref idref=" p1 "/><itemref idref="p3"/>')
    assert all_text(read_files(tmp_path, files)) == "One First text. Two Second text."
    files[OPF] = opf.partition("<spine>")[0] + '<spine><itemref idref="p3"/></spine></package>'
    assert "contains no text (only pictures?)" in refusal(write_zip(tmp_path / "pictures.epub", files))


def test_ids_with_spaces_around_them(tmp_path: Path) -> None:
    files = epub_files(PAGES, toc=TOC)
    files[OPF] = str(files[OPF]).replace('id="page0"', 'id=" page0\n"').replace('idref="page1"', 'idref=" page1 "')
    assert all_text(read_files(tmp_path, files)) == "One First text. Two Second text."


def test_everything_outside_the_reading_order(tmp_path: Path) -> None:
    book = read_files(tmp_path, epub_files(PAGES, toc=TOC, not_linear=list(PAGES)))
    assert titles_of(book) == ["One", "Two"]
    assert book.warnings == ("the book leaves everything out of its reading order; all of it is read",)


@pytest.mark.parametrize(
    "body", ["", "<p>\u00a0</p><hr/>", '<img src="a.png" alt="A picture"/>', "<p>* * *</p><p>…!</p>"]
)
def test_empty_book(tmp_path: Path, body: str) -> None:
    path = write_epub(tmp_path / "book.epub", {"one.xhtml": body}, toc=[("One", "one.xhtml")])
    assert refusal(path) == "book.epub contains no text (only pictures?): choose another book."


def test_empty_files(tmp_path: Path) -> None:
    files = epub_files({**PAGES, "empty.xhtml": b"", "blank.xhtml": b" \n"}, toc=[*TOC, ("Empty", "empty.xhtml")])
    book = read_files(tmp_path, files)
    assert all_text(book) == "One First text. Two Second text."
    assert "EPUB/empty.xhtml is empty" in book.warnings
    assert "EPUB/blank.xhtml is empty" in book.warnings


class TestBombs:
    def test_more_than_the_setting_allows(self, tmp_path: Path) -> None:
        files = epub_files({**PAGES, "big.xhtml": "<p>" + random.Random(1).randbytes(60_000).hex() + "</p>"})
        path = write_zip(tmp_path / "book.epub", files)
        message = refusal(path, max_bytes=100_000)
        assert message.startswith("book.epub unpacks to far more than a book holds (at EPUB/big.xhtml)")
        assert read_book(path, BookSettings(max_bytes=200_000)).title == "The Test Book"

    def test_absurd_ratio_of_one_file(self, tmp_path: Path) -> None:
        files = epub_files({**PAGES, "bomb.xhtml": b"<p>" + b" " * (40 << 20)})
        path = write_zip(tmp_path / "book.epub", files)
        assert path.stat().st_size < 100_000
        assert "(at EPUB/bomb.xhtml)" in refusal(path)

    def test_a_bomb_in_a_file_that_is_never_read(self, tmp_path: Path) -> None:
        path = write_zip(tmp_path / "book.epub", {**epub_files(PAGES), "EPUB/x.bin": bytes(40 << 20)})
        assert "(at EPUB/x.bin)" in refusal(path)

    def test_a_header_that_lies_about_the_size(self, tmp_path: Path) -> None:
        """The zip claims 1,000 bytes where 30 MB come out; no more than the claim is ever unpacked."""
        path = write_zip(tmp_path / "book.epub", epub_files({**PAGES, "liar.xhtml": b"<p>" + b"a " * (15 << 20)}))
        data = path.read_bytes()
        true_size = struct.pack("<I", 3 + (30 << 20))
        assert data.count(true_size) == 2
        path.write_bytes(data.replace(true_size, struct.pack("<I", 1000)))
        with Container(path, 1 << 30) as container, pytest.raises(BookError, match=r"damaged.*: get the book again"):
            tracemalloc.start()
            try:
                container.read("EPUB/liar.xhtml")
            finally:
                peak = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
                assert peak < 2 << 20
        assert all_text(read_book(path, BookSettings())) == "One First text. Two Second text."

    def test_prose_that_compresses_well_is_no_bomb(self, tmp_path: Path) -> None:
        body = "<p>All work and no play makes Jack a dull boy.</p>" * 20_000
        book = read_files(tmp_path, epub_files({"one.xhtml": body}))
        assert len(book.chapters[0].blocks) == 20_000


class TestPaths:
    OUTSIDE = (
        "../../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "..%2F..%2F..%2Fetc/passwd",
        "%2fetc/passwd",
    )

    @pytest.mark.parametrize("href", OUTSIDE)
    def test_hrefs_never_leave_the_zip(self, tmp_path: Path, href: str) -> None:
        files = epub_files({href: "", **PAGES}, toc=[("Evil", href), *TOC], guide={href: "cover"})
        book = read_files(tmp_path, {name: data for name, data in files.items() if "passwd" not in name}, loses=True)
        assert all_text(book) == "One First text. Two Second text."
        assert book.cover is None
        assert f"{href} is in the reading order but not in the book; its text is missing" in book.warnings

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\etc\\passwd"])
    def test_names_outside_the_zip_are_out_of_reach(self, tmp_path: Path, name: str) -> None:
        files = epub_files({**PAGES, "../../../etc/passwd": ""}, extra={name: "root:x:0:0"})
        files.pop("EPUB/../../../etc/passwd")
        assert all_text(read_files(tmp_path, files, loses=True)) == "One First text. Two Second text."

    def test_dots_inside_the_zip_are_fine(self, tmp_path: Path) -> None:
        files = epub_files({"../text/./one.xhtml": PAGES["one.xhtml"]})
        files["text/one.xhtml"] = files.pop("EPUB/../text/./one.xhtml")
        assert all_text(read_files(tmp_path, files)) == "One First text."

    def test_backslashes_of_careless_zippers(self, tmp_path: Path) -> None:
        files = {name.replace("/", "\\"): content for name, content in epub_files(PAGES, toc=TOC).items()}
        assert titles_of(read_files(tmp_path, files)) == ["One", "Two"]

    def test_symbolic_links_are_not_followed(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("<p>secret</p>")
        path = write_epub(tmp_path / "book.epub", PAGES, toc=TOC)
        files = epub_files({**PAGES, "link.xhtml": ""}, toc=TOC)
        del files["EPUB/link.xhtml"]
        write_zip(path, files)
        with zipfile.ZipFile(path, "a") as archive:
            link = zipfile.ZipInfo("EPUB/link.xhtml")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, str(secret))
        book = read_book(path, BookSettings())
        assert all_text(book) == "One First text. Two Second text."
        assert book.warnings[0] == "EPUB/link.xhtml is a symbolic link; it was not followed"


def test_password(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "book.epub", PAGES)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.rfind(signature)
        data[at + offset] |= 1
    path.write_bytes(data)
    message = refusal(path, DrmError)
    assert message.startswith("book.epub is protected by a zip password: unpack it")


def test_unknown_compression(tmp_path: Path) -> None:
    path = write_epub(tmp_path / "book.epub", PAGES, toc=TOC)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\1\2")  # the last entry is two.xhtml
    struct.pack_into("<H", data, at + 10, 97)
    path.write_bytes(data)
    book = read_book(path, BookSettings())
    assert all_text(book) == "One First text."
    assert "EPUB/two.xhtml in book.epub is damaged" in book.warnings[0]


def test_zip_in_zip_is_not_opened(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x", "y")
    book = read_files(tmp_path, epub_files(PAGES, extra={"EPUB/inner.zip": inner.getvalue()}))
    assert all_text(book) == "One First text. Two Second text."


def test_random_damage_never_ends_in_a_traceback(tmp_path: Path) -> None:
    """A thousand books with flipped, cut or doubled bytes: each is read or refused in the family of errors."""
    whole = write_epub(tmp_path / "whole.epub", {**PAGES, "three.xhtml": "<p>Third &eacute; text.</p>"}, toc=TOC)
    data = whole.read_bytes()
    chance = random.Random(20)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(1000):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 3, 30))):
            at = chance.randrange(len(damaged))
            match chance.randrange(4):
                case 0:
                    damaged[at] = chance.randrange(256)
                case 1:
                    damaged[at] ^= 1 << chance.randrange(8)
                case 2:
                    del damaged[at : at + chance.randrange(20)]
                case 3:
                    damaged[at:at] = damaged[at : at + chance.randrange(20)]
        path = tmp_path / "damaged.epub"
        path.write_bytes(damaged)
        try:
            read_book(path, BookSettings())
            outcomes["read"] += 1
        except BookError as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50


def test_random_damage_inside_the_files(tmp_path: Path) -> None:
    """The same with sound zips around damaged XML."""
    chance = random.Random(21)
    whole = epub_files({**PAGES, "three.xhtml": "<p>Third &eacute; <i>text</i>.</p>"}, toc=TOC)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(500):
        files = dict(whole)
        for name in chance.sample(sorted(files), 2):
            content = files[name]
            damaged = bytearray(content if isinstance(content, bytes) else content.encode())
            for _ in range(chance.choice((1, 5))):
                at = chance.randrange(len(damaged))
                damaged[at : at + chance.randrange(8)] = (
                    chance.randbytes(chance.randrange(4)) + b"<&\"'>"[: chance.randrange(6)]
                )
            files[name] = bytes(damaged)
        try:
            read_files(tmp_path, files, loses=True)
            outcomes["read"] += 1
        except (BookError, SettingsError) as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
    assert outcomes["read"] > 100
    assert outcomes["refused"] > 10
