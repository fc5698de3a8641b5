"""Reading order, and where chapters start."""

from pathlib import Path

import pytest

from mayabook.core.book import Book, Matter
from tests.book.book_reading import read_files, read_pages, texts_of, titles_of
from tests.epubs import OPF, epub_files, nav_xhtml, xhtml

PROSE = "<p>It was a dark and stormy night, and nobody was out.</p>"
PROSE_TEXT = "It was a dark and stormy night, and nobody was out."


def outline(book: Book) -> list[tuple[int, int, str]]:
    return [(chapter.number, chapter.depth, chapter.title) for chapter in book.chapters]


def files_of(book: Book) -> list[list[str]]:
    """Of each chapter the files its blocks come from."""
    return [list(dict.fromkeys(Path(block.href).stem for block in chapter.blocks)) for chapter in book.chapters]


def test_spine_order_rules_and_what_is_not_linear_is_left_out(tmp_path: Path) -> None:
    pages = {name: f"<h1>{name[0].upper()}</h1>{PROSE}" for name in ("b.xhtml", "x.xhtml", "a.xhtml")}
    book = read_pages(tmp_path, pages, toc=[("A", "a.xhtml"), ("B", "b.xhtml")], not_linear=["x.xhtml"])
    assert outline(book) == [(1, 1, "B"), (2, 1, "A")]
    assert texts_of(book.chapters) == [["B", PROSE_TEXT], ["A", PROSE_TEXT]]


@pytest.mark.parametrize("version", [2, 3])
def test_nested_contents_give_depth(tmp_path: Path, version: int) -> None:
    pages = {f"{n}.xhtml": f"<h1>Title {n}</h1>{PROSE}" for n in range(5)}
    toc = [
        ("Part I", "0.xhtml", [("Chapter 1", "1.xhtml", [("Scene", "2.xhtml")]), ("Chapter 2", "3.xhtml")]),
        ("Part II", "4.xhtml"),
    ]
    book = read_pages(tmp_path, pages, toc=toc, version=version)
    assert outline(book) == [
        (1, 1, "Part I"),
        (2, 2, "Chapter 1"),
        (3, 3, "Scene"),
        (4, 2, "Chapter 2"),
        (5, 1, "Part II"),
    ]
    assert files_of(book) == [["0"], ["1"], ["2"], ["3"], ["4"]]


def test_headings_without_a_link_only_nest(tmp_path: Path) -> None:
    pages = {"a.xhtml": f"<h1>A</h1>{PROSE}", "b.xhtml": f"<h1>B</h1>{PROSE}"}
    book = read_pages(tmp_path, pages, toc=[("Part I", None, [("A", "a.xhtml")]), ("B", "b.xhtml")])
    assert outline(book) == [(1, 2, "A"), (2, 1, "B")]


@pytest.mark.parametrize("version", [2, 3])
def test_several_chapters_in_one_file(tmp_path: Path, version: int) -> None:
    body = (
        f'<div id="c1"><h2>One</h2>{PROSE}</div><h2><a id="c2"/>Two</h2>{PROSE}'
        f'<p>The end of two.<a id="c3"/></p><h2>Three</h2>{PROSE}<h2>Four</h2><p id="c4">Four itself.</p>'
    )
    toc = [(title, f"one.xhtml#c{n}") for n, title in enumerate(("One", "Two", "Three", "Four"), 1)]
    book = read_pages(tmp_path, {"one.xhtml": body}, toc=toc, version=version)
    assert titles_of(book) == ["One", "Two", "Three", "Four"]
    assert texts_of(book.chapters) == [
        ["One", PROSE_TEXT],
        ["Two", PROSE_TEXT, "The end of two."],
        ["Three", PROSE_TEXT],
        ["Four", "Four itself."],
    ]


def test_a_chapter_that_starts_inside_a_paragraph(tmp_path: Path) -> None:
    body = '<p><a id="c1"/>One.<br/>Text of one.<br/><b><a id="c2"/>Two.</b><br/>Text of two.</p>'
    book = read_pages(tmp_path, {"one.xhtml": body}, toc=[("One", "one.xhtml#c1"), ("Two", "one.xhtml#c2")])
    assert texts_of(book.chapters) == [["One. Text of one."], ["Two. Text of two."]]


