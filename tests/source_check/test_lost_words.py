"""What the reader loses is reported with its file and place. In most tests here the reader has a rule broken on
purpose."""

import json
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mayabook.book import block_extraction, chapters, exclusions, read_book
from mayabook.cli.source_line import source_line
from mayabook.core.book import Book
from mayabook.render import Job
from mayabook.render.coverage_report import CoverageReport, write_coverage
from mayabook.source_check import DifferenceKind, SourceCheck, check_source
from tests.epubs import OPF, epub_files, write_epub, write_zip

PAGES = {
    "one.xhtml": "<h1>One</h1><p>The boat came in at dawn, with nobody aboard.</p><p>Anna saw it first<sup><a href='#n' "
    "epub:type='noteref'>1</a></sup> from the window.</p><aside epub:type='footnote' id='n'>See the log.</aside>",
    "two.xhtml": "<h1>Two</h1><p>They walked down to the water.</p><p class='late'>It was dry inside, and very clean.</p>"
    "<table><tr><td>Tide</td><td>Hour</td></tr><tr><td>high</td><td>six</td></tr></table><p>So it goes.</p>",
}


def check(folder: Path) -> SourceCheck:
    file = write_epub(folder / "book.epub", PAGES, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    return check_source(file, read_book(file))


def found(source: SourceCheck) -> list[tuple[DifferenceKind, str, str]]:
    return [(difference.kind, difference.href, difference.text) for difference in source.differences]


def test_a_sound_reader_loses_nothing(tmp_path: Path) -> None:
    source = check(tmp_path)
    assert source.is_known_format
    assert source.differences == ()
    assert source.n_lost == 0
    assert source.left_out == {"footnote reference": 1, "footnote": 3}
    assert (source.n_words, source.n_narrated) == (41, 38)  # “first1” is one word


def test_a_rule_that_drops_an_element_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = exclusions.exclusion_reason
    monkeypatch.setattr(
        block_extraction,
        "exclusion_reason",
        lambda element, *rest: "" if element.get("class") == "late" else decide(element, *rest),
    )
    (lost,) = check(tmp_path).differences
    assert (lost.kind, lost.href) == (DifferenceKind.LOST, "EPUB/two.xhtml")
    assert lost.text == "It was dry inside, and very clean."
    assert lost.before == "Two They walked down to the water."[-len(lost.before) :]
    assert lost.after.startswith("Tide Hour high six")
    assert str(lost) == (
        "EPUB/two.xhtml: lost in reading: “They walked down to the water. [It was dry inside, and very clean.] "
        "Tide Hour high six So it”"
    )
    assert "7 lost in reading: NOT PROVED" in source_line(check(tmp_path))
    report = CoverageReport("Book", (), (), (), 0, (), (), {}, 0, 0, check(tmp_path))
    with Job(tmp_path / "book.mayabook") as job:
        write_coverage(report, job)
        assert "<b>It was dry inside, and very clean.</b>" in job.coverage_html.read_text("utf-8")
        assert json.loads(job.coverage_json.read_text("utf-8"))["source"]["differences"][0]["text"] == lost.text


def test_a_note_that_is_dropped_and_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = chapters._without_notes
    monkeypatch.setattr(chapters, "_without_notes", lambda doc_blocks, left_out: without(doc_blocks, []))
    assert found(check(tmp_path)) == [(DifferenceKind.LOST, "EPUB/one.xhtml", "See the log.")]


def test_cells_of_tables_that_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = exclusions.exclusion_reason
    monkeypatch.setattr(
        block_extraction,
        "exclusion_reason",
        lambda element, tag, *rest: "" if tag == "td" else decide(element, tag, *rest),
    )
    assert found(check(tmp_path)) == [(DifferenceKind.LOST, "EPUB/two.xhtml", "Tide Hour high six")]


def test_text_after_an_omission_that_is_dropped_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_extraction._BlockExtractor, "_close_gap", lambda self, after: "")
    assert found(check(tmp_path)) == [(DifferenceKind.LOST, "EPUB/one.xhtml", "from the window.")]


