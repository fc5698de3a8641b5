"""Kinds of blocks, clean text, and what is left out, on documents of one book."""

from pathlib import Path

import pytest

from mayabook.core.book import BlockKind
from tests.book.book_reading import kinds_and_texts, read_body

P, H, V, L = "paragraph", "heading", "verse", "list_item"
Q, T, S, I = "quote", "table_row", "scene_break", "image"  # noqa: E741


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("<h2>One</h2><p>Two</p>", [(H, "One"), (P, "Two")], id="heading and paragraph"),
        pytest.param(
            '<p role="heading" aria-level="3">One</p><p>Two</p>', [(H, "One"), (P, "Two")], id="heading by role"
        ),
        pytest.param("<h1>The<br/>Long<br/>Title</h1><p>x</p>", [(H, "The Long Title"), (P, "x")], id="br in heading"),
        pytest.param(
            "loose <b>text</b><p>a paragraph</p>more<div>a division<p>inner</p>tail</div>end",
            [
                (P, "loose text"),
                (P, "a paragraph"),
                (P, "more"),
                (P, "a division"),
                (P, "inner"),
                (P, "tail"),
                (P, "end"),
            ],
            id="text beside blocks",
        ),
        pytest.param("<p>one<br/>two</p>", [(P, "one two")], id="br is a space"),
        pytest.param("<p>one.<br/><br/>two.</p>", [(P, "one."), (P, "two.")], id="two brs part paragraphs"),
        pytest.param("<p>a<br/>* * *<br/>b</p>", [(P, "a"), (S, ""), (P, "b")], id="scene break between brs"),
        pytest.param(
            "<p>Tyger Tyger, burning bright,<br/>In the forests of the night;<br/>What immortal hand</p>",
            [(V, "Tyger Tyger, burning bright,"), (V, "In the forests of the night;"), (V, "What immortal hand")],
            id="verse by shape",
        ),
        pytest.param(
            f"<p>{'long line of prose ' * 5}<br/>{'and another one ' * 5}<br/>short</p>",
            [(P, f"{'long line of prose ' * 5}{'and another one ' * 5}short")],
            id="hard-wrapped prose is no verse",
        ),
        pytest.param(
            '<section epub:type="z3998:poem"><p><span>one</span><br/><span>two</span></p></section>',
            [(V, "one"), (V, "two")],
            id="verse by epub:type",
        ),
        pytest.param(
            '<blockquote class="poem"><div class="stanza"><span class="line">one</span> <span class="line">two</span>'
            "</div></blockquote>",
            [(V, "one"), (V, "two")],
            id="verse by class",
        ),
        pytest.param('<p class="verse2">one<br/>two</p>', [(V, "one"), (V, "two")], id="numbered verse class"),
        pytest.param("<pre>one\n  two\nthree</pre>", [(V, "one"), (V, "two"), (V, "three")], id="pre keeps its lines"),
        pytest.param("<pre>one\ntwo</pre>", [(P, "one two")], id="pre keeps its words"),
        pytest.param(
            "<ul><li>one</li><li>two<ol><li>three</li></ol>four</li></ul><dl><dt>five</dt><dd>six</dd></dl>",
            [(L, "one"), (L, "two"), (L, "three"), (L, "four"), (L, "five"), (L, "six")],
            id="lists",
        ),
        pytest.param(
            "<ul><li><p>one</p><p>two</p></li></ul>", [(L, "one"), (L, "two")], id="paragraphs in a list item"
        ),
        pytest.param("<blockquote><p>one</p>two</blockquote>", [(Q, "one"), (Q, "two")], id="quotes"),
        pytest.param(
            "<table><tr><th>Name</th><th>Age</th></tr><tr><td><p>Ann</p></td><td> </td><td>30<br/>or so</td></tr></table>",
            [(T, "Name, Age"), (T, "Ann, 30 or so")],
            id="table rows",
        ),
        pytest.param(
            "<table><tr><td><h1>One</h1><p>Two.</p><p>Three.</p></td></tr></table>",
            [(H, "One"), (P, "Two."), (P, "Three.")],
            id="table for layout",
        ),
        pytest.param(
            f"<table><tr><td>{'word ' * 300}<br/><br/>end</td></tr></table>",
            [(P, ("word " * 300).strip()), (P, "end")],
            id="table around a long text",
        ),
        pytest.param("<p>a</p><hr/><p>b</p>", [(P, "a"), (S, ""), (P, "b")], id="hr"),
        pytest.param(
            "<p>a</p><hr/><p>***</p><hr/><p>b</p>", [(P, "a"), (S, ""), (P, "b")], id="breaks are not doubled"
        ),
        pytest.param("<p>a</p><h3>* * *</h3><p>b</p>", [(P, "a"), (S, ""), (P, "b")], id="ornament as heading"),
        pytest.param('<p>a</p><p class="scene-break">\u00a0</p><p>b</p>', [(P, "a"), (S, ""), (P, "b")], id="by class"),
        pytest.param('<p>a</p><p><img alt="* * *"/></p><p>b</p>', [(P, "a"), (S, ""), (P, "b")], id="ornament picture"),
        pytest.param(
            "<p>a</p><p>“…”</p><p>?</p><p>b</p>", [(P, "a"), (P, "“…”"), (P, "?"), (P, "b")], id="mute speech"
        ),
        pytest.param("<h1>A</h1><hr/><p>b</p><hr/>", [(H, "A"), (P, "b")], id="no break at the edges of a chapter"),
        pytest.param("<figure><img alt='x'/><figcaption>Seen</figcaption></figure>", [(P, "Seen")], id="caption"),
    ],
)
def test_kinds(tmp_path: Path, body: str, expected: list[tuple[str, str]]) -> None:
    assert kinds_and_texts(read_body(tmp_path, body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("Tom&nbsp;&amp;&#160;Jerry &mdash; caf&eacute;&hellip; &#8220;&lt;hi&gt;&#x201D;", "Tom & Jerry — café… “<hi>”", id="entities"),
        pytest.param("syl&shy;la&#173;ble&#8203;s", "syllables", id="invisible"),
        pytest.param("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です", "漢字です", id="ruby"),
        pytest.param('<span class="dropcap">O</span>nce upon', "Once upon", id="drop cap"),
        pytest.param('<span class="dropcap">“O</span> <small>NCE</small> upon', "“ONCE upon", id="drop cap before an element"),
        pytest.param('<span class="drop-cap">T</span> hen came', "Then came", id="drop cap with a space"),
        pytest.param('<span class="drop-cap">A</span> man upon', "A man upon", id="drop cap that is a word"),
        pytest.param('<img class="initial" src="o.png" alt="O"/>nce upon', "Once upon", id="drop cap as a picture"),
        pytest.param('<img src="o.png" alt="O"/> nce upon', "Once upon", id="drop cap as a picture and a space"),
        pytest.param("w<b>o</b>r<i>d</i>s", "words", id="inline elements inside a word"),
        pytest.param("<span>one</span><span> two</span>", "one two", id="spans"),
        pytest.param("m<sup>2</sup> and H<sub>2</sub>O", "m² and H₂O", id="raised and lowered"),
        pytest.param("seen<style>p {}</style><script>var x</script><!-- no --><?no pi?><template>no</template>", "seen", id="never text"),
        pytest.param('<a id="page_7"/>text<wbr/>flow', "textflow", id="empty anchors"),
        pytest.param("He said <q>yes</q>.", "He said “yes”.", id="q has quotes"),
        pytest.param("<math><mi>x</mi><mo>=</mo><mn>2</mn></math>", "x equals 2", id="formula"),
        pytest.param('<math alttext="x equals two"><mi>x</mi></math> then', "x equals two then", id="described formula"),
        pytest.param("<details><summary>s</summary></details>seen", "s seen", id="details"),
        pytest.param("<![CDATA[a < b]]> c", "a < b c", id="cdata"),
    ],
)  # fmt: skip
def test_text_of_a_paragraph(tmp_path: Path, body: str, expected: str) -> None:
    book = read_body(tmp_path, f"<div>{body}</div>")
    assert " ".join(text for _, text in kinds_and_texts(book)) == expected
    assert book.warnings == ()


