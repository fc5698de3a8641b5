"""Both readings of any markup agree, or the difference is reported; neither crashes, and neither takes time out of
proportion to the size of the file.

MAYABOOK_FUZZ_EXAMPLES=2000 sets how many documents are generated; a run of the suite takes fewer.
"""

import os
import tempfile
import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayabook.book import read_book
from mayabook.core.errors import BookError
from mayabook.source_check import DifferenceKind, SourceCheck, check_source
from tests.epubs import write_epub

EXAMPLES = int(os.environ.get("MAYABOOK_FUZZ_EXAMPLES", "150"))

_NAMES = ("p", "div", "span", "b", "i", "em", "h1", "h2", "ul", "li", "table", "tr", "td", "blockquote", "pre", "section",
          "aside", "sup", "sub", "a", "ruby", "rt", "x:p", "html:div", "svg", "text", "math", "mi", "script", "style",
          "template", "title", "br", "hr", "img", "q", "dl", "dt", "dd", "nav", "figure", "object", "audio", "iframe",
          "noscript", "textarea", "select", "option", "button", "unknown-element", "P", "DIV", "center", "font")  # fmt: skip
_ATTRIBUTES = ("", ' class="footnote"', ' id="n1"', ' hidden="hidden"', ' style="display:none"', ' aria-hidden="true"',
               ' epub:type="pagebreak"', ' epub:type="noteref" href="#n1"', ' href="#n1"', ' title="a > b"', " class='verse'",
               ' xml:lang="fr"', ' alttext="squared"', ' alt="A" src="a.png"', ' xmlns="urn:other"', ' xmlns:y="urn:y" y:z="1"',
               ' class="dropcap"', ' epub:type="endnotes"', ' dir="rtl"', ' data-x="&amp;&lt;"')  # fmt: skip
_ENTITIES = (
    "&amp;",
    "&lt;",
    "&nbsp;",
    "&eacute;",
    "&mdash;",
    "&#233;",
    "&#x2014;",
    "&#146;",
    "&hellip;",
    "&AElig;",
    "&shy;",
)
_BETWEEN = ("<!-- a comment -->", "<!-- <p>no</p> -->", "<?target data?>", "<?a <b> ?>", "<![CDATA[some <b>data</b> & more]]>",
            "<![CDATA[]]>", "<br/>", "<a id='x'/>", "<span/>", "<script/>", "<title/>", "<td/>", "<!---->")  # fmt: skip
_BREAKAGE = ("<", "&", "</p>", "<p", "<!--", "]]>", "<![CDATA[", "&nosuch;", "<b", "\x00", "\x0b", "</body>", "</html>", "<?", "<!",
             "<![if x]>", "<p/", "'", '"', "<1>", "</ p>", "&#0;", "&#xD800;", "&#x110000;", "<p a=b a=c>", "\ufffe", "<title>",
             "<textarea>", "<plaintext>", "<frameset>", "<xmp>", "<script>", "<!DOCTYPE x>", "<select>", "<table><p>")  # fmt: skip
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252", "iso-8859-1", "iso-8859-15", "windows-1251",
              "shift_jis", "us-ascii")  # fmt: skip
_PROLOGS = ("", "<!DOCTYPE html>", '<!DOCTYPE html [<!ENTITY own "words of its own">]>', "<!-- before -->",
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">')  # fmt: skip

_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12).map(
        lambda text: escape(text, quote=False)
    ),
    st.sampled_from(
        ("word ", "Two words", " and ", "9", "fi\u00adne ", "e\u0301t\u00e9", "\ufb01n", "exam- ple", "* * *")
    ),
    st.sampled_from(_ENTITIES),
    st.sampled_from(_BETWEEN),
)


def _element(parts: tuple[str, str, list[str]]) -> str:
    name, attributes, inner = parts
    return f"<{name}{attributes}>{''.join(inner)}</{name}>"


_body = st.recursive(
    _text,
    lambda inner: st.tuples(st.sampled_from(_NAMES), st.sampled_from(_ATTRIBUTES), st.lists(inner, max_size=5)).map(
        _element
    ),
    max_leaves=30,
)


