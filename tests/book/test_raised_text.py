"""Superscripts and subscripts: each is read as what it means, or left out with a reason."""

from pathlib import Path

import pytest

from tests.book.book_reading import all_text, read_body, read_pages


def said_of(folder: Path, body: str) -> str:
    return all_text(read_body(folder, f"<p>{body}</p>"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("10<sup>8</sup> stars", "10⁸ stars"),
        ("10<sup>−3</sup> of it", "10⁻³ of it"),
        ("2<sup>10</sup> bytes", "2¹⁰ bytes"),
        ("2<sup>n</sup> ways", "2ⁿ ways"),
        ("x<sup>2</sup> + y<sup>2</sup> = z<sup>2</sup>", "x² + y² = z²"),
        ("a<sup>2</sup> + b<sup>2</sup>", "a² + b²"),
        ("(a + b)<sup>2</sup>", "(a + b)²"),
        ("E = mc<sup>2</sup>.", "E = mc²."),
        ("e<sup>x</sup> grows", "eˣ grows"),
        ("3 m<sup>2</sup> of glass", "3 m² of glass"),
        ("40 km<sup>2</sup>", "40 km²"),
        ("9.8 m/s<sup>2</sup>", "9.8 m/s²"),
        ("5 cm<sup>3</sup> of oil", "5 cm³ of oil"),
        ('10<span class="sup">8</span> stars', "10⁸ stars"),
        ('10<span class="superscript">8</span> stars', "10⁸ stars"),
        ("<i>x</i><sup>2</sup>", "x²"),
        ('10<span style="vertical-align: super">8</span> stars', "10⁸ stars"),
        ("U<sup>238</sup> and Sr<sup>90</sup>", "U²³⁸ and Sr⁹⁰"),
        ("x<sup><i>n</i></sup>", "xⁿ"),
        ("x<sub>i</sub><sup>2</sup> and <i>x<sub>i</sub></i><sup>2</sup>", "xᵢ² and xᵢ²"),
        ("<i>x</i><sub><i>n</i>+1</sub> and a<sub>ij</sub>", "xₙ₊₁ and aᵢⱼ"),
        ("<i>e</i><sup><i>x</i>+1</sup> and e<sup>iπ</sup>", "eˣ⁺¹ and e^(iπ)"),
        ("x<sup>a</sup>, a<sup>b</sup>, A<sup>T</sup>, A<sup>−1</sup>", "xᵃ, aᵇ, Aᵀ, A⁻¹"),
        ("x<sup>1/2</sup> and 10<sup>1.5</sup>", "x^(1/2) and 10^(1.5)"),
        ("3 kg m<sup>-2</sup> s<sup>–1</sup>", "3 kg m⁻² s⁻¹"),
        ("πr<sup>2</sup>, Δx<sup>2</sup>, 4ab<sup>2</sup>", "πr², Δx², 4ab²"),
        ("sin<sup>2</sup> x and cos<sup>−1</sup> x", "sin² x and cos⁻¹ x"),
        ("|x|<sup>2</sup> and f<sup>(n)</sup>", "|x|² and f⁽ⁿ⁾"),
        ("10<sup>10<sup>100</sup></sup> of it", "10^(10¹⁰⁰) of it"),
        ("10<sup>8 </sup>stars, 10 <sup>8</sup> stars", "10⁸ stars, 10⁸ stars"),
        ("100 ft.<sup>2</sup> and some cm<sup>2</sup>", "100 ft² and some cm²"),
        ('10<span class="calibre-sup">8</span>, 10<span class="supscript">8</span>', "10⁸, 10⁸"),
    ],
)
def test_powers(tmp_path: Path, body: str, said: str) -> None:
    book = read_body(tmp_path, f"<p>{body}</p>")
    assert all_text(book) == said
    assert book.left_out == ()


