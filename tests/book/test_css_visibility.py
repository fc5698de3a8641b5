"""Text that style sheets hide is left out with its reason; a sheet that cannot be understood hides nothing."""

from pathlib import Path

import pytest

from mayabook.core.book import Book
from tests.book.book_reading import all_text, read_files
from tests.epubs import epub_files

REASON = "hidden by the style sheet"


def page(head: str, body: str) -> str:
    return (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:e="http://www.idpf.org/2007/ops"><head><title>One</title>'
        f"{head}</head><body>{body}</body></html>"
    )


def read(folder: Path, css: str, body: str, **sheets: str) -> Book:
    head = f'<link rel="stylesheet" href="css/main.css"/><style>{sheets.pop("style", "")}</style>'
    extra = {"EPUB/css/main.css": css, **{f"EPUB/css/{name}.css": text for name, text in sheets.items()}}
    return read_files(folder, epub_files({"one.xhtml": page(head, body)}, extra=extra))


@pytest.mark.parametrize(
    "css",
    [
        ".x{display:none}",
        ".x { DISPLAY : NONE }",
        "p.x { visibility: hidden }",
        "p.x { visibility: collapse }",
        "#i { display: none }",
        "div > p.x { display: none }",
        "p:nth-child(2) { display: none }",
        "p + p.x { display: none }",
        "p:first-child ~ .x { display: none }",
        "[class='x'] { display: none }",
        "p:not(.y) { display: none } .y { display: block }",
        ".x { display: block } .x { display: none }",
        ".x { display: none !important } #i { display: block }",
        ".x { display: none } .x { color: red }",
        ".q, .x, .z { color: red; display: none; }",
        "@media screen { .x { display: none } }",
        "@media all, print { .x { display: none } }",
        "@charset 'utf-8'; /* .x { display: block } */ .x { display: none }",
        r".x { display: n\6fne }",
        "@namespace epub 'http://www.idpf.org/2007/ops'; [epub|type~='x'] { display: none }",
        "@import 'more.css';",
        "@import url(more.css) screen;",
    ],
)
def test_hidden(tmp_path: Path, css: str) -> None:
    body = '<div><p class="y">before</p><p class="x" id="i" e:type="a x">gone</p><p class="y">after</p></div>'
    book = read(tmp_path, css, body, more=".x { display: none }")
    assert all_text(book) == "before after"
    assert [(entry.text, entry.reason, entry.path) for entry in book.left_out] == [
        ("gone", REASON, "/html/body/div[1]/p[2]")
    ]
    assert book.warnings == ()


@pytest.mark.parametrize(
    "css",
    [
        ".x { display: none } .x { display: block }",
        "p.x { display: block } .x { display: none }",
        ".x { display: block !important } #i { display: none }",
        ".x { display: none } p.x { display: inherit }",
        "@media print { .x { display: none } }",
        "@media amzn-mobi { .x { display: none } }",
        "@media screen and (max-width: 40em) { .x { display: none } }",
        ".x::before { display: none }",
        ".x:hover { display: none }",
        ".x { background: none; border: hidden }",
        "body { display: none }",
        "@import 'gone.css';",
        "@import 'more.css' print;",
        "span.x { display: none }",
    ],
)
def test_read(tmp_path: Path, css: str) -> None:
    body = '<div><p class="y">before</p><p class="x" id="i">seen</p><p class="y">after</p></div>'
    book = read(tmp_path, css, body, more=".x { display: none }")
    assert all_text(book) == "before seen after"
    assert (book.left_out, book.warnings) == ((), ())


def test_lines_part_where_breaks_are_hidden(tmp_path: Path) -> None:
    body = "<p><span>one</span><br/><span>two</span><br/><span>three</span></p>"
    book = read(tmp_path, "span { display: block } br { display: none }", body)
    assert [block.text for block in book.chapters[0].blocks] == ["one", "two", "three"]


def test_later_sheets_and_the_style_attribute_win(tmp_path: Path) -> None:
    body = '<p class="x">seen</p><p class="z">gone</p><p class="z" style="display: block">shown</p>'
    book = read(tmp_path, ".x { display: none }", body, style=".x { display: block } .z { display: none }")
    assert all_text(book) == "seen shown"


def test_what_is_not_to_be_spoken(tmp_path: Path) -> None:
    book = read(tmp_path, ".a { speak: none } .b { speak: never } .c { speak: spell-out }",
                '<p>one <i class="a">two</i> <i class="b">three</i> <i class="c">four</i></p>')  # fmt: skip
    assert all_text(book) == "one four"
    assert [entry.reason for entry in book.left_out] == ["not to be spoken, by the style sheet"] * 2


def test_what_is_shown_inside_something_invisible_is_read(tmp_path: Path) -> None:
    css = ".a { visibility: hidden } .b { visibility: visible }"
    assert all_text(read(tmp_path, css, '<p>one</p><div class="a"><p class="b">two</p></div>')) == "one two"


HIDES = {"sheet": (' class="h"', ' class="v"'), "style": (' style="visibility:hidden"', ' style="visibility: visible"')}


