"""Numbers of list items are read where the text refers to them, or the list counts in a way of its own."""

from pathlib import Path

import pytest

from tests.book.book_reading import kinds_and_texts, read_body

ITEMS = "<li>Take the lamp.</li><li><p>Fill it.</p><p>Wait.</p></li><li>Light it.</li>"
VALUED = ITEMS.replace("<li><p>", "<li value='7'><p>")


def items(folder: Path, body: str) -> list[str]:
    return [text for kind, text in kinds_and_texts(read_body(folder, body)) if kind == "list_item"]


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (f"<ol>{ITEMS}</ol><p>Repeat step 3.</p>", ["1. ", "2. ", "", "3. "]),
        (f"<p>As rule (2) says:</p><ol>{ITEMS}</ol>", ["1. ", "2. ", "", "3. "]),
        (f"<ol type='a'>{ITEMS}</ol>", ["a. ", "b. ", "", "c. "]),
        (f"<ol type='I'>{ITEMS}</ol>", ["I. ", "II. ", "", "III. "]),
        (f"<ol start='9'>{ITEMS}</ol>", ["9. ", "10. ", "", "11. "]),
        (f"<ol reversed=''>{ITEMS}</ol>", ["3. ", "2. ", "", "1. "]),
        (f"<ol>{VALUED}</ol>", ["1. ", "7. ", "", "8. "]),
        (f"<ol>{ITEMS}</ol><p>Repeat steps 9 and 3.</p>", ["1. ", "2. ", "", "3. "]),
        (f"<ol>{ITEMS}</ol><p>He came in 3 days with 2 of them.</p>", ["", "", "", ""]),
        (f"<ol>{ITEMS}</ol><p>It was over.</p>", ["", "", "", ""]),
        (f"<ul>{ITEMS}</ul><p>See step 3.</p>", ["", "", "", ""]),
        (f"<ol>{ITEMS}</ol><p>See step 12.</p>", ["", "", "", ""]),
        (f"<ol start='x' type='?'>{ITEMS}</ol>", ["1. ", "2. ", "", "3. "]),
        (f"<ol>{ITEMS}</ol><p>Then repeat step two.</p>", ["1. ", "2. ", "", "3. "]),
        (f"<ol>{ITEMS}</ol><p>By the third law, it burns.</p>", ["1. ", "2. ", "", "3. "]),
        (f"<ol>{ITEMS}</ol><p>If it is dry, go back to 2.</p>", ["1. ", "2. ", "", "3. "]),
        (f"<ol>{ITEMS}</ol><p>Then see 3 below and rule #2.</p>", ["1. ", "2. ", "", "3. "]),
        (f"<ol>{ITEMS}</ol><p>He went to 3 shops.</p>", ["", "", "", ""]),
        (
            f"<ol style='list-style-type: lower-alpha'>{ITEMS}</ol><p>As in item (<i>b</i>).</p>",
            ["a. ", "b. ", "", "c. "],
        ),
        (f"<ol type='a'>{ITEMS}</ol><p>See (a).</p>", ["a. ", "b. ", "", "c. "]),
        (f"<ol style='list-style: none'>{ITEMS}</ol><p>See rule 2.</p>", ["", "", "", ""]),
        (
            f"<ol><li id='x'>{ITEMS.removeprefix('<li>')}</ol><p>As in <a href='#x'>1</a>.</p>",
            ["1. ", "2. ", "", "3. "],
        ),
    ],
)
def test_numbers(tmp_path: Path, body: str, numbers: list[str]) -> None:
    said = ["Take the lamp.", "Fill it.", "Wait.", "Light it."]
    assert items(tmp_path, body) == [number + text for number, text in zip(numbers, said, strict=True)]


def test_an_empty_item_keeps_its_number_to_itself(tmp_path: Path) -> None:
    book = read_body(tmp_path, "<ol start='4'><li>One.</li><li><br/></li></ol><p>Then.</p>")
    assert [text for _, text in kinds_and_texts(book)] == ["4. One.", "Then."]
    assert [(entry.text, entry.reason) for entry in book.supplied] == [("4.", "number of a list item")]


def test_lists_in_lists(tmp_path: Path) -> None:
    body = "<ol start='2'><li>One.<ol type='i'><li>Two.</li><li>Three.</li></ol></li><li>Four.</li></ol>"
    assert items(tmp_path, body) == ["2. One.", "i. Two.", "ii. Three.", "3. Four."]


def test_the_numbering_of_a_style_sheet(tmp_path: Path) -> None:
    css = "<head><title>x</title><style>ol.k { list-style-type: upper-roman }</style></head>"
    page = f"<html>{css}<body><ol class='k'><li>One.</li><li>Two.</li></ol><p>By article II.</p></body></html>"
    assert items(tmp_path, page) == ["I. One.", "II. Two."]


def test_a_list_that_goes_on(tmp_path: Path) -> None:
    lists = "<ol><li>One.</li><li>Two.</li></ol><p>Wait.</p><ol start='3'><li>Three.</li></ol><ol start='4'><li>Four.</li></ol>"
    assert items(tmp_path, lists) == ["1. One.", "2. Two.", "3. Three.", "4. Four."]


def test_numbers_that_stand_in_the_text(tmp_path: Path) -> None:
    body = "<ol><li>1. One.</li><li>(2) Two.</li></ol><p>See rule 2.</p>"
    assert items(tmp_path, body) == ["1. One.", "(2) Two."]
