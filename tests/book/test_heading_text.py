"""Headings of several lines, elements or paragraphs: number and title apart, in the text and in the chapter list."""

from pathlib import Path

import pytest

from tests.book.book_reading import kinds_and_texts, read_body, read_pages, texts_of, titles_of

PROSE = "<p>The lamp went out at nine and nobody came to light it again that night.</p>"


@pytest.mark.parametrize(
    "heading",
    [
        "<h2>Chapter 1<br/>The Lamp</h2>",
        "<h2>Chapter 1 <br/> <br/>The Lamp</h2>",
        "<h2><span>Chapter 1</span><br/><span>The Lamp</span></h2>",
        "<h2><span>Chapter 1</span><span>The Lamp</span></h2>",
        '<h2><span class="num">Chapter 1</span><b class="title">The Lamp</b></h2>',
        "<h2><div>Chapter 1</div><div>The Lamp</div></h2>",
        "<h2>Chapter 1</h2><h3>The Lamp</h3>",
        '<p class="chap-num">Chapter 1</p><p class="chap-title">The Lamp</p>',
        '<p class="ChapterNumber">Chapter 1</p><p class="ChapterTitle">The Lamp</p>',
        '<div class="chapter_number">Chapter 1</div><div class="chapter_title">The Lamp</div>',
        '<h2>Chapter 1</h2><p class="title">The Lamp</p>',
        '<p class="center"><b>Chapter 1</b></p><p class="heading2">The Lamp</p>',
        "<h2>Chapter 1</h2><h2>Chapter 1</h2><h2>The Lamp</h2>",
    ],
)
def test_number_and_title(tmp_path: Path, heading: str) -> None:
    pages = {"one.xhtml": heading + PROSE, "two.xhtml": heading.replace("1", "2").replace("Lamp", "Oil") + PROSE}
    book = read_pages(tmp_path, pages)
    assert titles_of(book) == ["Chapter 1: The Lamp", "Chapter 2: The Oil"]
    assert [text[:2] for text in texts_of(book.chapters)] == [["Chapter 1", "The Lamp"], ["Chapter 2", "The Oil"]]
    assert {kind for kind, _ in kinds_and_texts(book)} == {"heading", "paragraph"}


@pytest.mark.parametrize(
    ("heading", "lines"),
    [
        ("<span>1</span><span>The Lamp</span>", ["1", "The Lamp"]),
        ("<span>IV</span><span>The Lamp</span>", ["IV", "The Lamp"]),
        ("IV.<br/>The Lamp", ["IV.", "The Lamp"]),
        ("Twelve<br/>The Lamp", ["Twelve", "The Lamp"]),
        ("Chapter the First<br/>Of Lamps", ["Chapter the First Of Lamps"]),
        ("The<br/>Long<br/>Title", ["The Long Title"]),
        ("Book the First<br/>Chapter I<br/>The Lamp", ["Book the First", "Chapter I", "The Lamp"]),
        ("One<img src='o.png' alt=''/>The Lamp", ["One", "The Lamp"]),
        ("The Lamp<br/>2", ["The Lamp 2"]),
        ("<span>T</span>he Lamp", ["The Lamp"]),
        ("<span>T</span><span>he Lamp</span>", ["The Lamp"]),
        ("C<small>HAPTER</small> I<br/>T<small>HE</small> L<small>AMP</small>", ["CHAPTER I", "THE LAMP"]),
        ("<span>I</span><span>NTRODUCTION</span>", ["INTRODUCTION"]),
        ("The <i>Lamp</i>", ["The Lamp"]),
        ("Chapter 1 <i>The Lamp</i>", ["Chapter 1", "The Lamp"]),
        ('<span class="a">Chapter</span> <span>1</span> <span>The Lamp</span>', ["Chapter 1", "The Lamp"]),
        ("Part <i>Two</i>", ["Part Two"]),
        ("I <i>Am</i> a Lamp", ["I Am a Lamp"]),
        ("Henry <i>VIII</i>", ["Henry VIII"]),
    ],
)
def test_lines_of_a_heading(tmp_path: Path, heading: str, lines: list[str]) -> None:
    book = read_body(tmp_path, f"<h2>{heading}</h2>{PROSE}")
    assert [text for kind, text in kinds_and_texts(book) if kind == "heading"] == lines


