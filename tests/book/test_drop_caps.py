"""Drop caps of every construction begin their words; labels replace what they repeat."""

from pathlib import Path

import pytest

from tests.book.book_reading import all_text, read_body

HEADING = "<h1>One</h1>"


@pytest.mark.parametrize(
    "body",
    [
        '<p><span class="dropcap">T</span>he lamp went out.</p>',
        '<p><span class="dropcap">T</span> he lamp went out.</p>',
        '<p><span class="drop-cap"><span>T</span></span> he lamp went out.</p>',
        '<p><span class="dropcap"><b><i>T</i></b> </span>he lamp went out.</p>',
        '<p><span class="dropcap">T</span>\n<span class="first">he</span> lamp went out.</p>',
        '<p><span class="dropcap">T</span><span class="first"> he</span> lamp went out.</p>',
        '<p><span class="first-letter">T</span> he lamp went out.</p>',
        '<p><span style="float: left; font-size: 3em">T</span> he lamp went out.</p>',
        '<p class="dropcap">T</p><p>he lamp went out.</p>',
        '<div class="dropcap">T</div><p>he lamp went out.</p>',
        '<p class="a"><span class="calibre7">T</span> he lamp went out.</p>',
        "<p><big>T</big> <span>he</span> lamp went out.</p>",
        '<p><svg class="initial"><text>T</text></svg>he lamp went out.</p>',
        '<div class="dropcap"><span>T</span></div>\n<p><span>he</span> lamp went out.</p>',
        '<div class="dropcap"><img src="t.png" alt="T"/></div><p>he lamp went out.</p>',
        '<div><img src="t.png" alt="T"/></div><p>he lamp went out.</p>',
        '<p><img src="t.png" alt="T"/>he lamp went out.</p>',
        '<p><img src="t.png" alt="T"/> he lamp went out.</p>',
        '<p><img src="t.png" alt="Drop cap T"/>he lamp went out.</p>',
        '<p><img src="t.png" alt="Illuminated letter T"/>he lamp went out.</p>',
        '<p><img src="t.png" alt="[Illustrated initial: T]"/>he lamp went out.</p>',
        '<p><span class="figleft"><img src="t.png" alt="T"/></span>he lamp went out.</p>',
        '<p><img class="dropcap" src="t.png" alt="The"/> lamp went out.</p>',
        '<p><span aria-label="The" role="text"><span aria-hidden="true"><span class="dropcap">T</span>he</span></span> lamp went out.</p>',
        '<p><span aria-hidden="true"><span class="dropcap">T</span>he</span><span class="sr-only">The</span> lamp went out.</p>',
        '<p><span class="sr-only">The</span><span aria-hidden="true"><span class="dropcap">T</span>he</span> lamp went out.</p>',
        '<p><span class="dropcap" aria-hidden="true">T</span>he lamp went out.</p>',
        '<p><span aria-hidden="true">T</span><span aria-hidden="true">he</span><span class="sr-only">The</span> lamp went out.</p>',
        '<p><span class="letra"><b>T</b></span> he lamp went out.</p>',
        '<p aria-label="The lamp went out."><span aria-hidden="true">T</span> <span aria-hidden="true">he lamp went out.</span></p>',
        '<p><span aria-label="The"><span class="dropcap">T</span> he</span> lamp went out.</p>',
    ],
)
def test_the(tmp_path: Path, body: str) -> None:
    book = read_body(tmp_path, HEADING + body)
    assert all_text(book) == "One The lamp went out."
    assert len(book.chapters[0].blocks) == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<span class="dropcap">O</span> nce upon a time', "Once upon a time"),
        ('<span class="dropcap">I</span> n the beginning', "In the beginning"),
        ('<span class="dropcap">A</span> fter the war', "After the war"),
        ('<span class="dropcap">A</span> ND THEN he came', "AND THEN he came"),
        ('<span class="dropcap">A</span> man came', "A man came"),
        ('<span class="dropcap">I</span> was there', "I was there"),
        ('<span class="dropcap">O</span> Lord, hear', "O Lord, hear"),
        ('<span class="dropcap">“Y</span> es,” he said', "“Yes,” he said"),
        ('“<span class="dropcap">Y</span> es,” he said', "“Yes,” he said"),
        ('<span class="dropcap">“</span><span class="dropcap">Y</span>es,” he said', "“Yes,” he said"),
        ('<img class="dropcap" alt="A" src="a.png"/> man came', "A man came"),
        ('He saw <span class="initial">B</span> go', "He saw B go"),
        ('<b>X</b> marks the spot', "X marks the spot"),
        ('<b>Q</b> What is it?', "Q What is it?"),
    ],
)  # fmt: skip
def test_words(tmp_path: Path, body: str, said: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>{body}</p>")) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('C<img alt="æ" src="g.png"/>sar', "Cæsar"),
        ('Th<img alt="eo" src="g.png"/>dore', "Theodore"),
        ('the sign <img alt="sigma" src="g.png"/> after it', "the sign sigma after it"),
        ('the sign <img alt="∑" src="g.png"/> after it', "the sign ∑ after it"),
        ('about <img alt="½" src="g.png"/> of it', "about ½ of it"),
        ('he <img alt="image" src="g.png"/> went', "he went"),
        ('he <img alt="" src="g.png"/> went', "he went"),
        ('he <img alt="g.png" src="g.png"/> went', "he went"),
        ('he <img alt="figure 12" src="g.png"/> went', "he went"),
        ('he <img alt="A red house" src="g.png"/> went', "he went"),
        ('<img alt="Lamp" src="g.png"/> The lamp went out', "The lamp went out"),
    ],
)  # fmt: skip
def test_pictures_of_letters_and_words(tmp_path: Path, body: str, said: str) -> None:
    assert all_text(read_body(tmp_path, f"<p>{body}</p>")) == said


@pytest.mark.parametrize(
    "body",
    [
        '<p>The town <span class="sidenote">The fire of May</span>burned for days.</p>',
        '<p>The town <span class="mnote">The fire of May</span>burned for days.</p>',
        '<p><span class="sidenote">The fire of May</span>The town burned for days.</p>',
        '<p>The town <i class="marginnote">The fire of May</i> burned for days.</p>',
        '<div>The town <div class="sidenote">The fire of May</div> burned for days.</div>',
        '<div class="sidenote">The fire of May</div><p>The town burned for days.</p>',
    ],
)
def test_sidenotes_stand_before_the_paragraph(tmp_path: Path, body: str) -> None:
    assert [block.text for block in read_body(tmp_path, HEADING + body).chapters[0].blocks[1:]] == [
        "The fire of May",
        "The town burned for days.",
    ]