@st.composite
def documents(draw: st.DrawFn, breaks: bool) -> bytes:
    """A document with a paragraph of its own, so that there is something to read, in some encoding. breaks: it may be
    no XML."""
    body = "".join(draw(st.lists(_body, min_size=1, max_size=6)))
    prolog, encoding = draw(st.sampled_from(_PROLOGS)), draw(st.sampled_from(_ENCODINGS))
    if "own" in prolog:
        body += "<p>&own;</p>" if draw(st.booleans()) else ""
    page = (
        f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig").removesuffix("-le")}"?>{prolog}'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xmlns:x="urn:x" '
        f'xmlns:html="http://www.w3.org/1999/xhtml"><head><title>Title</title></head><body><p>Begin</p>{body}</body></html>'
    )
    for piece in draw(st.lists(st.sampled_from(_BREAKAGE), min_size=1, max_size=4)) if breaks else []:
        place = draw(st.integers(0, len(page)))
        page = page[:place] + piece + page[place:]
    return page.encode(encoding, "xmlcharrefreplace")


def read_twice(page: bytes) -> SourceCheck:
    with tempfile.TemporaryDirectory() as folder:
        file = write_epub(Path(folder) / "book.epub", {"one.xhtml": "<p>First.</p>", "two.xhtml": page})
        return check_source(file, read_book(file))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(breaks=False))
def test_well_formed_markup(page: bytes) -> None:
    source = read_twice(page)
    assert [str(difference) for difference in source.differences] == []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(breaks=True))
def test_broken_markup(page: bytes) -> None:
    """Two parsers may mend it in different ways; then the difference names the file and words."""
    try:
        source = read_twice(page)
    except BookError as error:
        assert "\n" not in str(error)
        return
    for difference in source.differences:
        assert difference.href == "EPUB/two.xhtml"
        assert difference.text or difference.kind is DifferenceKind.UNREADABLE


@pytest.mark.parametrize(
    "body",
    [
        "<p>Salt & pepper, AT&T, fish &amp chips &copy 1999</p>",
        "<p>One<p>Two<br>Three<hr>Four",
        "<p>An <b>over<i>lap</b>ping</i> pair</p>",
        "<p align=center>No <font color=red size=2>quotes</font></p>",
        "<ul><li>One<li>Two</ul><table><tr><td>a<td>b<tr><td>c</table>",
        "<p>5 < 6 and 7 > 3, a<b</p> <p>after</p>",
        "<p>Text</p></div></section><p>After too many ends</p>",
        "<a name='x'><p>Anchors<a name='y'>without end<p>More",
        "<P>CAPITALS</P><DIV>and <SPAN>tags</SPAN></DIV>",
        "<script>var a = '<p>no</p>';</script><p>Yes & no</p><style>p > b {}</style>",
        "<p>a &nbsp; b & c</p><a id='x'/><span/>after",
        "<p>One & two</p></body></html><p>after the end</p>",
        "<p>One & <![CDATA[two < three]]> four</p><!-- no --><p>five</p>",
        "<p>a & b<ruby>漢<rt>kan</rt></ruby></p><svg><title>T</title><text>In it</text></svg>",
    ],
)
def test_the_usual_mistakes_are_mended_alike(body: str) -> None:
    source = read_twice(f"<html><head><title>Title</title></head><body>{body}</body></html>".encode())
    assert [str(difference) for difference in source.differences] == []


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"<html>", b"\xff\xfe", b"<?xml version='1.0' encoding='shift_jis'?><p>"]),
)
def test_any_bytes(data: bytes, start: bytes) -> None:
    read_twice(start + data)


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<b>", "<b id='{}'>", "<!--", "<![CDATA[", "<a ", "<a x='", "</a", "<?", "&#", "&lt", "<i/>", "<p>word",
     "<table>", "</b>", "<script>", "<a href='#n{}'>{}</a> ", "<![x[", "<title>", "{}\u00adw ", "]]>"],
)  # fmt: skip
def test_hostile_markup_takes_time_in_proportion(piece: str) -> None:
    """Of the second reading alone; four times as much may take eight times as long, not sixteen."""
    from mayabook.source_check.markup import parse
    from mayabook.source_check.source_text import _VisibleText

    def seconds(n: int) -> float:
        page = f"<html><body>{''.join(piece.replace('{}', str(number)) for number in range(n))}".encode()
        spent = []
        for _ in range(3):
            started = time.process_time()
            parse(page, _VisibleText).result()
            spent.append(time.process_time() - started)
        return min(spent)

    assert seconds(40_000) < 8 * seconds(10_000) + 0.05
