"""The sample book: the committed EPUB is what its source builds, is a valid EPUB, and holds what its README says."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fast_ebook import epub
from lxml import etree

from mayabook.core.words import words

EXAMPLES = Path(__file__).parents[1] / "examples"
SAMPLE = EXAMPLES / "four-minutes-slow.epub"
NAMES = {
    "html": "http://www.w3.org/1999/xhtml",
    "ncx": "http://www.daisy.org/z3986/2005/ncx/",
    "opf": "http://www.idpf.org/2007/opf",
    "epub": "http://www.idpf.org/2007/ops",
}
CHAPTERS = [f"EPUB/text/chapter-{number}.xhtml" for number in range(1, 5)]


def run_build(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    script = EXAMPLES / "build_sample.py"
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


def member(name: str) -> etree._Element:
    with zipfile.ZipFile(SAMPLE) as archive:
        return etree.fromstring(archive.read(name))


def paragraphs() -> list[str]:
    """Headings, paragraphs and lines of verse of the four chapters, without the footnote mark."""
    found = []
    for name in CHAPTERS:
        chapter = member(name)
        for mark in chapter.iterfind(".//html:a[@class='noteref']", NAMES):
            mark.text = None
        for element in etree.XPath("//html:h1 | //html:p", namespaces=NAMES)(chapter):
            found.append(" ".join("".join(map(str, element.itertext())).replace("\xad", "").split()))
    return found


def test_committed_epub_is_what_the_source_builds(tmp_path: Path) -> None:
    rebuilt = tmp_path / "book.epub"
    assert run_build(rebuilt).returncode == 0
    assert rebuilt.read_bytes() == SAMPLE.read_bytes()
    assert SAMPLE.stat().st_size < 200_000


def test_line_ends_of_the_checkout_do_not_matter(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(EXAMPLES / "four-minutes-slow", source)
    for file in [*source.rglob("*.xhtml"), *source.rglob("*.opf"), *source.rglob("*.css"), *source.rglob("*.ncx")]:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert run_build(tmp_path / "book.epub", "--source", source).returncode == 0
    assert (tmp_path / "book.epub").read_bytes() == SAMPLE.read_bytes()


def test_build_refuses_a_folder_that_differs_from_its_manifest(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(EXAMPLES / "four-minutes-slow", source)
    (source / "EPUB/text/chapter-3.xhtml").rename(source / "EPUB/text/chapter-5.xhtml")
    refused = run_build(tmp_path / "book.epub", "--source", source)
    assert refused.returncode == 2
    assert "EPUB/text/chapter-3.xhtml, EPUB/text/chapter-5.xhtml" in refused.stderr
    assert not (tmp_path / "book.epub").exists()


def test_container_is_a_valid_epub() -> None:
    assert epub.read_epub(str(SAMPLE)).validate() == []
    with zipfile.ZipFile(SAMPLE) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert archive.read("mimetype") == b"application/epub+zip"
        assert archive.read("EPUB/images/cover.jpg")[:3] == b"\xff\xd8\xff"
        assert len(archive.read("EPUB/images/cover.jpg")) < 120_000


def test_nav_ncx_and_headings_agree() -> None:
    nav = etree.XPath("//html:nav[@epub:type='toc']//html:a", namespaces=NAMES)(member("EPUB/nav.xhtml"))
    ncx = member("EPUB/toc.ncx").iterfind(".//ncx:navPoint", NAMES)
    from_nav = [(link.text, link.get("href")) for link in nav]
    from_ncx = [
        (point.findtext(".//ncx:text", None, NAMES), point.find("ncx:content", NAMES).get("src")) for point in ncx
    ]
    headings = [member(name).findtext(".//html:h1", None, NAMES) for name in CHAPTERS]
    assert from_nav == from_ncx
    assert [title for title, _ in from_nav] == [*headings, "Notes"]
    assert [f"EPUB/{href}" for _, href in from_nav] == [*CHAPTERS, "EPUB/text/notes.xhtml"]


def test_every_link_leads_to_an_element() -> None:
    pages = [*CHAPTERS, "EPUB/text/notes.xhtml"]
    links = 0
    for name in pages:
        for link in member(name).iterfind(".//html:a", NAMES):
            file, _, anchor = link.get("href").partition("#")
            assert member(f"EPUB/text/{file}").xpath(f"//*[@id='{anchor}']"), link.get("href")
            links += 1
    assert links == 2  # the footnote mark, and the way back from the note


def test_length_is_as_the_readme_says() -> None:
    count = sum(len(words(text)) for text in paragraphs())
    assert 2300 <= count <= 2700
    assert f"{count:,} words" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_one_sentence_must_be_split() -> None:
    sentence = next(text for text in paragraphs() if text.startswith("On the night of March 3rd")).split()
    assert [word for word in sentence if word[-1] in ".?!"] == ["St.", "there."]
    assert len(sentence) > 120
    assert f"{len(sentence)} words" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        *("212 steps", "1,250 pounds", "3.5 seconds", "£5 a month", "10:45 p.m.", "14 August 1923"),
        *("March 3rd, 1897", "Mr. Carter", "Mrs. Wilson", "Dr. Morgan", "St. Mary’s", "e.g. those", "at No. 7"),
        *("A. Brown", "J. R. Hale", "“Then why…”", "the dark—four", "café", "clockmaker"),
        *("“‘Too many stairs", "‘Good night, Clara, so am I,’"),
    ],
)
def test_text_holds_what_narrators_stumble_over(text: str) -> None:
    assert text in " ".join(paragraphs())


@pytest.mark.parametrize("text", ["“No.”", "“Why?”", "Correct.", "* * *"])
def test_paragraphs_of_one_word(text: str) -> None:
    assert text in paragraphs()


def test_markup_that_needs_cleaning_is_there() -> None:
    source = "".join(etree.tostring(member(name), encoding="unicode") for name in CHAPTERS)
    assert source.count("\xad") == 2
    assert source.count("\xa0") > 10
    assert source.count('class="drop-cap"') == 4
    assert source.count("<hr/>") == 2
    assert source.count('<p class="verse">') == 6
    assert source.count('epub:type="noteref"') == 1
    assert "<em>correct</em>" in source