def edited(change: Callable[[str], str], *, omit: str = "") -> Callable[[Book], Book]:
    """The book with every block's text changed; blocks that are `omit` are gone."""

    def edit(book: Book) -> Book:
        return replace(
            book,
            chapters=tuple(
                replace(
                    chapter,
                    blocks=tuple(replace(b, text=change(b.text)) for b in chapter.blocks if b.text != omit),
                )
                for chapter in book.chapters
            ),
        )

    return edit


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (edited(lambda text: text.replace("dawn", "dwn")), [("lost in reading", "EPUB/one.xhtml", "dawn,")]),
        (edited(lambda text: text.replace("nobody ", "")), [("lost in reading", "EPUB/one.xhtml", "nobody")]),
        (edited(str, omit="So it goes."), [("lost in reading", "EPUB/two.xhtml", "So it goes.")]),
        (edited(lambda text: text.replace("So it", "So so it")), [("added in reading", "EPUB/two.xhtml", "so")]),
        (
            edited(lambda text: text.replace("dawn", "dusk")),
            [("lost in reading", "EPUB/one.xhtml", "dawn,"), ("added in reading", "EPUB/one.xhtml", "dusk,")],
        ),
        (lambda book: replace(book, left_out=()), [("lost in reading", "EPUB/one.xhtml", text) for text in ("1", "See the log.")]),
        (
            lambda book: replace(book, left_out=book.left_out * 2),
            [("added in reading", "EPUB/one.xhtml", text) for text in ("1", "See the log.")],
        ),
    ],
)  # fmt: skip
def test_what_a_book_lacks_or_has_twice(
    tmp_path: Path, edit: Callable[[Book], Book], expected: list[tuple[str, str, str]]
) -> None:
    file = write_epub(tmp_path / "book.epub", PAGES, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert found(check_source(file, edit(read_book(file)))) == expected


def test_a_chapter_that_is_lost(tmp_path: Path) -> None:
    file = write_epub(tmp_path / "book.epub", PAGES, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    book = read_book(file)
    (lost, *_) = check_source(file, replace(book, chapters=book.chapters[1:])).differences
    assert (lost.kind, lost.href) == (DifferenceKind.LOST, "EPUB/one.xhtml")
    assert lost.text.startswith("One The boat came in at dawn")


def test_every_word_that_is_taken_out_is_reported(tmp_path: Path) -> None:
    file = write_epub(tmp_path / "book.epub", PAGES, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    book = read_book(file)
    words = [(number, place) for number, chapter in enumerate(book.chapters) for place, block in enumerate(chapter.blocks)
             for _ in block.text.split()]  # fmt: skip
    for number, place in dict.fromkeys(words):
        block = book.chapters[number].blocks[place]
        spoken = block.text.split()
        for gone in range(len(spoken)):
            rest = replace(block, text=" ".join(spoken[:gone] + spoken[gone + 1 :]))
            blocks = (*book.chapters[number].blocks[:place], rest, *book.chapters[number].blocks[place + 1 :])
            changed = (
                *book.chapters[:number],
                replace(book.chapters[number], blocks=blocks),
                *book.chapters[number + 1 :],
            )
            ((kind, href, text),) = found(check_source(file, replace(book, chapters=changed)))
            assert (kind, href) == (DifferenceKind.LOST, block.href)
            assert "".join(filter(str.isalnum, text)).lower() == "".join(filter(str.isalnum, spoken[gone])).lower()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.upper(), id="capitals"),
        pytest.param(lambda text: unicodedata.normalize("NFD", text), id="NFD"),
        pytest.param(lambda text: text.replace("fi", "ﬁ"), id="ligature"),
        pytest.param(lambda text: text.replace("dawn", "da\xadwn"), id="soft hyphen"),
        pytest.param(lambda text: text.replace("nobody", "no- body"), id="hyphenation"),
        pytest.param(lambda text: text.replace("Anna", "A n n a"), id="spaced letters"),
        pytest.param(lambda text: text.replace("walked down", "walkeddown"), id="joined words"),
        pytest.param(lambda text: text.replace(" ", " — "), id="punctuation"),
    ],
)
def test_other_ways_to_write_the_same_letters(tmp_path: Path, change: Callable[[str], str]) -> None:
    file = write_epub(tmp_path / "book.epub", PAGES)
    assert check_source(file, edited(change)(read_book(file))).differences == ()


