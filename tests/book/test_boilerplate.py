"""What digitisers added is not narrated; it stays in the chapter list, so that a person may ask for it."""

from pathlib import Path

import pytest

from mayabook.core.book import Book, Matter
from tests.book.book_reading import read_pages

PROSE = "<p>The lamp went out at nine and nobody came to light it again that night.</p>"
NARRATED = ["One", "The lamp went out at nine and nobody came to light it again that night."]
GUTENBERG = "it is boilerplate of Project Gutenberg"
TRANSCRIBER = "it is a transcriber's note"

HEADERS = {
    "2003": "<pre>The Project Gutenberg EBook of The Test Book, by Ann Author\n\nThis eBook is for the use of anyone "
    "anywhere.\n\nTitle: The Test Book\n\n*** START OF THIS PROJECT GUTENBERG EBOOK THE TEST BOOK ***\n\n\nProduced by "
    "A Volunteer and the Online Distributed Proofreading Team</pre>",
    "1993": "<p>**The Project Gutenberg Etext of The Test Book**</p><p>***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN "
    "ETEXTS**START***</p><p>Why is this here?</p><p>*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*</p>"
    "<p>E-text prepared by A Volunteer for Project Gutenberg</p>",
    "2022": '<section class="pg-boilerplate pgheader" id="pg-header"><h2>The Project Gutenberg eBook of The Test Book</h2>'
    "<p>This ebook is for the use of anyone anywhere.</p><div>*** START OF THE PROJECT GUTENBERG EBOOK THE TEST BOOK ***"
    "</div></section>",
}
FOOTERS = {
    "2003": "<pre>End of the Project Gutenberg EBook of The Test Book, by Ann Author\n\n*** END OF THIS PROJECT GUTENBERG "
    "EBOOK THE TEST BOOK ***\n\nUpdated editions will replace the previous one.</pre>",
    "1993": "<p>End of Project Gutenberg's The Test Book, by Ann Author</p><p>Thank you.</p>",
    "2022": '<section class="pg-boilerplate pgfooter" id="pg-footer"><div>*** END OF THE PROJECT GUTENBERG EBOOK THE TEST '
    "BOOK ***</div><p>Updated editions will replace the previous one.</p><h2>THE FULL PROJECT GUTENBERG LICENSE</h2>"
    "<p>PLEASE READ THIS.</p></section>",
}


def narrated(book: Book) -> list[str]:
    return [block.text for chapter in book.narrated for block in chapter.blocks]


@pytest.mark.parametrize("form", HEADERS)
@pytest.mark.parametrize("n_files", [1, 2, 3])
def test_project_gutenberg(tmp_path: Path, form: str, n_files: int) -> None:
    parts = [HEADERS[form], f"<h1>One</h1>{PROSE}", FOOTERS[form]]
    parts = {1: ["".join(parts)], 2: [parts[0], parts[1] + parts[2]], 3: parts}[n_files]
    book = read_pages(tmp_path, {f"{n}.xhtml": part for n, part in enumerate(parts)})
    assert narrated(book) == NARRATED
    others = [chapter for chapter in book.chapters if not chapter.narrated]
    assert {(chapter.matter, chapter.reason) for chapter in others} == {(Matter.IMPRINT, GUTENBERG)}
    assert book.left_out == ()


def test_a_book_that_speaks_of_it(tmp_path: Path) -> None:
    body = f"<h1>One</h1><p>The end of Project Gutenberg was near.</p>{PROSE * 600}"
    assert len(narrated(read_pages(tmp_path, {"a.xhtml": body}))) == 602


@pytest.mark.parametrize(
    "note",
    [
        '<div class="transnote"><p><b>Transcriber’s Note</b></p><p>Errors were corrected.</p></div>',
        '<div class="tn"><p>Errors were corrected.</p></div>',
        '<div class="transcribers-notes"><h2>Transcriber’s Notes:</h2><ul><li>Errors were corrected.</li></ul></div>',
        "<h2>TRANSCRIBER'S NOTE</h2><p>Errors were corrected.</p><p>Hyphens were not.</p>",
        "<hr/><p>Transcriber's Note:</p><p>Errors were corrected.</p>",
        "<p>[Transcriber's note: errors were corrected.]</p>",
    ],
)
def test_transcribers_notes(tmp_path: Path, note: str) -> None:
    pages = {"a.xhtml": f"<h1>One</h1>{PROSE}{note}"}
    book = read_pages(tmp_path, pages)
    assert narrated(book) == NARRATED
    assert [chapter.reason for chapter in book.chapters if not chapter.narrated] == [TRANSCRIBER]
    assert book.left_out == ()


def test_a_note_before_the_text_ends_at_the_next_heading(tmp_path: Path) -> None:
    pages = {"a.xhtml": f"<p>Transcriber’s Note</p><p>Errors were corrected.</p><h1>One</h1>{PROSE}"}
    assert narrated(read_pages(tmp_path, pages)) == NARRATED


def test_a_line_that_heads_a_whole_book_takes_nothing_with_it(tmp_path: Path) -> None:
    book = read_pages(tmp_path, {"a.xhtml": f"<p>Transcriber’s Note</p>{PROSE * 40}"})
    assert len(narrated(book)) == 40


def test_a_colophon_of_standard_ebooks(tmp_path: Path) -> None:
    colophon = (
        "<h2>Colophon</h2><p><i>The Test Book</i> was published in 1890 by<br/>Ann Author.</p><p>This ebook was transcribed "
        "and produced in 2020 by<br/>A Volunteer<br/>for<br/>Standard Ebooks.</p><p>The cover page is adapted from a painting.</p>"
    )
    pages = {"a.xhtml": f"<h1>One</h1>{PROSE}", "colophon.xhtml": colophon}
    book = read_pages(tmp_path, pages, toc=[("One", "a.xhtml"), ("Colophon", "colophon.xhtml")])
    assert narrated(book) == NARRATED


@pytest.mark.parametrize(
    "remark", ["[Transcriber's note: sic]", "[Transcriber’s Note: so in the print.]", "[Illustration]"]
)
def test_remarks_inside_paragraphs(tmp_path: Path, remark: str) -> None:
    book = read_pages(tmp_path, {"a.xhtml": f"<h1>One</h1><p>The lamp {remark} went out.</p>"})
    assert narrated(book) == ["One", "The lamp went out."]
    assert [entry.text for entry in book.left_out] == [remark]


def test_a_caption_is_read(tmp_path: Path) -> None:
    book = read_pages(tmp_path, {"a.xhtml": "<h1>One</h1><p>[Illustration: A lamp]</p><p>[sic] It went.</p>"})
    assert narrated(book) == ["One", "[Illustration: A lamp]", "[sic] It went."]
