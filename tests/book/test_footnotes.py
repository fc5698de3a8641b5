"""Footnotes: their marks and their bodies are not read, whatever the book is made with."""

from pathlib import Path

import pytest

from mayabook.core.book import Book, Matter
from tests.book.book_reading import all_text, read_body, read_pages, texts_of

REFERENCE, NOTE, HEADING = "footnote reference", "footnote", "heading of footnotes"


def left_out(book: Book) -> list[tuple[str, str]]:
    return [(entry.text, entry.reason) for entry in book.left_out]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            '<p>Some text<a epub:type="noteref" href="#fn1">1</a>, more.</p>'
            '<aside epub:type="footnote" id="fn1"><p>The note.</p></aside>',
            id="epub:type",
        ),
        pytest.param(
            '<p>Some text<sup epub:type="noteref"><a href="#fn1">1</a></sup>, more.</p>'
            '<section role="doc-endnotes"><ol><li id="fn1"><p>The note.</p></li></ol></section>',
            id="role of a section",
        ),
        pytest.param(
            '<p>Some text<a role="doc-noteref" href="#fn1">1</a>, more.</p><p id="fn1">The note.</p>',
            id="declared mark, bare note",
        ),
        pytest.param(
            '<p>Some text<sup><a id="r1" href="#fn1">1</a></sup>, more.</p><p id="fn1"><a href="#r1">1</a> The note.</p>',
            id="raised mark, paragraph",
        ),
        pytest.param(
            '<p>Some text<a id="r1" href="#fn1"><sup>1</sup></a>, more.</p><ol><li id="fn1"><p>The note. '
            '<a href="#r1">↩</a></p></li></ol>',
            id="raised mark, list item with a way back",
        ),
        pytest.param(
            '<p>Some text <a id="r1"></a><a href="#fn1">[1]</a>, more.</p>'
            '<p><a id="fn1"></a><a href="#r1">[1]</a> The note.</p>',
            id="anchors of their own",
        ),
        pytest.param(
            '<p>Some text[<a id="r1" href="#fn1">1</a>], more.</p><p><a id="fn1" href="#r1">1</a> The note.</p>',
            id="brackets outside of the link",
        ),
        pytest.param(
            '<p>Some text<a id="r1" href="#fn1">1</a>, more.</p><div id="fn1"><p><a href="#r1">1.</a> The note.</p></div>',
            id="plain number with a way back",
        ),
        pytest.param(
            '<p>Some text<a id="r1" href="#fn1">*</a>, more.</p><p id="fn1"><a href="#r1">*</a> The note.</p>',
            id="star",
        ),
        pytest.param(
            '<p>Some text<a name="r1" href="#fn1" class="fnanchor">[A]</a>, more.</p><div class="footnote">'
            '<p><a name="fn1" href="#r1"><span class="label">[A]</span></a> The note.</p></div>',
            id="class of a division",
        ),
        pytest.param(
            '<p>Some text<a epub:type="noteref" href="#n">1</a><span epub:type="footnote" id="n">The note.</span>, more.</p>',
            id="note inside the paragraph",
        ),
        pytest.param(
            '<p>Some text<span epub:type="noteref">1</span>, more.</p><p epub:type="endnote">The note.</p>',
            id="no links at all",
        ),
    ],
)  # fmt: skip
def test_marks_and_notes_are_left_out(tmp_path: Path, body: str) -> None:
    book = read_body(tmp_path, f"<h1>One</h1>{body}<p>The end.</p>")
    assert all_text(book) == "One Some text, more. The end."
    reasons = [reason for _, reason in left_out(book)]
    assert reasons[-1] == NOTE
    assert REFERENCE in reasons or "*" in body  # a star is no word that could be missed
    assert "The note." in left_out(book)[-1][0]


def test_several_marks_in_one_raised_group(tmp_path: Path) -> None:
    body = (
        '<p>Some text<sup><a id="r1" href="#n1">1</a>, <a id="r2" href="#n2">2</a></sup> goes on.</p>'
        '<p id="n1"><a href="#r1">1</a> First.</p><p id="n2"><a href="#r2">2</a> Second.</p>'
    )
    book = read_body(tmp_path, body)
    assert all_text(book) == "Some text goes on."
    assert left_out(book)[0] == ("1, 2", REFERENCE)


def test_notes_in_another_file_are_a_chapter_that_a_person_may_ask_for(tmp_path: Path) -> None:
    pages = {
        "one.xhtml": '<h1>One</h1><p>Some text.<a id="r1" href="notes.xhtml#n1">1</a></p>',
        "two.xhtml": '<h1>Two</h1><p>Other text.<a id="r2" href="notes.xhtml#n2">2</a></p>',
        "notes.xhtml": '<h1>Remarks</h1><p id="n1"><a href="one.xhtml#r1">1</a> First note.</p>'
        '<p id="n2"><a href="two.xhtml#r2">2</a> Second note.</p>',
    }
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml"), ("Remarks", "notes.xhtml")])
    assert texts_of(book.chapters) == [
        ["One", "Some text."],
        ["Two", "Other text."],
        ["Remarks", "1 First note.", "2 Second note."],
    ]
    notes = book.chapters[2]
    assert (notes.matter, notes.narrated, notes.reason) == (Matter.NOTES, False, "it holds nothing but footnotes")
    assert [chapter.narrated for chapter in book.chapters] == [True, True, False]


