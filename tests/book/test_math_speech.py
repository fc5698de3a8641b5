"""Formulas: the book's description, else words, else "formula" with a note; never figures run together."""

from pathlib import Path

import pytest

from mayabook.core.book import Book
from tests.book.book_reading import all_text, read_body


def table(*rows: str) -> str:
    """Rows as "x,y"; a cell is a number, a letter, or MathML."""
    cells = [[cell if "<" in cell else f"<mi>{cell}</mi>" for cell in row.split(",")] for row in rows]
    lines = "".join("<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in row) + "</mtr>" for row in cells)
    return f"<mtable>{lines}</mtable>"


HALF = "<mfrac><mn>1</mn><mn>2</mn></mfrac>"
X2 = "<msup><mi>x</mi><mn>2</mn></msup>"


def read(folder: Path, inside: str, attributes: str = "") -> Book:
    return read_body(
        folder, f'<p>Take <math xmlns="http://www.w3.org/1998/Math/MathML"{attributes}>{inside}</math>.</p>'
    )


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (HALF, "½"),
        ("<mfrac><mn>3</mn><mn>16</mn></mfrac>", "³⁄₁₆"),
        ("<mfrac><mi>a</mi><mi>b</mi></mfrac>", "a over b"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "the quantity a plus b, over 2"),
        ("<msup><mn>10</mn><mn>8</mn></msup>", "10⁸"),
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", "10⁻³"),
        (X2, "x squared"),
        ("<msup><mi>x</mi><mi>n</mi></msup>", "x to the power of n"),
        ("<msqrt><mi>x</mi></msqrt>", "the square root of x"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "the square root of the quantity x plus 1"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "the cube root of x"),
        ("<msub><mi>x</mi><mn>1</mn></msub>", "x sub 1"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x sub i squared"),
        (f"<mi>E</mi><mo>=</mo><mi>m</mi>{X2.replace('x', 'c')}", "E equals m c squared"),
        ("<mi>x</mi><mo>&#8722;</mo><mn>3</mn><mo>&lt;</mo><mn>0</mn>", "x minus 3 is less than 0"),
        ("<mi>π</mi><mo>≈</mo><mn>3.14</mn>", "pi is approximately 3.14"),
        ("<mi>sin</mi><mo>&#8289;</mo><mi>θ</mi>", "sine of theta"),
        ("<mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo>", "f (x)"),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
            "the sum from i equals 1 to n of i",
        ),
        ("<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup><mi>x</mi><mi>d</mi><mi>x</mi>", "the integral from 0 to 1 of x d x"),
        ("<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder><mi>x</mi>", "the limit as x to 0 of x"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", "x bar"),
        ("<mover><mi>v</mi><mo>→</mo></mover>", "vector v"),
        ("<msup><mi>f</mi><mo>′</mo></msup>", "f prime"),
        (f"<semantics><mrow>{HALF}</mrow><annotation encoding='application/x-tex'>\\frac12</annotation></semantics>", "½"),
        (f"<mo>[</mo>{table('1,2', '3,4')}<mo>]</mo>", "the 2 by 2 matrix with rows 1, 2; 3, 4"),
        (f"<mfenced open='|' close='|'>{table('a,b', 'c,d')}</mfenced>", "the determinant of the 2 by 2 matrix with rows a, b; c, d"),
        (f"<mo>(</mo><mrow>{table('x', 'y')}</mrow><mo>)</mo>", "the column vector x, y"),
        (f"<mi>y</mi><mo>=</mo><mo>{{</mo>{table('x,<mtext>if </mtext><mi>x</mi>', '0,<mtext>otherwise</mtext>')}", "y equals x if x; 0 otherwise"),
        (f"<mfenced open='{{' close=''>{table('x,<mi>x</mi><mo>&gt;</mo><mn>0</mn>', '0,<mi>x</mi>')}</mfenced>", "x if x is greater than 0; 0 if x"),
        (table("a,<mo>=</mo>,1", "b,<mo>=</mo>,2"), "a equals 1; b equals 2"),
        (table("1,2"), "1, 2"),
        ("<mfenced open='[' close=')' separators=';'><mn>0</mn><mn>1</mn></mfenced>", "[0; 1)"),
        ("<mfenced open='|' close='|'><mi>x</mi></mfenced>", "the absolute value of x"),
        ("<mo>|</mo><mi>x</mi><mo>+</mo><mn>1</mn><mo>|</mo>", "the absolute value of the quantity x plus 1"),
        ("<mi>P</mi><mo>(</mo><mi>A</mi><mo>|</mo><mi>B</mi><mo>)</mo>", "P (A given B)"),
        ("<mfrac linethickness='0'><mi>n</mi><mi>k</mi></mfrac>", "n choose k"),
        ("<mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "¹⁴C"),
        ("<mn>3</mn><mo>.</mo><mn>14</mn>", "3.14"),
        ("<mi>x</mi><mo>=</mo><mn>3</mn><mn>0</mn><mn>0</mn><mo>.</mo><mn>2</mn><mn>5</mn>", "x equals 300.25"),
        ("<mn>1</mn><mo>,</mo><mn>2</mn><mo>,</mo><mn>3</mn>", "1, 2, 3"),
        ("<mi>x</mi><mo>=</mo><mn>1</mn><mspace width='2em'/><mi>y</mi><mo>=</mo><mn>2</mn><mspace width='2em'/>", "x equals 1; y equals 2"),
        ("<mn>1</mn><mo>,</mo><mn>000</mn>", "1,000"),
        ("<mi>𝑥</mi><mo>∈</mo><mi>ℝ</mi>", "x in R"),
        ("<munder><mo>∑</mo><mi>i</mi></munder><mi>i</mi>", "the sum over i of i"),
        ("<msup><mi>A</mi><mi>T</mi></msup>", "A transpose"),
        ("<msup><mi>sin</mi><mrow><mo>−</mo><mn>1</mn></mrow></msup>", "inverse sine"),
        ("<msup><mn>20</mn><mo>∘</mo></msup>", "20 degrees"),
        ("<mover><mrow><mi>a</mi><mi>b</mi></mrow><mo>⏞</mo></mover>", "a b"),
        ("<mtext>speed</mtext><mo>=</mo><mfrac><mtext>way</mtext><mtext>time</mtext></mfrac>", "speed equals way over time"),
    ],
)  # fmt: skip
def test_in_words(tmp_path: Path, inside: str, said: str) -> None:
    book = read(tmp_path, inside)
    assert all_text(book) == f"Take {said}."
    assert [entry.reason for entry in book.left_out] in ([], ["formula, read in words"])


@pytest.mark.parametrize("alttext", ["x squared", "One half of it", "the square of x"])
def test_the_description_of_the_book(tmp_path: Path, alttext: str) -> None:
    book = read(tmp_path, X2, f' alttext="{alttext}"')
    assert all_text(book) == f"Take {alttext}."
    assert [(entry.text, entry.reason) for entry in book.left_out] == [("x2", "formula, read as its description")]


@pytest.mark.parametrize(
    "alttext",
    [
        "Alternative text not available",
        "No alternative text",
        "not available",
        "equation",
        "Equation 12",
        "formula image",
        "math",
        "eq12.gif",
        "\\frac{a}{b}",
        "x^{2}",
        "$x$",
        "x2",
        "x^2",
        "",
        "...",
    ],
)
def test_a_description_that_says_nothing(tmp_path: Path, alttext: str) -> None:
    assert all_text(read(tmp_path, X2, f' alttext="{alttext}"')) == "Take x squared."


@pytest.mark.parametrize(
    "inside",
    [
        "<mtable><mtr><mtd><mo>⨁</mo></mtd><mtd><mn>2</mn></mtd></mtr></mtable>",
        "<mmultiscripts><mi>C</mi><mn>2</mn><mn>3</mn></mmultiscripts>",
        "<mo>⨁</mo><mi>x</mi>",
        "<mfrac><mn>1</mn></mfrac>",
        "<mrow>" * 200 + "<mn>1</mn>" + "</mrow>" * 200,
        "<mi>x</mi><mo>+</mo>" * 2000 + "<mi>x</mi>",
        "<unknown>1</unknown><mn>2</mn>",
    ],
    ids=range(7),
)
def test_what_has_no_form_in_words(tmp_path: Path, inside: str) -> None:
    book = read(tmp_path, inside)
    assert all_text(book) == "Take formula."
    assert {entry.reason for entry in book.left_out} <= {'formula that has no form in words here, read as "formula"'}
    assert book.left_out


def test_formulas_that_never_end(tmp_path: Path) -> None:
    book = read_body(tmp_path, f"<p>Take <math><mrow>{'<mfrac><mn>1</mn>' * 50} and so on.</p><p>Then go.</p>")
    assert all_text(book).startswith("Take 1 1 1 ")
    assert all_text(book).endswith("and so on. Then go.")
    assert len(book.warnings) == 1


def test_a_variable_is_read_as_it_stands(tmp_path: Path) -> None:
    book = read(tmp_path, "<mi>x</mi>", ' alttext="Alternative text not available"')
    assert (all_text(book), book.left_out) == ("Take x.", ())


def test_formulas_do_not_touch_words(tmp_path: Path) -> None:
    assert all_text(read_body(tmp_path, f"<p>a<math>{X2}</math>b</p>")) == "a x squared b"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"<math>{X2} and so on.", "x squared and so on."),
        ("<math><mn>5</mn><mo>+</mo><mn>3</mn> and so on.</p><p>Then.", "5 plus 3 and so on. Then."),
        ("<math><msup><mn>10</mn><mn>8</mn> <i>stars</i> went.", "10⁸ stars went."),
        ("<math><msup><mn>10</mn><mn>8</msup></math> stars.", "10⁸ stars."),
        ("<math><msup><mn>10</mn><mn>8</mn></math> stars.", "10⁸ stars."),
        (f"<math>{HALF} of <math>{X2}</math> it.", "½ of x squared it."),
        (f"<math><mi>x</mi><mo>=</mo></math>{HALF} then.", "x equals ½ then."),
        ("<math/><msup><mn>10</mn><mn>8</mn></msup> stars.", "10⁸ stars."),
        ("<m:math><m:msup><m:mn>10</m:mn><m:mn>8</m:mn></m:msup></m:math> stars.", "10⁸ stars."),
        ("<mn>10</mn><mn>8</mn> stars.", "10 8 stars."),
        ("<math><mfrac><mn>1</mn> of it.", "1 of it."),
        ("<math><mi>x</mi><mo>=</mo><b>5</b></math> then.", "x equals 5 then."),
        ("<math><mtext>if <b>x</b> holds</mtext></math> then.", "if x holds then."),
    ],
)
def test_formulas_that_end_at_the_wrong_place(tmp_path: Path, body: str, said: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>Take {body}</p>")) == f"Take {said}"


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ('<math altimg="a.png"/>', "formula"),
        ('<math altimg="a.png" alttext="x squared"/>', "x squared"),
        ('<math><img src="a.png" alt="x squared"/></math>', "x squared"),
        ('<img class="math" src="a.png" alt="x squared"/>', "x squared"),
        ('<img class="inline-equation" src="a.png" alt="\\frac{1}{2}"/>', "formula"),
    ],
)
def test_pictures_of_formulas(tmp_path: Path, picture: str, said: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>Take {picture} then.</p>")) == f"Take {said} then."


def test_many_formulas_without_an_end(tmp_path: Path) -> None:
    book = read_body(tmp_path, f"<p>{'Take <math><mn>1</mn> lamp. ' * 1000}</p>")
    assert all_text(book).count("Take 1 lamp.") == 1000
