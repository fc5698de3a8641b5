"""What is read aloud and what is not, each with its reason."""

from pathlib import Path
from typing import Any

import pytest

from mayabook.core.book import Chapter, Matter
from tests.book.book_reading import read_pages, titles_of
from tests.epubs import xhtml

PROSE = "<p>It was a dark and stormy night, and nobody was out, and the rain fell and fell.</p>" * 20
ONE, TWO = f"<h1>One</h1>{PROSE}", f"<h1>Two</h1>{PROSE}"
UNSURE = "nothing says that it should be skipped"


def chapter_of(folder: Path, body: str, title: str = "Something", last: bool = False, **options: Any) -> Chapter:
    """The chapter that `body` becomes, before (or after) two chapters of prose, listed under `title`."""
    pages = {"one.xhtml": ONE, "two.xhtml": TWO}
    pages = {**pages, "x.xhtml": body} if last else {"x.xhtml": body, **pages}
    toc = [("One", "one.xhtml"), ("Two", "two.xhtml"), *([(title, "x.xhtml")] if title else [])]
    book = read_pages(folder, pages, toc=toc, **options)
    assert [chapter.narrated for chapter in book.chapters if chapter.title in ("One", "Two")] == [True, True]
    return book.chapters[-1 if last else 0]


@pytest.mark.parametrize(
    ("token", "matter"),
    [
        ("cover", Matter.COVER),
        ("titlepage", Matter.TITLE_PAGE),
        ("halftitlepage", Matter.TITLE_PAGE),
        ("copyright-page", Matter.IMPRINT),
        ("imprint", Matter.IMPRINT),
        ("frontmatter colophon", Matter.IMPRINT),
        ("toc", Matter.CONTENTS),
        ("loi", Matter.CONTENTS),
        ("index", Matter.INDEX),
        ("bibliography", Matter.BIBLIOGRAPHY),
        ("backmatter endnotes", Matter.NOTES),
        ("dedication", Matter.BODY),
        ("epigraph", Matter.BODY),
        ("foreword", Matter.BODY),
        ("preface", Matter.BODY),
        ("introduction", Matter.BODY),
        ("prologue", Matter.BODY),
        ("epilogue", Matter.BODY),
        ("afterword", Matter.BODY),
        ("acknowledgments", Matter.BODY),
        ("bodymatter z3998:fiction chapter", Matter.BODY),
    ],
)
@pytest.mark.parametrize("where", ["body", "section"])
def test_epub_type(tmp_path: Path, token: str, matter: Matter, where: str) -> None:
    inner = "<h2>Some heading</h2><p>Words that tell nothing by themselves.</p>"
    marked = f' epub:type="{token}"'
    page = xhtml(inner, "", marked) if where == "body" else xhtml(f"<section{marked}>{inner}</section>")
    chapter = chapter_of(tmp_path, page)
    assert chapter.matter is matter
    assert chapter.narrated is (matter is Matter.BODY)
    said = token.split()[-1]
    notes = "it holds nothing but footnotes"
    assert chapter.reason == (notes if matter is Matter.NOTES else f"epub:type or role is {said!r}")


def test_role(tmp_path: Path) -> None:
    chapter = chapter_of(tmp_path, '<section role="doc-index"><p>Anything.</p></section>')
    assert (chapter.matter, chapter.reason) == (Matter.INDEX, "epub:type or role is 'index'")


@pytest.mark.parametrize(("version", "said"), [(3, "the landmarks call it"), (2, "the guide calls it")])
@pytest.mark.parametrize(
    ("token", "matter"),
    [
        ("cover", Matter.COVER),
        ("copyright-page", Matter.IMPRINT),
        ("bibliography", Matter.BIBLIOGRAPHY),
        ("dedication", Matter.BODY),
    ],
)
def test_landmarks_and_guide(tmp_path: Path, version: int, said: str, token: str, matter: Matter) -> None:
    mark: dict[str, Any] = {"landmarks" if version == 3 else "guide": {"x.xhtml": token, "one.xhtml": "bodymatter"}}
    chapter = chapter_of(tmp_path, "<p>Words that tell nothing by themselves.</p>", version=version, **mark)
    assert (chapter.matter, chapter.reason) == (matter, f"{said} {token!r}")
    unlisted = chapter_of(tmp_path, "<p>Words that tell nothing by themselves.</p>", "", True, version=version, **mark)
    assert unlisted.matter is matter