@pytest.mark.parametrize("version", [2, 3])
def test_one_chapter_over_several_files(tmp_path: Path, version: int) -> None:
    pages = {
        "cover.xhtml": "<p>The Test Book</p>",
        "a1.xhtml": f"<h1>A</h1>{PROSE}",
        "a2.xhtml": "<p>More of it, in a file that no one lists.</p>",
        "a3.xhtml": '<p>And still more.</p><h1 id="b">B</h1><p>Other text.</p>',
        "b2.xhtml": "<h2>An inner heading</h2><p>Rest of it.</p>",
    }
    book = read_pages(tmp_path, pages, toc=[("A", "a1.xhtml"), ("B", "a3.xhtml#b")], version=version)
    assert titles_of(book) == ["Title page", "A", "B"]
    assert files_of(book) == [["cover"], ["a1", "a2", "a3"], ["a3", "b2"]]
    assert texts_of(book.chapters)[2] == ["B", "Other text.", "An inner heading", "Rest of it."]


def test_files_before_the_first_entry_stand_alone(tmp_path: Path) -> None:
    pages = {
        "title.xhtml": "<h1>The Test Book</h1><p>Ann Author</p>",
        "motto.xhtml": "<p>All that glitters is not gold, as someone wrote once upon a time.</p>",
        "one.xhtml": f"<h1>One</h1>{PROSE}",
        "two.xhtml": f"<h1>Two</h1>{PROSE}",
    }
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert titles_of(book) == ["The Test Book", "All that glitters is not gold,…", "One", "Two"]
    assert [chapter.matter for chapter in book.chapters][:2] == [Matter.TITLE_PAGE, Matter.BODY]


def test_an_unlisted_imprint_at_the_end_is_no_part_of_the_last_chapter(tmp_path: Path) -> None:
    pages = {
        "one.xhtml": f"<h1>One</h1>{PROSE}",
        "two.xhtml": f"<h1>Two</h1>{PROSE}",
        "legal.xhtml": "<p>Copyright © 2020 Ann Author. All rights reserved. ISBN 978-3-16-148410-0</p>",
        "after.xhtml": "<p>A last word to the reader, who came so far.</p>",
    }
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert files_of(book) == [["one"], ["two"], ["legal"], ["after"]]
    assert [chapter.narrated for chapter in book.chapters] == [True, True, False, True]


def test_a_label_above_the_anchor_belongs_to_the_chapter(tmp_path: Path) -> None:
    pages = {
        "one.xhtml": f'<p>1</p><h2 id="c">One</h2>{PROSE}',
        "two.xhtml": f'<p class="number">2</p><h2 id="c">Two</h2>{PROSE}',
    }
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml#c"), ("Two", "two.xhtml#c")])
    assert texts_of(book.chapters) == [["1", "One", PROSE_TEXT], ["2", "Two", PROSE_TEXT]]


def test_a_heading_is_neither_doubled_nor_invented(tmp_path: Path) -> None:
    pages = {"one.xhtml": f"<h1>One</h1>{PROSE}", "two.xhtml": PROSE}
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert titles_of(book) == ["One", "Two"]
    assert texts_of(book.chapters) == [["One", PROSE_TEXT], [PROSE_TEXT]]


@pytest.mark.parametrize("version", [2, 3])
def test_entries_out_of_order(tmp_path: Path, version: int) -> None:
    pages = {"one.xhtml": f"<h1>One</h1>{PROSE}<h1 id='b'>One B</h1>{PROSE}", "two.xhtml": f"<h1>Two</h1>{PROSE}"}
    toc = [("Two", "two.xhtml"), ("One B", "one.xhtml#b"), ("One", "one.xhtml")]
    assert titles_of(read_pages(tmp_path, pages, toc=toc, version=version)) == ["One", "One B", "Two"]


def test_two_entries_of_one_place_become_one(tmp_path: Path) -> None:
    pages = {"one.xhtml": f"<h1>One</h1>{PROSE}", "two.xhtml": f"<h1>Two</h1>{PROSE}"}
    toc = [("Part I", "one.xhtml", [("One", "one.xhtml"), ("Two", "two.xhtml", [("two", "two.xhtml")])])]
    assert outline(read_pages(tmp_path, pages, toc=toc)) == [(1, 2, "Part I: One"), (2, 2, "Two")]


def test_titles_are_clean_and_empty_ones_are_filled_from_the_text(tmp_path: Path) -> None:
    pages = {
        "a.xhtml": f"<h1>A&nbsp;Heading</h1>{PROSE}",
        "b.xhtml": PROSE,
        "c.xhtml": f"<h1>Chapter 3</h1><h2>The Storm</h2>{PROSE}",
        "d.xhtml": PROSE,
    }
    toc = [
        ("", "a.xhtml"),
        (" ", "b.xhtml"),
        ("\u00a0", "c.xhtml"),
        ("<i>Wuthe&shy;ring</i>&nbsp;\n<b>H</b>eights", "d.xhtml"),
    ]
    assert titles_of(read_pages(tmp_path, pages, toc=toc)) == [
        "A Heading",
        "It was a dark and stormy…",
        "Chapter 3: The Storm",
        "Wuthering Heights",
    ]