@pytest.mark.parametrize("css", [".k { vertical-align: super }", "span.k { vertical-align: 0.4em; color: red }"])
def test_classes_that_a_style_sheet_raises(tmp_path: Path, css: str) -> None:
    head = f"<head><title>x</title><style>{css} .l {{ vertical-align: -20% }}</style></head>"
    text = '10<span class="k">8</span> of H<span class="l">2</span>O. A word<span class="k">3</span>, and <a class="k" href="#n">4</a> then.'
    page = f'<html>{head}<body><p>{text}</p><p id="n">4 A note.</p></body></html>'
    assert all_text(read_body(tmp_path, page)) == "10⁸ of H₂O. A word, and then."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("2<sup>1</sup>/<sub>2</sub> cups", "2½ cups"),
        ("2<sup>1/2</sup> cups", "2½ cups"),
        ("<sup>1</sup>/<sub>2</sub> cup", "½ cup"),
        ("<sup>3</sup>⁄<sub>4</sub> cup", "¾ cup"),
        ("<sup>3</sup>&#8260;4 cup", "¾ cup"),
        ("1<sup>3</sup>/16 inch", "1³⁄₁₆ inch"),
        ('<span class="sup">2</span>/<span class="sub">3</span> full', "⅔ full"),
        ("5<sup>7</sup>/<sub>16</sub> in.", "5⁷⁄₁₆ in."),
        ('1<span class="numerator">3</span>⁄<span class="denominator">4</span> cups', "1¾ cups"),
    ],
)
def test_fractions(tmp_path: Path, body: str, said: str) -> None:
    assert said_of(tmp_path, body) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("H<sub>2</sub>O and CO<sub>2</sub>", "H₂O and CO₂"),
        ("C<sub>6</sub>H<sub>12</sub>O<sub>6</sub>", "C₆H₁₂O₆"),
        ("H<sub>2</sub>SO<sub>4</sub>", "H₂SO₄"),
        ("SO<sub>4</sub><sup>2−</sup>", "SO₄²⁻"),
        ("Na<sup>+</sup> and Ca<sup>2+</sup>", "Na⁺ and Ca²⁺"),
        ("<sup>14</sup>C dating", "¹⁴C dating"),
        ("of <sup>235</sup>U is", "of ²³⁵U is"),
        ("x<sub>1</sub> and x<sub>i</sub>", "x₁ and xᵢ"),
        ("v<sub>max</sub> is", "v max is"),
        ("C<sub>n</sub>H<sub>2n+2</sub>", "CₙH₂ₙ₊₂"),
        ("k<sub>B</sub>T and V<sub>in</sub>", "k B T and V in"),
    ],
)
def test_chemical_formulae_and_indices(tmp_path: Path, body: str, said: str) -> None:
    assert said_of(tmp_path, body) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("the 21<sup>st</sup> of May", "the 21st of May"),
        ("2<sup>nd</sup>, 3<sup>rd</sup>, 4<sup>th</sup>", "2nd, 3rd, 4th"),
        ("n<sup>th</sup>", "nth"),
        ("M<sup>r</sup> Brown and M<sup>rs</sup> Brown", "Mr Brown and Mrs Brown"),
        ("M<sup>me</sup> Rolle", "Mme Rolle"),
        ("N<sup>o</sup> 5", "No 5"),
        ("the XIX<sup>e</sup> century", "the XIXe century"),
        ("Lamp<sup>®</sup> and Oil<sup>™</sup>", "Lamp® and Oil™"),
        ("W<sup>m</sup> Penn, rec<sup>d</sup>", "Wm Penn, recd"),
        ("the 1900<sup>s</sup>", "the 1900s"),
        ("12<sup>h</sup> 30<sup>m</sup> 5<sup>s</sup>", "12h 30m 5s"),
        ("£5 3<sup>s</sup> 6<sup>d</sup>", "£5 3s 6d"),
        ("y<sup>e</sup> and w<sup>ch</sup>", "ye and wch"),
        ("Lamp<sup>TM</sup>, 1<sup>o</sup> 2<sup>o</sup>", "Lamp™, 1o 2o"),
        ("$5<sup>00</sup> and £4.<sup>99</sup>", "$5.00 and £4.99"),
        ("20<sup>o</sup> C and 5<sup>o</sup>30′", "20° C and 5°30′"),
    ],
)
def test_letters(tmp_path: Path, body: str, said: str) -> None:
    assert said_of(tmp_path, body) == said


