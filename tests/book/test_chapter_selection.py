from pathlib import Path

import pytest

from mayabook.book import read_book
from mayabook.core.book import Book
from mayabook.core.errors import SettingsError
from mayabook.core.settings import BookSettings
from tests.epubs import write_epub

TITLES = ("Copyright", "One", "Two", "1984", "two", "Empty")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pages = {f"{n}.xhtml": f"<p>Text of chapter {title}.</p>" for n, title in enumerate(TITLES)}
    pages["5.xhtml"] = "<p> </p>"
    return write_epub(tmp_path / "book.epub", pages, toc=[(title, f"{n}.xhtml") for n, title in enumerate(TITLES)])


def numbers(book: Book) -> list[int]:
    return [chapter.number for chapter in book.narrated]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [2, 3, 4, 5]),
        ({"include": ("1",)}, [1, 2, 3, 4, 5]),
        ({"include": ("COPYRIGHT",)}, [1, 2, 3, 4, 5]),
        ({"skip": ("2-4",)}, [5]),
        ({"skip": (" 2 – 3 ", "5")}, [4]),
        ({"skip": ("Two",)}, [2, 4]),
        ({"skip": ("1984",)}, [2, 3, 5]),
        ({"only": ("3",)}, [3]),
        ({"only": ("1", "one")}, [1, 2]),
        ({"only": ("2",), "include": ("1",)}, [1, 2]),
        ({"only": ("2-4",), "skip": ("3",)}, [2, 4]),
        ({"include": ("2",), "skip": ("2",)}, [3, 4, 5]),
        ({"include": ("Empty",)}, [2, 3, 4, 5]),
    ],
)
def test_selectors(path: Path, settings: dict[str, tuple[str, ...]], expected: list[int]) -> None:
    assert numbers(read_book(path, BookSettings(**settings))) == expected


def test_reasons_are_told(path: Path) -> None:
    book = read_book(path, BookSettings(only=("1", "2"), skip=("2",)))
    assert [chapter.reason for chapter in book.chapters] == [
        "you ask for it",
        "you skip it",
        "only other chapters were asked for",
        "only other chapters were asked for",
        "only other chapters were asked for",
        "there is no text in it",
    ]


@pytest.mark.parametrize("selector", ["7", "0", "3-9", "4-2", "Three", "", "-"])
@pytest.mark.parametrize("setting", ["include", "skip", "only"])
def test_a_selector_that_fits_nothing(path: Path, setting: str, selector: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_book(path, BookSettings(**{setting: (selector,)}))
    assert str(caught.value) == (
        f"No chapter matches {selector!r}: give a number, a range (3-7) or a title of 1 'Copyright', 2 'One', 3 'Two', "
        "4 '1984', 5 'two', 6 'Empty'."
    )
