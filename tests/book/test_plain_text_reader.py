"""Plain texts: paragraphs, headings, scene breaks, encodings; and the sentences that a verification looks for."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayabook.book import read_book
from mayabook.book.text_cleaning import has_words
from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings, ScriptSettings
from mayabook.script import write_script
from mayabook.source_check import check_source
from tests.book.book_reading import all_text, kinds_and_texts, titles_of

STORY = """The Boat

by A. Author


Chapter One

The boat came in at dawn,
with nobody aboard.

“Who left it there?” asked Thomas.

* * *

They walked down.



The Letter

Under the seat they found a letter.


IV.

It had never been opened.
"""


def read(folder: Path, text: str, **options: str) -> Book:
    path = folder / "story.txt"
    path.write_text(text, **(options or {"encoding": "utf-8"}))
    return read_book(path)


def test_a_story(tmp_path: Path) -> None:
    book = read(tmp_path, STORY)
    assert (book.title, book.authors, book.language) == ("story", (), "en")
    assert titles_of(book) == ["The Boat", "Chapter One", "The Letter", "IV."]
    assert kinds_and_texts(book)[2:8] == [
        ("heading", "Chapter One"),
        ("paragraph", "The boat came in at dawn, with nobody aboard."),
        ("paragraph", "“Who left it there?” asked Thomas."),
        ("scene_break", ""),
        ("paragraph", "They walked down."),
        ("heading", "The Letter"),
    ]


@pytest.mark.parametrize(
    ("line", "n_empty_lines", "is_heading"),
    [
        ("Chapter 1", 1, True),
        ("CHAPTER XII", 1, True),
        ("Chapter 12.", 1, True),
        ("Part Two: The Return", 1, True),
        ("Book IV — The Sea", 1, True),
        ("Prologue", 1, True),
        ("EPILOGUE:", 1, True),
        ("Chapter 3 was the one that she liked best.", 1, False),
        ("Part of it was true", 1, False),
        ("Chapter 3 " + "and so on " * 10, 1, False),
        ("The Letter", 1, False),
        ("The Letter", 2, True),
        ("XIV", 2, True),
        ("3.", 2, True),
        ("He left.", 2, False),
        ("“No”", 2, False),
        ("One two three four five six seven eight nine", 2, False),
    ],
)
def test_headings(tmp_path: Path, line: str, n_empty_lines: int, is_heading: bool) -> None:
    gap = "\n" * (n_empty_lines + 1)
    book = read(tmp_path, f"It began.{gap}{line}\n\nIt ended.\n")
    assert len(book.chapters) == 1 + is_heading
    assert (("heading", line.strip()) in kinds_and_texts(book)) == is_heading


def test_headings_that_follow_one_another_start_one_chapter(tmp_path: Path) -> None:
    book = read(tmp_path, "PART ONE\n\nChapter 1\n\nIt began.\n\nChapter 2\n\nIt ended.")
    assert titles_of(book) == ["PART ONE: Chapter 1", "Chapter 2"]
    assert [len(chapter.blocks) for chapter in book.chapters] == [3, 2]


def test_a_text_without_headings_is_one_chapter_named_by_its_beginning(tmp_path: Path) -> None:
    assert titles_of(read(tmp_path, "It was a dark and stormy night.\n\nIt rained.")) == ["It was a dark and stormy…"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    book = read(tmp_path, "“Où?”\n\nNaïve,\nsaid he.", encoding=encoding, newline=newline)
    assert kinds_and_texts(book) == [("paragraph", "“Où?”"), ("paragraph", "Naïve, said he.")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The lamp [Pg 12]went\nout {Page 13} and on.", "The lamp went out and on."),
        ("It went out.[1] Nobody came.\n\n[1] See the town records.", "It went out. Nobody came."),
        ("It went out.¹ Nobody came.\n\n¹ See the town records.", "It went out. Nobody came."),
        ("1:1 In the beginning.\n1:2 And the earth was.\n1:3 And God said.", "In the beginning. And the earth was. And God said."),
        ("1 In the beginning,\n\n2 And the earth was;\n\n3 And God said.", "In the beginning, And the earth was; And God said."),
        ("For exam-\nple, the lamp.", "For example, the lamp."),
        ("It went out.\n\n—oOo—\n\nThen.", "It went out.  Then."),
        ("It went\n\f\nout and on.", "It went out and on."),
        ("The Project Gutenberg eBook of X\n\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nIt went out.\n\n"
         "*** END OF THE PROJECT GUTENBERG EBOOK X ***\n\nMore of it.", "It went out."),
        ("1 Take it.\n\n2 Fill it.\n\n3 Light it.", "1 Take it. 2 Fill it. 3 Light it."),
        ("He was born in\n1945\nand died in\n1990\nin a house.", "He was born in 1945 and died in 1990 in a house."),
    ],
)  # fmt: skip
def test_what_is_left_out_as_in_an_epub(tmp_path: Path, text: str, said: str) -> None:
    book = read(tmp_path, text)
    assert all_text(book) == said
    assert check_source(tmp_path / "story.txt", book).differences == ()


def refusal(folder: Path, content: bytes, **book_settings: int) -> str:
    path = folder / "story.txt"
    path.write_bytes(content)
    with pytest.raises(BookError) as caught:
        read_book(path, BookSettings(**book_settings))
    return str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    assert "is not UTF-8 text: save it as UTF-8" in refusal(tmp_path, "naïve".encode("cp1252"))
    assert refusal(tmp_path, b"") == "story.txt contains no words: choose another file."
    assert refusal(tmp_path, b"* * *\n\n...") == "story.txt contains no words: choose another file."
    assert "is larger than the setting book.max_bytes allows" in refusal(tmp_path, b"Some words.", max_bytes=5)


def sentences(book: Book) -> list[str]:
    script = write_script(book, ScriptSettings())
    return [sentence.text for chunk in script.chunks for sentence in chunk.sentences if has_words(sentence.text)]


_LINES = st.sampled_from(
    [
        "Chapter One",
        "The Letter",
        "* * *",
        "He left.",
        "“Who?” asked Ann. “I did,” he",
        "said.",
        "",
        "",
        " ",
        "word " * 90,
    ]
)


@given(st.lists(_LINES, max_size=14).map("\n".join).filter(has_words))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_headings_and_breaks_change_no_sentence(tmp_path: Path, text: str) -> None:
    """The sentences are those of the text with each paragraph as a paragraph."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text)]
    plain = tuple(Block(BlockKind.PARAGRAPH, each, "story.txt", "") for each in paragraphs if each)
    assert sentences(read(tmp_path, text)) == sentences(Book("story", (), (Chapter(1, "", plain),)))


def test_long_gaps_take_linear_time(tmp_path: Path) -> None:
    for gap in (" " * 500_000, "\n" * 500_000, "\n " * 250_000, "\t\n" * 250_000):
        assert len(kinds_and_texts(read(tmp_path, f"One.{gap}Two."))) in (1, 2)