def test_a_guide_that_calls_a_whole_chapter_the_cover_is_not_believed(tmp_path: Path) -> None:
    chapter = chapter_of(tmp_path, PROSE, guide={"x.xhtml": "cover"})
    assert (chapter.matter, chapter.narrated, chapter.reason) == (Matter.BODY, True, UNSURE)


def test_landmarks_that_disagree_say_nothing(tmp_path: Path) -> None:
    pages = {"x.xhtml": f"<p>Some words.</p><div id='a'>{PROSE}</div>", "one.xhtml": ONE}
    book = read_pages(
        tmp_path,
        pages,
        toc=[("Something", "x.xhtml"), ("One", "one.xhtml")],
        landmarks={"x.xhtml": "imprint", "x.xhtml#": "bibliography"},
    )
    assert book.chapters[0].reason == UNSURE


def test_landmark_of_a_place_inside_a_file(tmp_path: Path) -> None:
    body = f"<h2>One</h2>{PROSE}<h2 id='b'>Sources</h2><p>Books that were read for this one.</p>"
    book = read_pages(
        tmp_path,
        {"x.xhtml": body},
        toc=[("One", "x.xhtml"), ("Sources", "x.xhtml#b")],
        landmarks={"x.xhtml#b": "bibliography"},
    )
    assert [(c.title, c.matter) for c in book.chapters] == [("One", Matter.BODY), ("Sources", Matter.BIBLIOGRAPHY)]


@pytest.mark.parametrize(
    ("title", "matter"),
    [
        ("Cover", Matter.COVER),
        ("Title Page", Matter.TITLE_PAGE),
        ("Half-Title", Matter.TITLE_PAGE),
        ("Copyright", Matter.IMPRINT),
        ("COPYRIGHT PAGE", Matter.IMPRINT),
        ("Impressum", Matter.IMPRINT),
        ("The Full Project Gutenberg License", Matter.IMPRINT),
        ("The Project Gutenberg eBook of Emma", Matter.IMPRINT),
        ("Table of Contents", Matter.CONTENTS),
        ("Contents.", Matter.CONTENTS),
        ("List of Illustrations", Matter.CONTENTS),
        ("Inhaltsverzeichnis", Matter.CONTENTS),
        ("目次", Matter.CONTENTS),
        ("Index", Matter.INDEX),
        ("Index of Names", Matter.INDEX),
        ("Select Bibliography", Matter.BIBLIOGRAPHY),
        ("References", Matter.BIBLIOGRAPHY),
        ("Notes", Matter.NOTES),
        ("Endnotes", Matter.NOTES),
        ("Also by Ann Author", Matter.ADVERT),
        ("Praise for The Test Book", Matter.ADVERT),
        ("About the Publisher", Matter.ADVERT),
        ("Dedication", Matter.BODY),
        ("Foreword", Matter.BODY),
        ("Acknowledgements", Matter.BODY),
        ("Notes from Underground", Matter.BODY),
        ("The Index Card", Matter.BODY),
        ("Under Cover", Matter.BODY),
    ],
)
def test_title(tmp_path: Path, title: str, matter: Matter) -> None:
    chapter = chapter_of(tmp_path, "<p>Words that tell nothing by themselves.</p>", title)
    assert chapter.matter is matter
    assert chapter.narrated is (matter is Matter.BODY)
    assert chapter.reason in (f"its title is {title!r}", UNSURE)
    if matter is not Matter.BODY:
        assert chapter.reason == f"its title is {title!r}"


@pytest.mark.parametrize("title", ["Cover", "Contents", "Index"])
def test_a_title_is_not_believed_over_pages_of_prose(tmp_path: Path, title: str) -> None:
    assert chapter_of(tmp_path, PROSE * 3 + f"<p>{'long ' * 2000}</p>", title).narrated