def test_text_that_moved_over_the_border_of_two_files(tmp_path: Path) -> None:
    file = write_epub(tmp_path / "book.epub", PAGES, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    book = read_book(file)
    first, second = book.chapters
    moved = second.blocks[1].text
    first = replace(
        first, blocks=(*first.blocks[:-1], replace(first.blocks[-1], text=first.blocks[-1].text + " " + moved))
    )
    second = replace(second, blocks=(second.blocks[0], *second.blocks[2:]))
    assert check_source(file, replace(book, chapters=(first, second))).differences == ()
    less = replace(second, blocks=second.blocks[:-1])
    assert found(check_source(file, replace(book, chapters=(first, less)))) == [
        (DifferenceKind.LOST, "EPUB/two.xhtml", "So it goes.")
    ]


def test_a_loss_in_every_file_is_reported_for_every_file(tmp_path: Path) -> None:
    pages = {f"{number}.xhtml": f"<h1>Part {number}</h1><p>Kept {number}.</p><p>Gone now.</p>" for number in range(30)}
    file = write_epub(tmp_path / "book.epub", pages)
    reported = found(check_source(file, edited(str, omit="Gone now.")(read_book(file))))
    assert reported == [(DifferenceKind.LOST, f"EPUB/{name}", "Gone now.") for name in pages]


def test_files_that_are_missing_or_damaged(tmp_path: Path) -> None:
    files = epub_files({**PAGES, "three.xhtml": "<p>Three.</p>", "four.xhtml": "<p>" + "Four. " * 500 + "</p>"})
    del files["EPUB/three.xhtml"]
    files[OPF] = str(files[OPF]).replace("</spine>", '<itemref idref="ghost"/></spine>')
    file = write_zip(tmp_path / "book.epub", files, zipfile.ZIP_STORED)
    file.write_bytes(file.read_bytes().replace(b"Four. Four.", b"Four. Five.", 1))  # its checksum is wrong now
    source = check_source(file, read_book(file))
    unreadable = DifferenceKind.UNREADABLE
    assert [(difference.kind, difference.href) for difference in source.differences] == [
        (unreadable, "EPUB/three.xhtml"), (unreadable, "EPUB/four.xhtml"), (unreadable, "EPUB/ghost")
    ]  # fmt: skip
    assert str(source.differences[0]) == "EPUB/three.xhtml cannot be read, and its text is missing"


def test_all_of_the_spine_is_accounted_for(tmp_path: Path) -> None:
    """Also what is out of the linear order, and drawings."""
    drawing = "<svg xmlns='http://www.w3.org/2000/svg'><title>A map</title><text>Here be dragons</text></svg>"
    files = epub_files(
        {**PAGES, "aside.xhtml": "<p>An aside.</p>"}, not_linear=["aside.xhtml"], extra={"EPUB/map.svg": drawing}
    )
    opf = str(files[OPF]).replace(
        "</manifest>", '<item id="map" href="map.svg" media-type="image/svg+xml"/></manifest>'
    )
    files[OPF] = opf.replace("</spine>", '<itemref idref="map"/></spine>')
    file = write_zip(tmp_path / "book.epub", files)
    source = check_source(file, read_book(file))
    assert source.differences == ()
    assert source.left_out["outside of the linear reading order"] == 2
    assert source.left_out["text inside a drawing"] == 5


def test_supplied_text_is_told_apart_from_the_file_s(tmp_path: Path) -> None:
    body = (
        "<p><img class='dropcap' alt='T' src='t.png'/>he end.</p><p>It is <math xmlns='http://www.w3.org/1998/Math/MathML' "
        "alttext='x squared'><msup><mi>x</mi><mn>2</mn></msup></math>.</p>"
    )
    file = write_epub(tmp_path / "book.epub", {"one.xhtml": body})
    book = read_book(file)
    source = check_source(file, book)
    assert source.differences == ()
    assert source.supplied == {"initial in a picture": 1, "description of a formula": 2}
    assert source.left_out == {"formula, read as its description": 1}
    hidden = replace(book, supplied=())
    assert {kind for kind, _, _ in found(check_source(file, hidden))} == {DifferenceKind.ADDED}


def test_plain_text_and_formats_that_nobody_else_knows(tmp_path: Path) -> None:
    text = tmp_path / "story.txt"
    text.write_text("Chapter 1\n\nThe boat came in.\n\n* * *\n\nNobody was aboard.\n", "utf-8")
    book = read_book(text)
    assert check_source(text, book).differences == ()
    shorter = replace(book, chapters=tuple(replace(c, blocks=c.blocks[:-1]) for c in book.chapters))
    assert found(check_source(text, shorter)) == [(DifferenceKind.LOST, "story.txt", "Nobody was aboard.")]
    other = tmp_path / "story.format"
    other.write_text("whatever")
    assert not check_source(other, book).is_known_format
    with zipfile.ZipFile(tmp_path / "story.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert not check_source(tmp_path / "story.docx", book).is_known_format