@pytest.mark.parametrize(
    ("body", "left_out", "reason"),
    [
        ('<p hidden="hidden">gone</p>', "gone", "hidden"),
        ('<p hidden="">gone<script>never</script></p>', "gone", "hidden"),
        ('<div style="color: red; DISPLAY : none">gone <p>too</p></div>', "gone too", "hidden"),
        ('<span style="visibility:hidden">gone</span>', "gone", "hidden"),
        ('<span aria-hidden="true">gone</span>', "gone", "hidden"),
        ("<ruby>字<rt>gone</rt></ruby>", "gone", "reading aid (ruby)"),
        ("<svg><title>gone</title><text>too</text></svg>", "gone too", "text inside a drawing"),
        ("<video src='x'>gone</video>", "gone", "stand-in for media"),
        ('<span epub:type="pagebreak" id="p1">12</span>', "12", "page number"),
        ('<span role="doc-pagebreak">12</span>', "12", "page number"),
        ('<span class="pagenum">[Pg 12]</span>', "[Pg 12]", "page number"),
        ('<p><a href="#x" epub:type="backlink">gone</a></p>', "gone", "way back from a footnote"),
    ],
)
def test_left_out_with_its_reason(tmp_path: Path, body: str, left_out: str, reason: str) -> None:
    book = read_body(tmp_path, f"<p>before</p>{body}<p>after</p>")
    assert [(entry.text, entry.reason) for entry in book.left_out] == [(left_out, reason)]
    assert left_out.split()[0] not in " ".join(text for _, text in kinds_and_texts(book))
    assert book.left_out[0].href == "EPUB/one.xhtml"


