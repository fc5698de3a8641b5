"""Page numbers and verse numbers in plain text are left out where they rise; other numbers are read."""

from pathlib import Path

import pytest

from tests.book.book_reading import all_text, read_body, read_pages

TEXTS = ("He climbed the", "hill and saw, from the", "top, a city.", "It was old.")


def with_numbers(first: int, form: str, joint: str = "</p><p>") -> str:
    numbers = [form.replace("#", str(first + n)) for n in range(3)]
    parts = [part for pair in zip(TEXTS, [*numbers, ""], strict=True) for part in pair if part]
    return f"<p>{joint.join(parts)}</p>"


@pytest.mark.parametrize(
    "form",
    ["- # -", "– # –", "—#—", "[#]", "{#}", "Page #", "page #", "[Pg #]", "p. #", "Page # of 300", "Page | #", "# | Page", "#"],
)  # fmt: skip
@pytest.mark.parametrize("first", [1, 14])
def test_page_numbers_between_paragraphs(tmp_path: Path, form: str, first: int) -> None:
    book = read_body(tmp_path, with_numbers(first, form))
    assert all_text(book) == " ".join(TEXTS)
    assert {entry.reason for entry in book.left_out} == {"page number"}
    assert len(book.left_out) == 3


@pytest.mark.parametrize("form", ["[#]", "{#}", "[Pg #]", "– # –", "- # -"])
def test_page_numbers_inside_paragraphs(tmp_path: Path, form: str) -> None:
    book = read_body(tmp_path, with_numbers(14, form, " "))
    assert all_text(book) == " ".join(TEXTS)
    assert [entry.reason for entry in book.left_out] == ["page number"] * 3


def test_page_numbers_rise_through_the_files(tmp_path: Path) -> None:
    pages = {f"{n}.xhtml": f"<p>File {n} ends.</p><p>- {20 + n} -</p>" for n in range(1, 4)}
    book = read_pages(tmp_path, pages)
    assert all_text(book) == "File 1 ends. File 2 ends. File 3 ends."
    assert [entry.text for entry in book.left_out] == ["- 21 -", "- 22 -", "- 23 -"]


@pytest.mark.parametrize(
    "texts",
    [
        ["He read:", "Page 15", "It was torn."],
        ["- 1 -", "It began.", "- 2 -", "It went on.", "- 3 -", "It ended."],
        ["15", "It began.", "16", "It went on.", "17", "It ended."],
        ["He was", "15", "and she", "14", "and so it", "16", "went on."],
        ["[14]", "As in [14]. See [15].", "[15]", "Then.", "[16]"],
        ["He was there [3] times, and [4] times, and [5]."],
        ["The guests — 15 — were late — 12 — again — 30 — and left."],
    ],
)
def test_other_numbers_are_read(tmp_path: Path, texts: list[str]) -> None:
    book = read_body(tmp_path, "".join(f"<p>{text}</p>" for text in texts))
    assert all_text(book) == " ".join(texts)
    assert book.left_out == ()


def test_numbers_in_headings_are_read(tmp_path: Path) -> None:
    body = "".join(f"<h2>- {n} -</h2><p>Text {n} of it.</p>" for n in range(15, 19))
    assert all_text(read_body(tmp_path, body)).startswith("- 15 - Text 15 of it. - 16 -")