@pytest.mark.parametrize(
    ("body", "said", "left_out"),
    [
        ("It burned twice.<sup>12</sup> Nobody", "It burned twice. Nobody", ["12"]),
        ("The mayor<sup>14</sup> left", "The mayor left", ["14"]),
        ("“No,”<sup>3</sup> she said", "“No,” she said", ["3"]),
        ("the end<sup>[4]</sup>.", "the end.", ["[4]"]),
        ("the end<sup>1, 2</sup>.", "the end.", ["1, 2"]),
        ("the end.<sup>3–5</sup>", "the end.", ["3–5"]),
        ("the end.<sup>a</sup> Then", "the end. Then", ["a"]),
        ("the man<sup>a</sup> left", "the man left", ["a"]),
        ("the man<sup>ii</sup> left.<sup>iii</sup>", "the man left.", ["ii", "iii"]),
        ("E = mc<sup>2</sup><sup>3</sup> and ½x<sup>2</sup>", "E = mc² and ½x²", ["3"]),
        ('the man<a href="gone.xhtml#n">14</a> left', "the man left", ["14"]),
        ("The mayor<sup>14 </sup>left", "The mayor left", ["14"]),
        ("the end*. <sup>*</sup>Then", "the end*. Then", []),
        ("the end<sup>†</sup>.", "the end.", []),
        ("in 1945<sup>3</sup> and after", "in 1945 and after", ["3"]),
        ("One.<sup>7</sup> Of 12<sup>8</sup> men", "One. Of 12 men", ["7", "8"]),
        ('It rained.<span class="fnref">15</span> Then', "It rained. Then", ["15"]),
        ('It rained.<a class="noteref">15</a> Then', "It rained. Then", ["15"]),
        ("such a thing<sup>[citation needed]</sup> is", "such a thing is", ["[citation needed]"]),
        ("World War I<sup>2</sup> and", "World War I and", ["2"]),
        ("see Chapter 3<sup>2</sup> and p. 7<sup>3</sup>", "see Chapter 3 and p. 7", ["2", "3"]),
        ("(see above)<sup>2</sup> and", "(see above) and", ["2"]),
    ],
)
def test_references_without_a_link(tmp_path: Path, body: str, said: str, left_out: list[str]) -> None:
    book = read_body(tmp_path, f"<p>{body}</p>")
    assert all_text(book) == said
    assert [(entry.text, entry.reason) for entry in book.left_out] == [
        (text, "footnote reference") for text in left_out
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<p><sup>1</sup>In the spring the men went out. <sup>2</sup>They took the boats.</p>",
        "<p><sup>1</sup> In the spring the men went out. <sup>2</sup> They took the boats.</p>",
        "<p><sup>1</sup>&#160;In the spring the men went out.</p><p><sup>2</sup>&#160;They took the boats.</p>",
        '<p><span class="verse-num">1</span> In the spring the men went out. <span class="verseNum">2</span>They took the boats.</p>',
        "<p><b>1</b> In the spring the men went out. <b>2</b> They took the boats.</p><p><b>3</b> “And.”</p>",
        '<p><span class="verse">1</span> In the spring the men went out. <a class="verse">2</a> They took the boats.</p>',
        '<p><b class="vnum">3:1</b> In the spring the men went out. <b class="vnum">3:2</b> They took the boats.</p>',
    ],
)
def test_verse_numbers(tmp_path: Path, body: str) -> None:
    book = read_body(tmp_path, body)
    assert all_text(book).removesuffix(" “And.”") == "In the spring the men went out. They took the boats."
    assert {entry.reason for entry in book.left_out} == {"verse number"}
    assert len(book.left_out) in (2, 3)


@pytest.mark.parametrize(
    "body",
    [
        "<p><b>1</b> Take the lamp.</p><p><b>2</b> Fill it.</p><p><b>3</b> Light it.</p>",
        "<p>He had <b>1</b> lamp, then <b>2</b> lamps, then <b>3</b> lamps.</p>",
        "<p>It was <i>5</i> o'clock.</p>",
    ],
)
def test_other_numbers(tmp_path: Path, body: str) -> None:
    assert read_body(tmp_path, body).left_out == ()


@pytest.mark.parametrize(
    ("form", "numbers", "is_left_out"),
    [
        ("{line} {n}", {5: 5}, True),
        ("{line} {n}", {2: 40, 7: 45}, True),
        ("{line}{n}", {5: 5, 10: 10}, True),
        ("{n} {line}", {10: 10}, True),
        ("{line} {n}", {3: 15}, False),
        ("{line} {n}", {4: 4}, False),
        ("{line} {n}", {1: 40, 7: 45}, False),
    ],
)
def test_numbers_of_lines_in_plain_text(tmp_path: Path, form: str, numbers: dict[int, int], is_left_out: bool) -> None:
    lines = ["The lamp went out,"] * 10
    numbered = [
        form.format(line=line, n=numbers[place]) if place in numbers else line for place, line in enumerate(lines, 1)
    ]
    body = "".join(f'<p class="line">{line}</p>' for line in numbered)
    book = read_body(tmp_path, f'<div class="poem">{body}</div>')
    assert all_text(book) == " ".join(lines if is_left_out else numbered)
    assert {entry.reason for entry in book.left_out} == ({"line number"} if is_left_out else set())


def test_numbers_of_lines(tmp_path: Path) -> None:
    body = '<div class="poem"><p>The lamp went out<span class="linenum">5</span></p><p>and nobody came <span class="line-no">[10]</span></p></div>'
    book = read_body(tmp_path, body)
    assert all_text(book) == "The lamp went out and nobody came"
    assert [(entry.text, entry.reason) for entry in book.left_out] == [("5", "line number"), ("[10]", "line number")]