def test_a_page_marker_around_prose_is_read(tmp_path: Path) -> None:
    book = read_body(tmp_path, '<div class="pagebreak"><p>A whole paragraph of the story stands in here.</p></div>')
    assert kinds_and_texts(book) == [(P, "A whole paragraph of the story stands in here.")]
    assert book.left_out == ()


def test_blocks_know_where_they_stand(tmp_path: Path) -> None:
    body = "<div><h2>A</h2></div><div><p>b</p>loose<p><b>c</b> d</p></div>"
    blocks = read_body(tmp_path, body).chapters[0].blocks
    assert [(block.text, block.path) for block in blocks] == [
        ("A", "/html/body/div[1]/h2[1]"),
        ("b", "/html/body/div[2]/p[1]"),
        ("loose", "/html/body/div[2]"),
        ("c d", "/html/body/div[2]/p[2]"),
    ]
    assert {block.href for block in blocks} == {"EPUB/one.xhtml"}
    assert [block.level for block in blocks] == [2, 0, 0, 0]


def test_alternative_text_of_pictures_is_an_option(tmp_path: Path) -> None:
    body = '<p>before <img src="a.png" alt="A red  house"/>after</p><img alt=""/><p><img alt="A dog"/></p>'
    assert kinds_and_texts(read_body(tmp_path, body)) == [(P, "before after")]
    with_alt = read_body(tmp_path, body, image_alt=True)
    assert kinds_and_texts(with_alt) == [(P, "before after"), (I, "A red house"), (I, "A dog")]
    assert with_alt.chapters[0].blocks[1].kind is BlockKind.IMAGE


def test_the_head_is_no_text(tmp_path: Path) -> None:
    page = "<html><head><title>Not this</title></head><body><p>This.</p></body></html>"
    assert kinds_and_texts(read_body(tmp_path, page)) == [(P, "This.")]
