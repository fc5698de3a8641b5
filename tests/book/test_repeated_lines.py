"""Lines that would be heard in every chapter: running heads, headings given twice, links around the book."""

from pathlib import Path

import pytest

from tests.book.book_reading import read_body, read_pages, texts_of

PROSE = "<p>The lamp went out.</p>"


@pytest.mark.parametrize(
    "line",
    [
        '<p><a href="#t">Back to Contents</a></p>',
        '<p><a href="#t">Table of Contents</a></p>',
        '<p>[<a href="#t">Contents</a>]</p>',
        '<div><a href="#p">Previous</a> | <a href="#t">Contents</a> | <a href="#n">Next</a></div>',
        '<p><a href="#p">« Previous Chapter</a> <a href="#n">Next Chapter »</a></p>',
        '<p><a href="#t">← Back</a></p>',
        '<p><a href="#t">Return to the top</a></p>',
        '<nav><ul><li><a href="#p">Prev</a></li><li><a href="#n">Next</a></li></ul></nav>',
        '<h4><a href="#t">Back to the Table of Contents</a></h4>',
        '<p><a href="#p">← Previous Chapter</a><a href="#n">Next Chapter →</a></p>',
        '<p><a href="#p">^ Top</a></p><p>[<a href="#t">Table of Contents</a>]</p><p><a href="#n">Chapter 2: The Oil</a> →</p>',
        '<p>« <a href="#p">Chapter One</a> | <a href="#t">Contents</a> | <a href="#n">Chapter Three</a> »</p>',
        '<table><tr><td><a href="#p">Previous</a></td><td><a href="#n">Next</a></td></tr></table>',
    ],
)
def test_navigation(tmp_path: Path, line: str) -> None:
    book = read_body(tmp_path, f"<h1 id='t'>One</h1>{PROSE}{line}{PROSE}")
    assert texts_of(book.chapters) == [["One", "The lamp went out.", "The lamp went out."]]
    assert {entry.reason for entry in book.left_out} == {"navigation"}


@pytest.mark.parametrize(
    "line",
    [
        "<p>Next</p>",
        "<p>Back to Contents</p>",
        '<p><a href="#t">The next chapter</a> tells more.</p>',
        '<p><a href="#t">Up and away</a></p>',
        '<h2><a href="#t">Index</a></h2>',
        '<ul><li><a href="#t">Cover</a></li></ul>',
        '<p>He went <a href="#t">back</a>.</p>',
    ],
)
def test_no_navigation(tmp_path: Path, line: str) -> None:
    book = read_body(tmp_path, f"<h1 id='t'>One</h1>{PROSE}{line}")
    assert len(book.chapters[0].blocks) == 3
    assert book.left_out == ()


@pytest.mark.parametrize(
    "head",
    [
        '<div class="running-head">THE TEST BOOK</div>',
        '<p class="runningheader">The Lamp</p>',
        '<p class="page_header">12 The Test Book</p>',
        "<p>THE TEST BOOK</p>",
        "<p>Ann Author</p>",
    ],
)
def test_running_heads(tmp_path: Path, head: str) -> None:
    pages = {f"{n}.xhtml": f"{head}<h1>Chapter {n}</h1>{PROSE}" for n in range(1, 5)}
    book = read_pages(tmp_path, pages, toc=[(f"Chapter {n}", f"{n}.xhtml") for n in range(1, 5)])
    assert texts_of(book.chapters) == [[f"Chapter {n}", "The lamp went out."] for n in range(1, 5)]
    assert [entry.reason for entry in book.left_out] == ["running head"] * 4


def test_a_title_page_is_no_running_head(tmp_path: Path) -> None:
    pages = {"t.xhtml": "<p>The Test Book</p><p>Ann Author</p>", "a.xhtml": f"<h1>One</h1>{PROSE}"}
    assert read_pages(tmp_path, pages).left_out == ()


def test_a_heading_given_twice(tmp_path: Path) -> None:
    pages = {n: f"<h1>Chapter {n}</h1><h2>CHAPTER {n}</h2>{PROSE}<h2 id='b'>More</h2>{PROSE}" for n in "12"}
    book = read_pages(tmp_path, pages, toc=[("One", "1"), ("More", "1#b"), ("Two", "2"), ("More", "2#b")])
    assert texts_of(book.chapters)[:2] == [["Chapter 1", "The lamp went out."], ["More", "The lamp went out."]]
    assert [(entry.text, entry.reason) for entry in book.left_out] == [
        ("CHAPTER 1", "heading given twice"),
        ("CHAPTER 2", "heading given twice"),
    ]
