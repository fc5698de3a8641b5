"""Document type declarations: only the one in the prolog is removed, none is obeyed, and no word is lost."""

import re
import socket
import tracemalloc
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mayabook.book.xml_parsing import ParsedXml, parse_xhtml, parse_xml
from tests.book.book_reading import all_text, read_body

LAUGHS = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 9))
BOMB = f'<!DOCTYPE html [<!ENTITY lol0 "LAUGH LAUGH LAUGH">{LAUGHS}]>'
LONG = '<!ENTITY long "EXPANDED EXPANDED">'
"""More characters than a declared entity may stand for."""

PROLOGS = {
    "nothing": "",
    "html": "<!DOCTYPE html>",
    "lower case": "<!doctype html>",
    "public": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">',
    "comment before": "<!-- <!DOCTYPE fake> --><!DOCTYPE html>",
    "comment without the declaration's end": "<!-- the <!DOCTYPE line -->",
    "comment after": "<!DOCTYPE html><!-- <!DOCTYPE fake [<!ENTITY a 'b'> -->",
    "processing instruction before": "<?xml-stylesheet href='a>b <!DOCTYPE fake'?>\n<!DOCTYPE html>",
    "XML declaration": '<?xml version="1.0" encoding="utf-8" standalone="no"?>\n\n<!DOCTYPE html>',
    "subset": '<!DOCTYPE html [<!ELEMENT p (#PCDATA)><!ATTLIST p class CDATA ">]>"><!ENTITY a "b">%a; ] >',
    "end of subset in quotes": "<!DOCTYPE html [<!ENTITY a ']>'><!ENTITY b \"]><p>\">]>",
    "end of subset in a comment": "<!DOCTYPE html [<!-- ]> \" ' --><?x ]> '?><!ENTITY a 'b'>]>",
    "brackets in the identifier": '<!DOCTYPE html SYSTEM "a[1].dtd" [<!NOTATION n PUBLIC "-//x">]>',
    "unterminated": "<!DOCTYPE html ",
    "unterminated identifier": '<!DOCTYPE html PUBLIC "-//W3C//DTD>',
    "unterminated subset": '<!DOCTYPE html [<!ENTITY a "b"> ',
    "unterminated entity": '<!DOCTYPE html [<!ENTITY a "b> ]>',
    "subset of nonsense": "<!DOCTYPE html [ nonsense ' ]>",
    "two": "<!DOCTYPE html><!DOCTYPE html [<!ENTITY a 'b'>]>",
    "bomb after a comment": f"<!-- - -->{BOMB}",
    "bomb after an instruction": f"<?x <!DOCTYPE?> {BOMB}",
    "bomb after another": f"<!DOCTYPE html>{BOMB}",
    "bomb after a broken instruction": f"<?{BOMB}",
}
DECOYS = {
    "nothing": "",
    "comment": "<!-- <!DOCTYPE html [<!ENTITY a 'b'> -->",
    "comment without the declaration's end": "<!-- the <!DOCTYPE line -->",
    "comment with an end": "<!-- <!DOCTYPE html> ]> -->",
    "CDATA": "<![CDATA[<!DOCTYPE html [ ]]>",
    "CDATA without the declaration's end": "<![CDATA[the <!DOCTYPE line]]>",
    "CDATA in a comment": "<!-- <![CDATA[ -->",
    "end of CDATA in a comment": "<!-- ]]> -->",
    "processing instruction": "<?x <!DOCTYPE html [ <!-- ?>",
    "attribute": '<i title="&lt;!DOCTYPE html [">i</i>',
    "raw attribute": '<i title="<!DOCTYPE html [">i</i>',
    "comment in an attribute": '<i title="<!-- ">i</i>',
    "script": '<script>document.write("<!DOCTYPE html>" + (1 < 2));</script>',
    "script in CDATA": "<script>//<![CDATA[\nif (a < b) '<!DOCTYPE html ['\n//]]></script>",
    "style": "<style>/* <!DOCTYPE html [ */</style>",
    "declaration": "<!DOCTYPE html>",
    "lower case": "<!doctype html>",
    "bomb": BOMB,
    "escaped": "&lt;!DOCTYPE html&gt;",
    "not XML": "<br> fish & chips",
}
LAST = {
    "nothing": "",
    "comment": "<!-- one more",
    "CDATA": "<![CDATA[ one more",
    "declaration": "<!DOCTYPE html [ one more>",
    "after the end": "</body></html><!DOCTYPE html>",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


def words_of(parsed: ParsedXml) -> list[str]:
    """The words that the tests number."""
    assert parsed.root is not None
    return re.findall(r"wörd\d+", " ".join(map(str, parsed.root.itertext())))


def page(prolog: str, decoys: list[str], last: str) -> str:
    body = "".join(f"<p>wörd{number} {decoy}</p>" for number, decoy in enumerate(decoys))
    return f"{prolog}<html><head><title>t</title></head><body>{body}<p>wörd{len(decoys)}</p>{last}"


def in_bytes(text: str, encoding: str) -> bytes:
    return text.encode(encoding) if text.startswith("<") or encoding in ("utf-8-sig", "utf-16") else text.encode()


@pytest.mark.parametrize("prolog", PROLOGS)
def test_every_word_survives(prolog: str) -> None:
    for decoy, encoding in product(DECOYS, ENCODINGS):
        text = page(PROLOGS[prolog], [DECOYS[decoy]], "</body></html>")
        assert words_of(parse_xhtml(in_bytes(text, encoding))) == ["wörd0", "wörd1"], (decoy, encoding)


@given(
    st.sampled_from(sorted(PROLOGS)),
    st.lists(st.sampled_from(sorted(DECOYS)), min_size=1, max_size=6),
    st.sampled_from(sorted(LAST)),
)
@settings(max_examples=200, deadline=None)
def test_every_word_survives_any_mixture(prolog: str, decoys: list[str], last: str) -> None:
    text = page(PROLOGS[prolog], [DECOYS[name] for name in decoys], LAST[last] + " wörd99")
    assert words_of(parse_xhtml(text.encode())) == [f"wörd{n}" for n in (*range(len(decoys) + 1), 99)]


def test_a_comment_in_the_subset_that_never_ends() -> None:
    assert words_of(parse_xhtml(page("<!DOCTYPE html [<!-- ]>", [""], "</body></html>").encode())) == ["wörd0", "wörd1"]


def test_of_a_book_with_the_word_in_a_comment_and_in_cdata(tmp_path: Path) -> None:
    body = "<p>One.</p><!-- <!DOCTYPE html [ --><p>Two <![CDATA[<!DOCTYPE html [ three]]>.</p><p>Four.</p>"
    book = read_body(tmp_path, f"<html><body>{body}</body></html>")
    assert all_text(book) == "One. Two <!DOCTYPE html [ three. Four."
    assert book.warnings == ()


TOKENS = (
    "<!DOCTYPE p ", "<!doctype p ", "[", "]", ">", "]>", LONG, "<!--", "-->", "<?", "?>", "<?x", "<![CDATA[", "]]>",
    "'", '"', " ", "<!", "<wrapper>", "</wrapper>", "<p>", "&long;", "SYSTEM 'x'", "%long;", "\ufeff",
    '<?xml version="1.0"?>', "text",
)  # fmt: skip


@pytest.mark.parametrize("parse", [parse_xhtml, parse_xml])
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join), st.lists(st.sampled_from(TOKENS), max_size=4))
@example(f"<?<!DOCTYPE p [{LONG}]>", [])
@example(f"<!DOCTYPE p><!DOCTYPE p [{LONG}]>", [])
@example(f"<!-- <!DOCTYPE p> --><!DOCTYPE p [{LONG}]>", [])
@settings(max_examples=500, deadline=None)
def test_no_entity_is_expanded_whatever_stands_before_it(
    parse: Callable[[bytes], ParsedXml], before: str, after: list[str]
) -> None:
    root = parse(f'{before}<p title="&long;">&long;</p>{"".join(after)}'.encode()).root
    values = [] if root is None else [str(value) for element in root.iter() for value in element.values()]
    assert not any("EXPANDED" in value for value in values)


