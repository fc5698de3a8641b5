"""A book before it is narrated: chapters, what will be said, names, a forecast."""

from pathlib import Path

import pytest

from mayabook.core.errors import BookError
from mayabook.studio.book_choices import BookChoices
from mayabook.studio.book_view import SpokenWords, open_book
from tests.epubs import write_epub

ONE = (
    "<h1>Chapter XII</h1><p>On 3 May 1897 the NASA probe sank 40 km south of Quarrelhythe.</p>"
    "<p>“£3.50,” said Ondrelle. We waved at Ondrelle.</p>"
)
COPYRIGHT = '<section epub:type="copyright-page"><p>Copyright 2026 by nobody at all.</p></section>'


@pytest.fixture
def book(tmp_path: Path) -> Path:
    documents = {"one.xhtml": ONE, "two.xhtml": "<h1>Two</h1><p>It rained all day.</p>", "imprint.xhtml": COPYRIGHT}
    toc = [("Chapter XII", "one.xhtml"), ("Two", "two.xhtml"), ("Imprint", "imprint.xhtml")]
    return write_epub(tmp_path / "book.epub", documents, toc=toc)


def changed_words(book: Path, number: int) -> dict[str, SpokenWords]:
    return {
        each.written: each
        for block in open_book(book).spoken_chapter(number)
        for each in block.words
        if each.kind or each.tempting
    }


def test_chapters_have_words_and_reasons(book: Path) -> None:
    one, two, imprint = open_book(book).chapters
    assert (one.title, one.is_narrated, one.n_words) == ("Chapter XII", True, 22)
    assert two.n_words == 5
    assert not imprint.is_narrated
    assert imprint.can_be_narrated
    assert "copyright" in imprint.reason
    assert open_book(book).n_words == one.n_words + two.n_words


def test_the_forecast_is_the_sum_of_the_narrated_chapters(book: Path) -> None:
    view = open_book(book)
    assert view.forecast.seconds == pytest.approx(sum(each.forecast.seconds for each in view.chapters[:2]))
    assert view.forecast.megabytes == pytest.approx(view.forecast.seconds * 64 / 8000)
    before = view.forecast.seconds
    BookChoices(book).set("narrator", {"speed": 2.0})
    assert open_book(book).forecast.seconds == pytest.approx(before / 2)


def test_a_chapter_is_shown_as_it_will_be_said(book: Path) -> None:
    heading, *paragraphs = open_book(book).spoken_chapter(1)
    assert heading.is_heading
    assert len(paragraphs) == 2
    words = changed_words(book, 1)
    assert words["XII"].said == "twelve"
    assert words["40 km"].said == "forty kilometers"
    assert "forty" in words["40 km"].tempting


def test_a_skipped_chapter_can_be_previewed(book: Path) -> None:
    assert changed_words(book, 3)["2026"].said == "twenty twenty-six"


def test_names_have_the_respelling_of_the_lexicon(book: Path) -> None:
    assert {each.name: each.say for each in open_book(book).names} == {"Ondrelle": "", "Quarrelhythe": ""}
    BookChoices(book).respell("Ondrelle", "On drell")
    assert {each.name: each.say for each in open_book(book).names} == {"Quarrelhythe": "", "Ondrelle": "On drell"}
    assert changed_words(book, 1)["Ondrelle."].said == "On drell."


def test_a_choice_of_chapters_changes_the_view(book: Path) -> None:
    selection = open_book(book).selection({2, 3})
    assert selection == {"include": ("3",), "skip": ("1",), "only": ()}
    BookChoices(book).set("book", selection)
    assert [each.is_narrated for each in open_book(book).chapters] == [False, True, True]
    assert open_book(book).selection({1, 2}) == {"include": (), "skip": (), "only": ()}


def test_a_file_that_is_no_book_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.epub"
    file.write_bytes(b"PK\3\4 and nothing")
    with pytest.raises(BookError):
        open_book(file)
