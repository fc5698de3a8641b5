"""Page numbers and verse numbers in plain text are left out where they rise; other numbers are read."""

from pathlib import Path

import pytest

from mayabook.book import read_book
from tests.book.book_reading import all_text, kinds_and_texts, read_body, read_pages

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


NUMERALS = ("xiv", "xv", "xvi")
SENTENCE = " ".join(TEXTS[:3])


@pytest.mark.parametrize(
    "form", ["- # -", "—#—", "[#]", "{#}", "Page #", "[Pg #]", "p. #", "# | Page", "#", "The Lamp #", "# THE LAMP"]
)
@pytest.mark.parametrize("numbers", [NUMERALS, ("XIV", "XV", "XVI"), ("14", "15", "17")])
def test_a_sentence_that_is_cut_by_page_numbers_is_one(tmp_path: Path, form: str, numbers: tuple[str, ...]) -> None:
    parts = [part for text, number in zip(TEXTS, (*numbers, ""), strict=True) for part in (text, number) if part]
    lines = [form.replace("#", part) if part in numbers else part for part in parts]
    book = read_body(tmp_path, "".join(f"<p>{line}</p>" for line in lines))
    assert [text for _, text in kinds_and_texts(book)] == [SENTENCE, TEXTS[3]]
    plain = tmp_path / "book.txt"
    for joint in ("\n\n", "\n"):
        plain.write_text(joint.join(lines))
        assert all_text(read_book(plain)) == " ".join(TEXTS)


@pytest.mark.parametrize(
    "lines",
    [
        ["He went up", "16 THE LAMP", "to the house", "Of Oil 17", "of his", "18 THE LAMP", "father and", "Of Oil 19", "slept."],
        ["He went up", "THE LAMP", "15", "to the house", "16", "THE LAMP", "of his", "THE LAMP", "17", "father and slept."],
    ],
)  # fmt: skip
def test_running_heads_beside_page_numbers(tmp_path: Path, lines: list[str]) -> None:
    book = read_body(tmp_path, "".join(f"<p>{line}</p>" for line in lines))
    assert [text for _, text in kinds_and_texts(book)] == ["He went up to the house of his father and slept."]


def test_running_heads_that_repeat_a_title(tmp_path: Path) -> None:
    body = "<h1>Of Oil</h1><p>It was cold.</p><p>Of Oil 16</p><p>He slept.</p><p>Of Oil 17</p><p>He rose.</p>"
    assert all_text(read_body(tmp_path, body)) == "Of Oil It was cold. He slept. He rose."


@pytest.mark.parametrize(
    "page_break",
    [
        '<p><span epub:type="pagebreak" id="p15"/></p>',
        '<p class="pagenum">15</p>',
        '<div class="pagebreak"></div>',
        "<p>[Pg 15]</p>",
    ],
)
def test_a_sentence_that_goes_on_after_a_page_break(tmp_path: Path, page_break: str) -> None:
    book = read_body(tmp_path, f"<p>He went up</p>{page_break}<p>and slept.</p>{page_break}<p>Then he rose.</p>")
    assert [text for _, text in kinds_and_texts(book)] == ["He went up and slept.", "Then he rose."]
    body = '<p>He went up <span epub:type="pagebreak" id="a"/></p><p>and slept in</p><p><i epub:type="pagebreak">7</i>an inn.</p>'
    assert [text for _, text in kinds_and_texts(read_body(tmp_path, body))] == ["He went up and slept in an inn."]


def test_a_list_that_a_page_break_parts_stays_a_list(tmp_path: Path) -> None:
    body = '<p>sec-butyl acetate</p><p><span epub:type="pagebreak" id="p"/></p><p>tert-butyl acetate</p>'
    assert len(kinds_and_texts(read_body(tmp_path, body))) == 2


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
        ["It rose.", "i", "It fell.", "ii", "It rose.", "iii", "It fell."],
        ["It rose.", "Letter 16", "It fell.", "Letter 17", "It rose.", "Letter 18", "It fell."],
        ["I went home", "I WENT HOME", "II WENT HOME"],
        ["hounds, 80", "hunting dogs, 81", "hybrids, 84", "hunting dogs, 85", "hybrids, 86", "toy breeds, 87"],
        ["hounds", "hunting dogs 81", "hybrids 84", "hunting dogs 85", "hybrids 86", "toy breeds 87"],
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


VERSES = (
    "In the beginning God created the heaven and the earth.",
    "And the earth was without form, and void;",
    "and the Spirit of God moved upon the face of the waters.",
    "And God said, “Let there be light.”",
)


@pytest.mark.parametrize("form", ["1:#", "1:#.", "Genesis 1:#", "1 Sam. 1:#", "#"])
@pytest.mark.parametrize("joint", ["</p><p>", " "])
@pytest.mark.parametrize("first", [1, 16])
def test_verse_numbers(tmp_path: Path, form: str, joint: str, first: int) -> None:
    if joint == " " and form[0] in "G1" and " " in form:
        form = "1:#"  # the name stands at the beginning of a paragraph only
    verses = VERSES if joint == "</p><p>" else tuple(verse[0].upper() + verse[1:] for verse in VERSES)
    body = joint.join(f"{form.replace('#', str(number))} {verse}" for number, verse in enumerate(verses, first))
    book = read_body(tmp_path, f"<p>{body}</p>")
    assert all_text(book) == " ".join(verses)
    assert [entry.reason for entry in book.left_out] == ["verse number"] * 4


def test_verse_numbers_of_several_chapters(tmp_path: Path) -> None:
    body = "".join(
        f"<h2>Chapter {chapter}</h2>" + "".join(f"<p>{chapter}:{n} {verse}</p>" for n, verse in enumerate(VERSES, 1))
        for chapter in (1, 2)
    )
    text = " ".join(VERSES)
    assert all_text(read_body(tmp_path, body)) == f"Chapter 1 {text} Chapter 2 {text}"


@pytest.mark.parametrize(
    "texts",
    [
        ["1 Take the lamp.", "2 Fill it.", "3 Light it."],
        ["1. And so we begin.", "2. And go on.", "3. And end."],
        ["1 cup of flour", "2 cups of water", "3 eggs"],
        ["9:15 Boarding.", "10:40 Departure.", "11:20 Arrival."],
        ["9:15 He woke.", "9:16 He rose.", "9:17 He saw the ship."],
        ["9:01 He woke.", "9:02 He rose.", "9:03 He saw the ship."],
        ["2 And he went.", "He had 3 sons.", "40 days passed, and he came."],
        ["1 See the records.", "2 For this, cf. the town.", "3 Ibid."],
        ["1:1 is the score.", "1:2 is another."],
        ["In 1:1 In the beginning, 1:2 And and 1:3 And it stands."],
    ],
)
def test_numbers_that_are_not_of_verses_are_read(tmp_path: Path, texts: list[str]) -> None:
    book = read_body(tmp_path, "".join(f"<p>{text}</p>" for text in texts))
    assert all_text(book) == " ".join(texts)
    assert book.left_out == ()
