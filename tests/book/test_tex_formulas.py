"""Formulas printed as TeX are read in words; dollars in prose are none."""

from pathlib import Path

import pytest

from mayabook.book import read_book
from mayabook.core.settings import BookSettings
from mayabook.source_check import check_source
from tests.book.book_reading import all_text, read_body


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("So $x^2$ grows.", "So x squared grows."),
        ("So $x$ grows, with $n = 5$.", "So x grows, with n equals 5."),
        (r"So \(x_1\) and \(x_2\) grow.", "So x sub 1 and x sub 2 grow."),
        (r"$$\frac{a}{b}$$", "a over b"),
        (r"\[\sqrt{x+y}\]", "the square root of the quantity x plus y"),
        (r"It is $10^{-3}$.", "It is 10⁻³."),
        (r"An $n$th part of $\text{mass}^2$.", "An nth part of mass squared."),
        (r"So $\nosuchcommand{x}$ grows.", "So formula grows."),
        (r"So $\frac{x$ grows.", "So formula grows."),
        (r"So $\left( x$ grows.", "So formula grows."),
    ],
)
def test_tex_is_read_in_words(tmp_path: Path, printed: str, read: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>{printed}</p>")) == read


@pytest.mark.parametrize(
    "printed",
    [
        "It cost $5 and he had $10.",
        "From $5_000 to $6_000, or US$7 and A$8.",
        "The ratings were $$ and $$$.",
        "A$ = B$ and $HOME/a_b were typed, and $name$ was not.",
        r"He wrote C:\books\new and \o/ below it.",
    ],
)
def test_prose_stays_as_it_is(tmp_path: Path, printed: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>{printed}</p>")) == printed


def test_plain_text_files_have_tex_too(tmp_path: Path) -> None:
    file = tmp_path / "book.txt"
    file.write_text("So $x^2$ grows in the light of the lamp.\n\nThen it does not grow any more.\n", "utf-8")
    book = read_book(file, BookSettings())
    assert all_text(book).startswith("So x squared grows in")
    assert check_source(file, book).differences == ()


def test_what_is_read_as_formula_is_noted(tmp_path: Path) -> None:
    book = read_body(tmp_path, r"<p>So $\nosuchcommand{x}$ grows.</p>")
    assert [(entry.text, entry.reason) for entry in book.left_out] == [
        (r"$\nosuchcommand{x}$", 'formula that has no form in words here, read as "formula"')
    ]