@pytest.mark.parametrize("version", [2, 3])
def test_entries_that_lead_nowhere(tmp_path: Path, version: int) -> None:
    pages = {"one.xhtml": f"<h1>One</h1>{PROSE}<h1>One B</h1>{PROSE}", "two.xhtml": f"<h1>Two</h1>{PROSE}"}
    toc = [
        ("One", "one.xhtml"),
        ("Gone", "gone.xhtml"),
        ("One B", "one.xhtml#gone"),
        ("Lost", "one.xhtml#lost"),
        ("Two", "two.xhtml#gone"),
        ("Out", "https://example.org/x.xhtml"),
    ]
    book = read_pages(tmp_path, pages, toc=toc, version=version)
    assert titles_of(book) == ["One", "One B", "Two"]
    assert texts_of(book.chapters) == [["One", PROSE_TEXT], ["One B", PROSE_TEXT], ["Two", PROSE_TEXT]]
    assert book.warnings == (
        "the table of contents lists 'Gone' at gone.xhtml, which is not in the reading order",
        "the table of contents lists 'Out' at https://example.org/x.xhtml, which is not in the reading order",
        "the table of contents lists 'One B' at one.xhtml#gone, where nothing is; it was looked for by its title",
        "the table of contents lists 'Lost' at one.xhtml#lost, where nothing is; it was passed over",
        "the table of contents lists 'Two' at two.xhtml#gone, where nothing is; it was taken for the whole file",
    )


def test_links_that_differ_in_case_or_are_percent_encoded(tmp_path: Path) -> None:
    pages = {"Kapitel%20Eins%20%C3%A4.xhtml": PROSE, "two.xhtml": f"<h1 id='ä b'>Two</h1>{PROSE}"}
    files = epub_files(pages, toc=[("One", "kapitel%20EINS%20%c3%a4.xhtml"), ("Two", "TWO.xhtml#%C3%A4%20b")])
    files["EPUB/Kapitel Eins ä.xhtml"] = files.pop("EPUB/Kapitel%20Eins%20%C3%A4.xhtml")
    files["EPUB/Two.XHTML"] = files.pop("EPUB/two.xhtml")
    book = read_files(tmp_path, files)
    assert titles_of(book) == ["One", "Two"]
    assert book.warnings == ()
    assert files_of(book) == [["Kapitel Eins ä"], ["Two"]]


def test_duplicate_ids_take_the_first(tmp_path: Path) -> None:
    body = f"<h2 id='x'>One</h2>{PROSE}<h2 id='y'>Two</h2>{PROSE}<h2 id='x'>Three</h2>{PROSE}"
    book = read_pages(tmp_path, {"one.xhtml": body}, toc=[("One", "one.xhtml#x"), ("Two", "one.xhtml#y")])
    assert texts_of(book.chapters) == [["One", PROSE_TEXT], ["Two", PROSE_TEXT, "Three", PROSE_TEXT]]