@pytest.mark.parametrize(
    "title",
    [
        "Imprint", "Colophon", "Copyright", "Notes", "Register", "Index", "References", "Further Reading", "Cover",
        "Praise for a Dead Man", "Coming Soon", "Books by Candlelight", "Advertisement", "Newsletter", "Also Available",
        "Contents", "Title Page", "About the Publisher",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "body",
    [
        "<p>The lamp went out at nine and nobody came to light it again that night.</p>",
        "<p>“Who is it?” she said.</p><p>“Nobody.”</p><p>“Then come in!”</p>",
        "<p>He noted it in his book.</p><blockquote><p>In 1890 the lamp went out at nine, and nobody came to light it.</p></blockquote>"
        "<p>And then he shut the book, for it was late.</p><p>It was cold, and he was tired, and so he went to bed.</p>",
    ],
    ids=["prose", "dialogue", "quote"],
)
def test_a_title_never_outweighs_prose(tmp_path: Path, title: str, body: str) -> None:
    chapter = chapter_of(tmp_path, f"<h1>{title}</h1>{body}", title)
    assert (chapter.matter, chapter.narrated, chapter.reason) == (Matter.BODY, True, UNSURE)


@pytest.mark.parametrize(
    ("title", "body", "matter"),
    [
        ("Notes", "<p>1. See the records of the town, which were kept in the church until it burned down.</p>", Matter.NOTES),
        ("Notes", "<p>p. 12: The lamp was of the kind that was sold in the town in those years.</p>", Matter.NOTES),
        ("References", "<p>Smith, Ann. A History of Lamps and of Those Who Made Them. London: Lamp Press, 1990.</p>", Matter.BIBLIOGRAPHY),
        ("Copyright", "<p>No part of this book may be reproduced without the written permission of the author.</p>", Matter.IMPRINT),
        ("Colophon", "<p>This ebook was transcribed and proofread by volunteers for the love of old books and lamps.</p>", Matter.IMPRINT),
        ("Praise for The Test Book", "<p>“I could not put it down until the lamp went out at last.” —The Daily Lamp</p>", Matter.ADVERT),
        ("Newsletter", "<p>Sign up for news of the author and a free story about the lamp and the baker.</p>", Matter.ADVERT),
        ("Index", "<p>Numbers in italics refer to pages with a picture of the thing that is named there.</p><p>lamp, 3</p>", Matter.INDEX),
    ],
)  # fmt: skip
def test_prose_that_bears_out_its_title(tmp_path: Path, title: str, body: str, matter: Matter) -> None:
    chapter = chapter_of(tmp_path, f"<h1>{title}</h1>{body}", title, last=True)
    assert (chapter.matter, chapter.reason) == (matter, f"its title is {title!r}")


def test_marks_come_before_titles(tmp_path: Path) -> None:
    chapter = chapter_of(tmp_path, xhtml("<p>Words.</p>", "", ' epub:type="prologue"'), "Notes")
    assert (chapter.narrated, chapter.reason) == (True, "epub:type or role is 'prologue'")


class TestShape:
    def test_title_page(self, tmp_path: Path) -> None:
        body = "<p>THE TEST BOOK</p><p>a novel by</p><p>Ann Author</p><p>London, 1920</p>"
        chapter = chapter_of(tmp_path, body, "Front")
        assert (chapter.matter, chapter.reason) == (Matter.TITLE_PAGE, "it holds little but the title of the book")

    def test_a_dedication_is_no_title_page(self, tmp_path: Path) -> None:
        assert chapter_of(tmp_path, "<p>For Ann, who had to test the book.</p>", "Front").narrated

    def test_no_title_page_late_in_the_book(self, tmp_path: Path) -> None:
        assert chapter_of(tmp_path, "<p>The Test Book</p><p>is what she called it.</p>", "Front", last=True).narrated

    def test_imprint(self, tmp_path: Path) -> None:
        body = "<p>First published in 2019</p><p>Copyright © Ann Author 2019</p><p>ISBN 978-3-16-148410-0</p>"
        chapter = chapter_of(tmp_path, body, "Something", last=True)
        assert (chapter.matter, chapter.reason) == (
            Matter.IMPRINT,
            "it reads like an imprint (copyright, ISBN, rights)",
        )

    def test_one_sign_makes_no_imprint(self, tmp_path: Path) -> None:
        assert chapter_of(tmp_path, "<p>She looked up the ISBN. It was printed on the back.</p>").narrated

    def test_a_paragraph_on_rights_makes_no_imprint(self, tmp_path: Path) -> None:
        body = PROSE + "<p>Please quote us as: Ann Author, The Test Book, copyright 2012, ISBN 978-3-16-148410-0.</p>"
        assert chapter_of(tmp_path, body).narrated

    def test_contents_of_links(self, tmp_path: Path) -> None:
        links = "".join(f'<p><a href="{name}.xhtml">Chapter {name}</a></p>' for name in ("one", "two", "one", "two"))
        chapter = chapter_of(tmp_path, f"<h2>What is in here</h2>{links}", "Something")
        assert (chapter.matter, chapter.reason) == (Matter.CONTENTS, "most of its lines are links")

    def test_prose_with_links_is_no_table_of_contents(self, tmp_path: Path) -> None:
        linked = '<p>She had never seen <a href="one.xhtml">such a thing</a> before, and never would again.</p>'
        assert chapter_of(tmp_path, linked * 6).narrated

    def test_contents_with_page_numbers(self, tmp_path: Path) -> None:
        lines = "".join(
            f"<p>The chapter called {name} {page}</p>" for name, page in zip("abcdef", range(3, 99, 9), strict=False)
        )
        chapter = chapter_of(tmp_path, lines)
        assert (chapter.matter, chapter.reason) == (Matter.CONTENTS, "its lines end in rising page numbers")

    def test_lines_with_numbers_that_do_not_rise_are_no_contents(self, tmp_path: Path) -> None:
        lines = "".join(
            f"<p>The number called {name} {number}</p>"
            for name, number in zip("abcdef", (7, 3, 9, 1, 4, 2), strict=True)
        )
        assert chapter_of(tmp_path, lines).narrated

    def test_index(self, tmp_path: Path) -> None:
        names = sorted(f"{a}{b}nd" for a in "abcdefgh" for b in "aeiou")
        lines = "".join(f"<li>{name}, {len(name) * 7}, {n + 3}–{n + 5}</li>" for n, name in enumerate(names))
        chapter = chapter_of(tmp_path, f"<ul>{lines}</ul>", "Something", last=True)
        assert chapter.matter is Matter.INDEX
        assert chapter.reason == "its lines are in alphabetical order and end in page numbers"

    def test_a_chronicle_is_no_index(self, tmp_path: Path) -> None:
        lines = "".join(
            f"<p>{event} in the year {1000 + n * 7}</p>" for n, event in enumerate(["War", "Peace", "Fire"] * 10)
        )
        assert chapter_of(tmp_path, lines, "Something", last=True).narrated

    def test_scores_are_no_index(self, tmp_path: Path) -> None:
        rows = "".join(f"<tr><td>Team {n}</td><td>{n}</td></tr>" for n in range(30))
        assert chapter_of(tmp_path, f"<table>{rows}</table>", "Something", last=True).narrated


def test_the_navigation_page_in_the_reading_order(tmp_path: Path) -> None:
    toc = [("One", "one.xhtml"), ("Two", "two.xhtml")]
    book = read_pages(tmp_path, {"one.xhtml": ONE, "two.xhtml": TWO}, toc=toc, nav_in_spine=True)
    assert (book.chapters[0].title, book.chapters[0].matter) == ("Table of contents", Matter.CONTENTS)
    assert book.chapters[0].reason == "epub:type or role is 'toc'"


def test_a_listed_page_without_text(tmp_path: Path) -> None:
    picture = chapter_of(tmp_path, '<img src="map.png" alt="A map"/>', "Map")
    assert (picture.matter, picture.narrated, picture.reason) == (Matter.EMPTY, False, "there is no text in it")
    cover = chapter_of(tmp_path, '<img src="cover.png" alt="Cover"/>', "Cover")
    assert (cover.matter, cover.narrated, cover.reason) == (Matter.COVER, False, "it is a picture")


def test_what_is_nested_under_notes_is_notes(tmp_path: Path) -> None:
    pages = {
        name: f"<p>Text of {name}, which tells nothing.</p>" for name in ("a.xhtml", "n.xhtml", "n1.xhtml", "z.xhtml")
    }
    toc = [("A", "a.xhtml"), ("Notes", "n.xhtml", [("Chapter 1", "n1.xhtml")]), ("Z", "z.xhtml")]
    book = read_pages(tmp_path, pages, toc=toc)
    assert [(c.title, c.narrated) for c in book.chapters] == [
        ("A", True),
        ("Notes", False),
        ("Chapter 1", False),
        ("Z", True),
    ]
    assert book.chapters[2].reason == "it is part of 'Notes'"


def test_what_is_nested_under_a_title_page_is_read(tmp_path: Path) -> None:
    pages = {name: f"<p>Text of {name}, which tells nothing.</p>" for name in ("t.xhtml", "a.xhtml", "b.xhtml")}
    book = read_pages(tmp_path, pages, toc=[("Title Page", "t.xhtml", [("A", "a.xhtml"), ("B", "b.xhtml")])])
    assert [chapter.narrated for chapter in book.chapters] == [False, True, True]


def test_a_marked_part_of_a_chapter_is_skipped_alone(tmp_path: Path) -> None:
    body = (
        f"<section epub:type='chapter'><h1>One</h1>{PROSE}<section epub:type='bibliography'><h2>Read for this</h2>"
        "<p>Some book.</p></section><p>The last words.</p></section>"
    )
    book = read_pages(tmp_path, {"one.xhtml": body, "two.xhtml": TWO}, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    assert titles_of(book) == ["One", "Read for this", "Two"]
    assert [chapter.narrated for chapter in book.chapters] == [True, False, True]
    assert book.chapters[0].blocks[-1].text == "The last words."
    assert [block.text for block in book.chapters[1].blocks] == ["Read for this", "Some book."]


def test_a_marked_imprint_with_a_footnote_is_one_chapter(tmp_path: Path) -> None:
    body = "<section epub:type='colophon'><p>Set in Garamond.</p></section><aside epub:type='footnote'>A note.</aside>"
    book = read_pages(tmp_path, {"c.xhtml": body, "one.xhtml": ONE}, toc=[("C", "c.xhtml"), ("One", "one.xhtml")])
    assert [(c.title, c.matter) for c in book.chapters] == [("C", Matter.IMPRINT), ("One", Matter.BODY)]
    assert [(entry.text, entry.reason) for entry in book.left_out] == [("A note.", "footnote")]


def test_a_file_with_several_kinds_of_front_matter(tmp_path: Path) -> None:
    body = (
        "<section epub:type='titlepage'><p>The Test Book</p></section><section epub:type='copyright-page'>"
        "<p>© 2020</p></section><section epub:type='dedication'><p>To my cat, who slept.</p></section>"
    )
    book = read_pages(
        tmp_path,
        {"f.xhtml": body, "one.xhtml": ONE, "two.xhtml": TWO},
        toc=[("One", "one.xhtml"), ("Two", "two.xhtml")],
    )
    assert [(c.matter, c.narrated) for c in book.chapters][:3] == [
        (Matter.TITLE_PAGE, False),
        (Matter.IMPRINT, False),
        (Matter.BODY, True),
    ]


def test_more_files_of_a_bibliography(tmp_path: Path) -> None:
    pages = {"one.xhtml": ONE, "b1.xhtml": "<h1>Bibliography</h1><p>A book.</p>", "b2.xhtml": "<p>Another book.</p>",
             "end.xhtml": "<h1>Epilogue</h1><p>The end.</p>"}  # fmt: skip
    book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Bibliography", "b1.xhtml")])
    assert [(c.title, len(c.blocks), c.narrated) for c in book.chapters][1:] == [
        ("Bibliography", 3, False),
        ("Epilogue", 2, True),
    ]