@pytest.mark.parametrize("hides", HIDES)
@pytest.mark.parametrize("shows", HIDES)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<div{h}>gone<p>gone</p><p{v}>two</p>gone<p>gone</p></div>", "one two three"),
        ("<p>a <i{h}>gone <b{v}>shown</b> gone <u>gone</u></i> b</p>", "one a shown b three"),
        ("<div{h}><div>gone<p{v}>two <i{h}>gone<b{v}>shown</b></i></p></div></div>", "one two shown three"),
        ("<div{h}><p{h}><i{v}>two</i></p><p>gone</p></div>", "one two three"),
        ("<div style='display:none'><p{h}>gone<i{v}>gone</i></p></div>", "one three"),
        ("<div{h}><p style='visibility: inherit'>gone</p><p style='display: block'>gone</p></div>", "one three"),
    ],
)
def test_visible_inside_invisible(tmp_path: Path, hides: str, shows: str, body: str, said: str) -> None:
    body = body.replace("{h}", HIDES[hides][0]).replace("{v}", HIDES[shows][1])
    book = read(
        tmp_path, ".v { visibility: visible }", f"<p>one</p>{body}<p>three</p>", style=".h { visibility: hidden }"
    )
    assert all_text(book) == said
    assert "gone" in " ".join(entry.text for entry in book.left_out)


@pytest.mark.parametrize(
    ("style", "is_read"),
    [
        ("display: none", False),
        ("DISPLAY:NONE", False),
        ("display: none; color: red", False),
        ("visibility: hidden", False),
        ("visibility: collapse !important", False),
        ("speak: none", False),
        ("display: none; display: block", True),
        ("display: block; display: none", False),
        ("display: none !important; display: block", False),
        ("x-display: none", True),
        ("content: 'display: none'", True),
        ("display: nonesuch", True),
        ("display none", True),
    ],
)
def test_the_style_attribute(tmp_path: Path, style: str, is_read: bool) -> None:
    book = read(tmp_path, "", f'<p>one</p><p style="{style}">two</p><p>three</p>')
    assert all_text(book) == ("one two three" if is_read else "one three")


@pytest.mark.parametrize("n_rules", [1, 3000])
def test_notices_behind_random_classes(tmp_path: Path, n_rules: int) -> None:
    css = "".join(f".cn{n}x{n * 7} {{ display: none; speak: never }}" for n in range(n_rules))
    body = '<p>The lamp went out.</p><p class="cn0x0">This tale was taken without leave.</p><p>Nobody came.</p>'
    assert all_text(read(tmp_path, css, body)) == "The lamp went out. Nobody came."


@pytest.mark.parametrize(
    ("css", "warnings"),
    [
        (
            "p..x { display: none } .x { display: none }",
            ("the style sheet EPUB/css/main.css has a rule that cannot be understood (p..x); what it hides is read",),
        ),
        (
            "p:::x { display: none } p[ { display: none } .x { display: none }",
            (
                "the style sheet EPUB/css/main.css has a rule that cannot be understood (p:::x, and 1 more); what it hides is read",
            ),
        ),
    ],
)
def test_selectors_that_do_not_parse(tmp_path: Path, css: str, warnings: tuple[str, ...]) -> None:
    book = read(tmp_path, css, '<p>one</p><p class="x">two</p><p>three</p>')
    assert "one" in all_text(book)
    assert "three" in all_text(book)
    assert book.warnings == warnings


@pytest.mark.parametrize(
    "css",
    [
        "}}}} .x { display: none",
        "{{{{{{",
        ".x { display: none; ;;; } @media {",
        "\x00\ufffd/* never closed .y { display: none }",
        "p" + " p" * 5000 + " { display: none }",
        "p" + ":not(p" * 300 + ")" * 300 + " { display: none }",
        "@media screen { " * 500 + ".x { display: none }" + "}" * 500,
        "(" * 3000 + " { display: none }",
        "@media " + "(" * 3000 + ")" * 3000 + " { .y { display: none } }",
        "@import 'main.css'; .y { display: none }",
    ],
    ids=range(10),
)
def test_broken_sheets_lose_nothing(tmp_path: Path, css: str) -> None:
    book = read(tmp_path, css, "<p>one</p><p>two</p>")
    assert all_text(book) == "one two"
    assert len(book.warnings) <= 1


def test_a_huge_sheet_is_passed_over(tmp_path: Path) -> None:
    css = ".x { display: none }\n" + ".y { color: red }\n" * 600_000
    book = read(tmp_path, css, '<p>one</p><p class="x">two</p>')
    assert all_text(book) == "one two"
    assert book.warnings == (
        "the style sheet EPUB/css/main.css is larger than 2 MB, so it was passed over; what it hides is read",
    )


def test_a_sheet_that_is_damaged_or_missing(tmp_path: Path) -> None:
    head = '<link rel="stylesheet" href="gone.css"/><link rel="alternate stylesheet" href="a.css"/><link/>'
    files = epub_files({"one.xhtml": page(head, '<p class="x">one</p>')}, extra={"EPUB/a.css": ".x {display: none}"})
    book = read_files(tmp_path, files)
    assert (all_text(book), book.warnings) == ("one", ())