class TestNotesWithoutLinks:
    TEXT = "<p>The town burned twice.<sup>1</sup> Nobody was blamed.<sup>2</sup></p>"

    @pytest.mark.parametrize(
        "notes",
        [
            "<p>1. See the town records.</p><p>2. As told by the mayor.</p>",
            "<p><sup>1</sup> See the town records.</p><p><sup>2</sup> As told by the mayor.</p>",
            "<p><sup>1</sup>See the town records.</p><p><sup>2</sup>As told by the mayor.</p>",
            "<hr/><p>[1] See the town records.</p><p>And the church books.</p><p>[2] As told by the mayor.</p>",
            "<h3>Notes</h3><p>1 See the town records.</p><p>2 As told by the mayor.</p>",
            "<h3>Notes</h3><ol><li>See the town records.</li><li>As told by the mayor.</li></ol>",
            '<div class="footnotes"><p>1 See the town records.</p><p>2 As told by the mayor.</p></div>',
        ],
    )
    def test_are_left_out_with_their_references(self, tmp_path: Path, notes: str) -> None:
        pages = {"one.xhtml": f"<h1>One</h1>{self.TEXT}{notes}", "two.xhtml": "<h1>Two</h1><p>Other text.</p>"}
        book = read_pages(tmp_path, pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
        assert all_text(book) == "One The town burned twice. Nobody was blamed. Two Other text."
        assert {entry.reason for entry in book.left_out} <= {"footnote reference", "footnote", "heading of footnotes"}
        assert " ".join(entry.text for entry in book.left_out).count("the town records") == 1

    @pytest.mark.parametrize(
        "body",
        [
            "<p>It burned twice.[1] Nobody cared[2].</p><p>[1] See the records.</p><p>[2] As told.</p>",
            "<p>It burned twice.¹ Nobody cared².</p><p>¹ See the records.</p><p>² As told.</p>",
            "<p>It burned twice.<sup>a</sup> Nobody cared<sup>b</sup>.</p><p><sup>a</sup> See the records.</p><p>b. As told.</p>",
            "<p>It burned twice.<span class='fn'>1</span> Nobody cared<span class='note'>2</span>.</p><p>1 See it.</p><p>2 As told.</p>",
            "<p>It burned twice.{1} Nobody cared{2}.</p><p>{1} See the records.</p><p>{2} As told.</p>",
            "<p>It burned twice.(1) Nobody cared(2).</p><p>(1) See the records.</p><p>(2) As told.</p>",
            "<p>It burned twice.<sup>i</sup> Nobody cared<sup>ii</sup>.</p><p><sup>i</sup> See it.</p><p>ii. As told.</p>",
            "<p>It burned <span class='footnote'>As told.</span>twice. Nobody cared.</p>",
            "<p>It burned twice.* Nobody cared†.</p><p>* See the records.</p><p>† As told.</p>",
            "<p>It burned twice. [1] Nobody cared [2].</p><hr/><p>[1] See the records.</p><p>[2] As told.</p>",
        ],
    )
    def test_in_plain_text(self, tmp_path: Path, body: str) -> None:
        book = read_body(tmp_path, f"<h1>One</h1>{body}")
        assert all_text(book) == "One It burned twice. Nobody cared."
        assert "As told" in " ".join(entry.text for entry in book.left_out)

    @pytest.mark.parametrize(
        "text",
        [
            "See [1] and [2].",
            "It burned.[1] Nobody",
            "He [5] went.",
            "2*3 = 6",
            "f*** it",
            "5 feet² of it",
            "m² and x³",
            "10⁸",
        ],
    )
    def test_plain_text_without_notes_is_read(self, tmp_path: Path, text: str) -> None:
        assert all_text(read_body(tmp_path, f"<p>{text}</p><p>[7] is a number.</p>")) == f"{text} [7] is a number."

    @pytest.mark.parametrize("text", ["He went [Pg 12]on.", "He went {Page 12} on.", "He went on.</p><p>[p. 12]"])
    def test_page_numbers_in_plain_text(self, tmp_path: Path, text: str) -> None:
        book = read_body(tmp_path, f"<p>{text}</p>")
        assert all_text(book) == "He went on."
        assert [entry.reason for entry in book.left_out] == ["page number"]

    @pytest.mark.parametrize("attributes", ["", ' class="footnote"'])
    def test_text_between_notes_is_read(self, tmp_path: Path, attributes: str) -> None:
        body = f"<p>Text.<sup>1</sup></p><p{attributes}>1 Note one.</p><p>More.<sup>2</sup></p><p{attributes}>2 Note two.</p>"
        said = all_text(read_body(tmp_path, body))
        assert said == ("Text. More." if attributes else "Text. 1 Note one. More. 2 Note two.")

    def test_a_numbered_list_that_no_reference_names_is_read(self, tmp_path: Path) -> None:
        book = read_body(tmp_path, f"{self.TEXT}<p>5. Take the lamp.</p><p>6. Fill it.</p>")
        assert all_text(book) == "The town burned twice. Nobody was blamed. 5. Take the lamp. 6. Fill it."