class TestWithoutContents:
    def test_headings_cut(self, tmp_path: Path) -> None:
        body = f"<h1>The Test Book</h1>{PROSE}<h2>One</h2>{PROSE}<h3>inner</h3>{PROSE}<h3>inner</h3><h2>Two</h2>{PROSE}"
        book = read_pages(tmp_path, {"one.xhtml": body})
        assert outline(book) == [(1, 1, "The Test Book"), (2, 2, "One"), (3, 2, "Two")]

    def test_numbers_join_the_titles_under_them(self, tmp_path: Path) -> None:
        pages = {f"{n}.xhtml": f"<h1>Chapter {n}</h1><h2>Title {n}</h2>{PROSE}" for n in (1, 2)}
        assert titles_of(read_pages(tmp_path, pages)) == ["Chapter 1: Title 1", "Chapter 2: Title 2"]

    def test_a_file_without_a_heading_goes_on(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": f"<h1>A</h1>{PROSE}", "a2.xhtml": PROSE, "b.xhtml": f"<h1>B</h1>{PROSE}"}
        assert files_of(read_pages(tmp_path, pages)) == [["a", "a2"], ["b"]]

    def test_files_cut_where_there_are_no_headings(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": xhtml(PROSE, "First"), "b.xhtml": xhtml(PROSE, "Second"), "c.xhtml": PROSE}
        assert titles_of(read_pages(tmp_path, pages)) == ["First", "Second", "It was a dark and stormy…"]

    def test_a_title_that_all_files_carry_is_none(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": xhtml(PROSE, "Same"), "b.xhtml": xhtml("<p>Other words.</p>", "Same")}
        assert titles_of(read_pages(tmp_path, pages)) == ["It was a dark and stormy…", "Other words."]

    def test_a_table_with_one_entry_is_none(self, tmp_path: Path) -> None:
        pages = {"a.xhtml": f"<h1>A</h1>{PROSE}", "b.xhtml": f"<h1>B</h1>{PROSE}"}
        assert titles_of(read_pages(tmp_path, pages, toc=[("Start", "a.xhtml")])) == ["A", "B"]

    @pytest.mark.parametrize("version", [2, 3])
    @pytest.mark.parametrize("start", ["Start", "Begin Reading", "Text", "The Test Book"])
    def test_a_table_of_cover_and_start_is_none(self, tmp_path: Path, start: str, version: int) -> None:
        pages = {"cover.xhtml": '<p><img alt="c" src="c.png"/></p>'}
        pages |= {f"{n}.xhtml": f"<h2>Chapter {n}</h2>{PROSE}" for n in range(1, 5)}
        book = read_pages(tmp_path, pages, toc=[("Cover", "cover.xhtml"), (start, "1.xhtml")], version=version)
        assert titles_of(book) == ["Cover", "Chapter 1", "Chapter 2", "Chapter 3", "Chapter 4"]

    def test_a_table_of_one_chapter_keeps_its_title(self, tmp_path: Path) -> None:
        book = read_pages(tmp_path, {"a.xhtml": f"<h1>CHAPTER IV</h1>{PROSE}"}, toc=[("Sums", "a.xhtml")])
        assert titles_of(book) == ["Sums"]

    def test_a_table_of_cover_and_start_without_headings(self, tmp_path: Path) -> None:
        pages = {"cover.xhtml": '<p><img alt="c" src="c.png"/></p>', "a.xhtml": PROSE, "b.xhtml": PROSE}
        book = read_pages(tmp_path, pages, toc=[("Cover", "cover.xhtml"), ("Start", "a.xhtml")])
        assert texts_of(book.chapters) == [[], [PROSE_TEXT, PROSE_TEXT]]


class TestOutsideOfTheLinearOrder:
    PAGES = {name: f"<h1>{name[0].upper()}</h1>{PROSE}" for name in ("a.xhtml", "x.xhtml", "b.xhtml")}  # noqa: RUF012

    def test_a_chapter_that_the_contents_list_is_read_in_its_place(self, tmp_path: Path) -> None:
        toc = [("A", "a.xhtml"), ("X", "x.xhtml"), ("B", "b.xhtml")]
        book = read_pages(tmp_path, self.PAGES, toc=toc, not_linear=["x.xhtml"])
        assert titles_of(book) == ["A", "X", "B"]
        assert (book.left_out, book.warnings) == ((), ())

    def test_a_file_that_nothing_lists_is_left_out_with_a_reason(self, tmp_path: Path) -> None:
        book = read_pages(tmp_path, self.PAGES, toc=[("A", "a.xhtml"), ("B", "b.xhtml")], not_linear=["x.xhtml"])
        assert titles_of(book) == ["A", "B"]
        assert [entry.reason for entry in book.left_out] == ["outside of the linear reading order"]


def test_ncx_serves_where_the_nav_is_empty(tmp_path: Path) -> None:
    pages = {"a.xhtml": f"<h1>A</h1>{PROSE}", "b.xhtml": f"<h1>B</h1>{PROSE}"}
    files = epub_files(pages, toc=[("Ncx A", "a.xhtml"), ("Ncx B", "b.xhtml")], version=2)
    nav = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>'
    files[OPF] = str(files[OPF]).replace("</manifest>", nav)
    assert titles_of(read_files(tmp_path, {**files, "EPUB/nav.xhtml": nav_xhtml([])})) == ["Ncx A", "Ncx B"]
    with_nav = {**files, "EPUB/nav.xhtml": nav_xhtml([("Nav A", "a.xhtml"), ("Nav B", "b.xhtml")])}
    assert titles_of(read_files(tmp_path, with_nav)) == ["Nav A", "Nav B"]


def test_a_table_that_lists_itself(tmp_path: Path) -> None:
    pages = {"a.xhtml": f"<h1>A</h1>{PROSE}", "b.xhtml": f"<h1>B</h1>{PROSE}"}
    book = read_pages(tmp_path, pages, toc=[("Contents", "nav.xhtml"), ("A", "a.xhtml"), ("B", "b.xhtml")])
    assert titles_of(book) == ["A", "B"]
    assert book.warnings == ()