@pytest.mark.parametrize(
    ("body", "n_headings"),
    [
        ('<div class="chapter"><p>A lamp.</p><p>An oil.</p></div>', 0),
        ('<p class="title">He had read of it in a book long ago, and he had never forgotten.</p>', 0),
        ('<p>He read <span class="title">The Lamp</span> twice.</p>', 0),
        ("<p>Part of it was gone</p>", 0),
        ("<p>Chapter and verse</p>", 0),
        ("<p>Book a table</p>", 0),
        ("<p>CHAPTER XII.</p>", 1),
    ],
)
def test_what_is_no_heading(tmp_path: Path, body: str, n_headings: int) -> None:
    book = read_body(tmp_path, PROSE + body + PROSE)
    assert sum(kind == "heading" for kind, _ in kinds_and_texts(book)) == n_headings


@pytest.mark.parametrize("version", [2, 3])
def test_labels_of_the_table_of_contents(tmp_path: Path, version: int) -> None:
    toc = [("Chapter 1. The Lamp", "one.xhtml"), ("2\n  The Oil", "two.xhtml")]
    pages = {"one.xhtml": f"<h1>One</h1>{PROSE}", "two.xhtml": f"<h1>Two</h1>{PROSE}"}
    assert titles_of(read_pages(tmp_path, pages, toc=toc, version=version)) == ["Chapter 1. The Lamp", "2 The Oil"]


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("<span>1</span><span>The Lamp</span>", "1: The Lamp"),
        ("Chapter 1<br/>The Lamp", "Chapter 1: The Lamp"),
        ("<span>IV.</span><br/><i>The Lamp</i>", "IV: The Lamp"),
        ("The <i>Lamp</i>", "The Lamp"),
        ("<b>T</b>he Lamp", "The Lamp"),
    ],
)
def test_labels_of_several_elements(tmp_path: Path, label: str, title: str) -> None:
    pages = {"one.xhtml": PROSE, "two.xhtml": PROSE}
    assert titles_of(read_pages(tmp_path, pages, toc=[(label, "one.xhtml"), ("Two", "two.xhtml")]))[0] == title


class TestNumberOnAPageOfItsOwn:
    PAGES = {"a.xhtml": "<h1>9</h1>", "b.xhtml": PROSE, "c.xhtml": "<h1>10</h1>", "d.xhtml": PROSE}  # noqa: RUF012

    def test_the_next_entry_is_its_title(self, tmp_path: Path) -> None:
        toc = [("9", "a.xhtml"), ("The Boat", "b.xhtml"), ("10", "c.xhtml"), ("The Sea", "d.xhtml")]
        book = read_pages(tmp_path, self.PAGES, toc=toc)
        assert titles_of(book) == ["9: The Boat", "10: The Sea"]
        assert [len(chapter.blocks) for chapter in book.chapters] == [2, 2]

    def test_unlisted_text_follows_it(self, tmp_path: Path) -> None:
        book = read_pages(tmp_path, self.PAGES, toc=[("9", "a.xhtml"), ("10", "c.xhtml")])
        assert titles_of(book) == ["9", "10"]

    def test_a_part_stays_apart_from_its_chapters(self, tmp_path: Path) -> None:
        pages = {**self.PAGES, "a.xhtml": "<h1>Part One</h1>"}
        toc = [("Part One", "a.xhtml"), ("The Boat", "b.xhtml"), ("10", "c.xhtml"), ("The Sea", "d.xhtml")]
        assert titles_of(read_pages(tmp_path, pages, toc=toc)) == ["Part One", "The Boat", "10: The Sea"]