def test_the_heading_over_notes_goes_with_them(tmp_path: Path) -> None:
    pages = {
        "one.xhtml": '<h1>One</h1><p>Some text.<sup><a id="r1" href="#n1">1</a></sup></p><hr/><h2>Notes</h2>'
        '<p id="n1"><a href="#r1">1</a> A note.</p><h2>Part two</h2><p>Goes on.</p>',
        "two.xhtml": "<h1>Two</h1><p>Other text.</p>",
    }
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert texts_of(book.chapters[:1]) == [["One", "Some text.", "", "Part two", "Goes on."]]
    assert left_out(book) == [("1", REFERENCE), ("Notes", HEADING), ("1 A note.", NOTE)]


def test_a_mark_in_a_heading(tmp_path: Path) -> None:
    body = '<h1>One<a id="r" href="#n">1</a></h1><p>Text.</p><p id="n"><a href="#r">1</a> A note.</p>'
    assert all_text(read_body(tmp_path, body)) == "One Text."


def test_a_chapter_keeps_its_heading_before_notes_and_another_heading(tmp_path: Path) -> None:
    pages = {
        "one.xhtml": '<h1>One</h1><aside epub:type="footnote">A note.</aside><h2>First part</h2><p>Text.</p>',
        "two.xhtml": "<h1>Two</h1><p>Other text.</p>",
    }
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert texts_of(book.chapters)[0] == ["One", "First part", "Text."]


def test_the_heading_of_a_chapter_stays_though_a_note_follows(tmp_path: Path) -> None:
    body = '<h1>One<sup><a epub:type="noteref" href="#n">*</a></sup></h1><aside epub:type="footnote" id="n">A note.</aside><p>Text.</p>'
    assert all_text(read_body(tmp_path, body)) == "One Text."


@pytest.mark.parametrize(
    ("body", "spoken"),
    [
        pytest.param('<p>See <a href="#c2">chapter two</a>.</p><p id="c2">Two.</p>', "See chapter two. Two.", id="cross reference"),
        pytest.param('<p>See page <a href="#p7">7</a>.</p><p id="p7">Seven.</p>', "See page 7. Seven.", id="page number"),
        pytest.param('<p>10<sup>3</sup> and 2<sup>nd</sup></p>', "10³ and 2nd", id="raised without a link"),
        pytest.param('<p>Read <a href="https://example.org/#1">[1]</a>.</p>', "Read [1].", id="link out of the book"),
        pytest.param("<aside><p>A box in the margin.</p></aside>", "A box in the margin.", id="aside"),
        pytest.param(
            '<ol><li><a id="t1" href="#s1">1</a></li></ol><div id="s1"><h2><a href="#t1">1</a></h2><p>Section.</p></div>',
            "1 1 Section.",
            id="contents and headings that link to each other",
        ),
        pytest.param(
            '<p>Chapter <a id="t1" href="#s1">1</a></p><div id="s1"><h2><a href="#t1">1</a></h2><p>Section.</p></div>',
            "Chapter 1 1 Section.",
            id="headings that lead back to the contents",
        ),
        pytest.param(
            '<p><a id="v1" href="#w1">1</a> In the beginning</p><p id="w1"><a href="#v1">1</a> was the word.</p>',
            "1 In the beginning 1 was the word.",
            id="verse numbers that link to each other",
        ),
        pytest.param(
            '<p><a epub:type="noteref" href="#n">The Duke of York</a> fell.</p>', "The Duke of York fell.", id="words that are marks"
        ),
        pytest.param('<p class="footnote">A caption in the wrong class.</p>', "A caption in the wrong class.", id="class alone"),
    ],
)  # fmt: skip
def test_what_is_no_footnote_is_read(tmp_path: Path, body: str, spoken: str) -> None:
    book = read_body(tmp_path, body)
    assert all_text(book) == spoken
    assert book.left_out == ()


def test_a_note_without_a_way_back_is_read_when_nothing_declares_it(tmp_path: Path) -> None:
    book = read_body(tmp_path, '<p>Text.<sup><a href="#n">1</a></sup></p><p id="n">Perhaps a note.</p>')
    assert all_text(book) == "Text. Perhaps a note."
    assert left_out(book) == [("1", REFERENCE)]


def test_thousands_of_notes(tmp_path: Path) -> None:
    marks = "".join(f'<p>Text {n}<sup><a id="r{n}" href="#n{n}">{n % 1000}</a></sup>.</p>' for n in range(5000))
    notes = "".join(f'<p id="n{n}"><a href="#r{n}">{n % 1000}</a> Note.</p>' for n in range(5000))
    book = read_body(tmp_path, f"{marks}<div>{notes}</div>")
    assert all_text(book) == " ".join(f"Text {n}." for n in range(5000))
    assert sum(reason == NOTE for _, reason in left_out(book)) == 5000
