"""Scene breaks of every make."""

from pathlib import Path

import pytest

from tests.book.book_reading import kinds_and_texts, read_body

BREAK = [("paragraph", "She closed the door."), ("scene_break", ""), ("paragraph", "In the morning it rained.")]
BEFORE, AFTER = "<p>She closed the door.</p>", "<p>In the morning it rained.</p>"


@pytest.mark.parametrize(
    "between",
    [
        "<hr/>",
        "<p>* * *</p>",
        "<p>—oOo—</p>",
        "<p>o0o</p>",
        "<p>x x x</p>",
        '<div class="break"></div>',
        '<p class="sbreak">&#8195;</p>',
        '<p class="orn"><img src="orn.png" alt=""/></p>',
        '<p><img src="a.png" alt=""/></p>',
        '<div class="scene"><img src="o.png" alt="* * *"/></div>',
        '<div><img src="scene-break.png" alt="image"/></div>',
        '<p><img src="a.png" alt="Decorative ornament"/></p>',
        '<p><span><img src="images/fleuron.svg"/></span></p>',
        "<p>&#160;</p>",
        '<p class="calibre1"><br/></p>',
        '<p class="calibre1"><span> &#160; </span></p>',
        '<p class="scenebreak"/>',
        '<div class="SceneBreak"></div>',
        '<p class="tb">&#160;</p>',
    ],
)
def test_break(tmp_path: Path, between: str) -> None:
    assert kinds_and_texts(read_body(tmp_path, BEFORE + between + AFTER)) == BREAK


def test_wide_margin(tmp_path: Path) -> None:
    body = BEFORE + AFTER.replace("<p>", '<p style="text-indent: 0; margin-top: 2em">')
    assert kinds_and_texts(read_body(tmp_path, body)) == BREAK


@pytest.mark.parametrize(
    ("css", "is_break"),
    [
        (".first { margin-top: 2em }", True),
        ("p.first, p.x { text-indent: 0; margin: 30pt 0 0 0 }", True),
        (".first { margin: 0; margin-top: 10% }", True),
        (".first { margin-top: 1em }", False),
        (".first { margin-top: 2em; margin: 0 }", False),
        (".first { margin-bottom: 2em }", False),
        ("h2 + .first { margin-top: 2em }", False),
    ],
)
def test_wide_margin_of_a_class(tmp_path: Path, css: str, is_break: bool) -> None:
    body = BEFORE + AFTER.replace("<p>", '<p class="first">')
    page = f"<html><head><title>x</title><style>{css}</style></head><body>{body}</body></html>"
    assert (kinds_and_texts(read_body(tmp_path, page)) == BREAK) is is_break


def test_ornaments_that_recur(tmp_path: Path) -> None:
    ornament = '<p class="c"><img src="x7.png" alt="image"/></p>'
    body = BEFORE + ornament + AFTER + ornament + BEFORE
    assert kinds_and_texts(read_body(tmp_path, body)) == [*BREAK, ("scene_break", ""), BREAK[0]]


@pytest.mark.parametrize(
    "between",
    [
        "<p></p>",
        "<p> </p>",
        '<p><img src="x7.png" alt="A lamp on a table"/></p>',
        '<p><img src="x7.png"/></p>',
        '<figure><img src="x7.png" alt="image"/></figure>',
        "<div><svg><image href='b.png'/></svg></div>",
    ],
)
def test_no_break(tmp_path: Path, between: str) -> None:
    assert kinds_and_texts(read_body(tmp_path, BEFORE + between + AFTER)) == [BREAK[0], BREAK[2]]


def test_blank_lines_between_all_paragraphs_mean_nothing(tmp_path: Path) -> None:
    body = "<p>&#160;</p>".join([BEFORE, AFTER] * 3)
    assert kinds_and_texts(read_body(tmp_path, body)) == [BREAK[0], BREAK[2]] * 3


def test_margins_of_all_paragraphs_mean_nothing(tmp_path: Path) -> None:
    body = '<p style="margin-top: 2em">A paragraph.</p>' * 5
    assert kinds_and_texts(read_body(tmp_path, body)) == [("paragraph", "A paragraph.")] * 5