@pytest.mark.parametrize("parse", [parse_xhtml, parse_xml])
@pytest.mark.parametrize("prolog", [name for name in PROLOGS if name.startswith("bomb")])
def test_bombs_take_no_memory(parse: Callable[[bytes], ParsedXml], prolog: str) -> None:
    tracemalloc.start()
    root = parse(f'{PROLOGS[prolog]}<html title="&lol8;"><p>text &lol8;</p></html>'.encode()).root
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert root is not None
    assert "text" in "".join(map(str, root.itertext()))
    assert not any("LAUGH" in str(value) for element in root.iter() for value in element.values())
    assert peak < 1 << 20


@pytest.mark.parametrize("parse", [parse_xhtml, parse_xml])
@pytest.mark.parametrize(
    "before", ["", "<!-- - -->", "<?x?>", "<?", "<!DOCTYPE html>", "<!-- <!DOCTYPE html -->", "text"]
)
def test_nothing_external_is_opened(tmp_path: Path, parse: Callable[[bytes], ParsedXml], before: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
        for address in (url, f"file://{secret}", str(secret)):
            subset = f'<!ENTITY x SYSTEM "{address}"><!ENTITY % p SYSTEM "{address}">%p;'
            prolog = f'{before}<!DOCTYPE html SYSTEM "{address}" [{subset}]>'
            root = parse(f"{prolog}<html><p>Before &x; after</p></html>".encode()).root
            shown = "" if root is None else "".join(map(str, root.itertext()))
            assert "SECRET" not in shown
            assert root is None or "after" in shown
        with pytest.raises(TimeoutError):
            server.accept()


def test_sections_without_an_end_take_linear_time() -> None:
    for opening in ("<!--", "<![CDATA[", "<?", "<!DOCTYPE", "<!DOCTYPE x [", "<!DOCTYPE x [<!ENTITY a '", "<!-- <?"):
        text = f"<html><p>wörd0 {opening * 100_000}</p><p>"
        assert words_of(parse_xhtml(text.encode()))[:1] == ["wörd0"]
        parse_xml((opening * 100_000 + "<html><p>one</p></html>").encode())
