"""Encodings, entities, broken and hostile XHTML."""

import random
import socket
import tracemalloc
from pathlib import Path

import pytest

from mayabook.book.markup_decoding import decode
from mayabook.book.xml_parsing import MAX_DEPTH, Element, parse_xhtml, parse_xml
from mayabook.core.words import words
from tests.book.book_reading import all_text, kinds_and_texts, read_body, read_files, read_pages, texts_of
from tests.epubs import OPF, epub_files, ncx_xml, xhtml

SPOKEN = "Café — “naïve” façade, £5"
BODY = f"<p>{SPOKEN}</p>"


def all_texts(root: Element | None) -> str:
    assert root is not None
    return "".join(map(str, root.itertext()))


def declaring(encoding: str) -> str:
    return xhtml(BODY).replace('encoding="utf-8"', f'encoding="{encoding}"')


class TestEncodings:
    @pytest.mark.parametrize(
        ("page", "warning"),
        [
            pytest.param(declaring("utf-8").encode(), "", id="utf-8"),
            pytest.param(b"\xef\xbb\xbf" + declaring("utf-8").encode(), "", id="utf-8 with BOM"),
            pytest.param(declaring("utf-16").encode("utf-16"), "", id="utf-16 with BOM"),
            pytest.param(b"\xff\xfe" + declaring("utf-8").encode("utf-16-le"), "", id="utf-16 that says utf-8"),
            pytest.param(declaring("utf-16").encode("utf-16-le"), "", id="utf-16-le without BOM"),
            pytest.param(declaring("utf-16").encode("utf-16-be"), "", id="utf-16-be without BOM"),
            pytest.param(b"\xff\xfe\0\0" + declaring("utf-32").encode("utf-32-le"), "", id="utf-32"),
            pytest.param(declaring("windows-1252").encode("cp1252"), "", id="windows-1252, declared"),
            pytest.param(declaring("iso-8859-1").encode("cp1252"), "", id="windows-1252 that says latin-1"),
            pytest.param(declaring("iso-8859-1").encode(), "", id="utf-8 that says latin-1"),
            pytest.param(declaring("utf-16").encode(), "", id="utf-8 that says utf-16"),
            pytest.param(declaring("martian").encode(), "", id="utf-8 that says nonsense"),
            pytest.param(declaring("utf-8").encode("cp1252"), "says it is utf-8 but is not", id="windows-1252 that says utf-8"),
            pytest.param(declaring("martian").encode("cp1252"), "says it is martian but cannot be read so", id="unknown"),
            pytest.param(declaring("ascii").encode("cp1252"), "says it is ascii but cannot be read so", id="ascii"),
            pytest.param(
                f"<html><head><meta charset='windows-1252'/></head><body>{BODY}</body></html>".encode("cp1252"), "", id="meta"
            ),
            pytest.param(f"<html><body>{BODY}</body></html>".encode("cp1252"), "says it is utf-8 but is not", id="nothing said"),
        ],
    )  # fmt: skip
    def test_text_comes_out_right(self, tmp_path: Path, page: bytes, warning: str) -> None:
        book = read_body(tmp_path, page)
        assert kinds_and_texts(book) == [("paragraph", SPOKEN)]
        told = f"EPUB/one.xhtml {warning}; stray bytes were read as Windows-1252"
        assert book.warnings == ((told,) if warning else ())

    def test_one_stray_byte_does_not_spoil_the_rest(self, tmp_path: Path) -> None:
        book = read_body(tmp_path, xhtml("<p>Ünïcödé it@s — 漢字</p>").encode().replace(b"@", b"\x92"))
        assert all_text(book) == "Ünïcödé it’s — 漢字"
        assert len(book.warnings) == 1

    @pytest.mark.parametrize("encoding", ["shift_jis", "gb18030", "big5", "euc-jp", "windows-1251", "koi8-r"])
    def test_declared_encodings_of_other_scripts(self, encoding: str) -> None:
        text = "漢字" if encoding in ("shift_jis", "gb18030", "big5", "euc-jp") else "Привет"
        assert decode(f'<?xml version="1.0" encoding="{encoding}"?><p>{text}</p>'.encode(encoding))[0].count(text) == 1

    @pytest.mark.parametrize("encoding", ["rot13", "hex", "base64", "undefined", "idna", "unicode_escape", "utf-7"])
    def test_codecs_that_are_no_encodings_do_no_harm(self, tmp_path: Path, encoding: str) -> None:
        book = read_body(tmp_path, declaring(encoding).encode("cp1252"))
        assert "façade" in all_text(book)

    def test_package_and_contents_in_other_encodings(self, tmp_path: Path) -> None:
        files = epub_files({"a.xhtml": "<h1>A</h1><p>a</p>", "b.xhtml": "<h1>B</h1><p>b</p>"}, title="Été", version=2,
                           toc=[("Où", "a.xhtml"), ("Là", "b.xhtml")])  # fmt: skip
        files[OPF] = str(files[OPF]).encode("cp1252")
        files["EPUB/toc.ncx"] = str(files["EPUB/toc.ncx"]).encode("utf-16")
        book = read_files(tmp_path, files)
        assert book.title == "Été"
        assert [chapter.title for chapter in book.chapters] == ["Où", "Là"]
        assert book.warnings == ("EPUB/package.opf says it is utf-8 but is not; stray bytes were read as Windows-1252",)


class TestEntities:
    def test_named_characters_of_html_need_no_dtd(self, tmp_path: Path) -> None:
        body = "<p>a&nbsp;b &mdash; &eacute;&Eacute; &ldquo;q&rdquo; &hellip; &amp; &lt; &thinsp;&frac12; &NotEqualTilde;</p>"
        book = read_body(tmp_path, body)
        assert all_text(book) == "a b — éÉ “q” … & < ½ ≂̸"
        assert book.warnings == ()

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("R&D; at AT&T; &unknown; &a.b; end", "R&D; at AT&T; &unknown; &a.b; end"),
            ("R&D and &nbsp here &mdash; B&B; &c", "R&D and here — B&B; &c"),
            ("&notit; <b title='R&D;'>&AMP;</b> &EACUTE;", "¬it; & &EACUTE;"),
            ("<![CDATA[R&D; &nbsp; &amp;]]> &nbsp; end", "R&D; &nbsp; &amp; end"),
            ("a & b &; &#; &#x; &é; &&amp;", "a & b &; &#; &#x; &é; &&"),
        ],
    )
    def test_what_only_looks_like_an_entity_is_text(self, tmp_path: Path, body: str, said: str) -> None:
        assert all_text(read_body(tmp_path, f"<h1>S&P;</h1><p>{body}</p>")) == f"S&P; {said}"

    def test_an_unknown_entity_beside_declared_ones(self, tmp_path: Path) -> None:
        page = '<!DOCTYPE html [<!ENTITY O "&#x201C;">]><html><body><p>&O;AT&T; won.</p></body></html>'
        assert all_text(read_body(tmp_path, page)) == "“AT&T; won."

    def test_characters_that_a_document_names_itself(self, tmp_path: Path) -> None:
        subset = """<!ENTITY O "&#x201C;"><!ENTITY C '&#8221;'><!ENTITY nbsp "_"><!ENTITY B "B&#46; Brown">
            <!ENTITY O "second"><!ENTITY long "12345678901234567"><!ENTITY mark "<b>"><!ENTITY two "&B;&B;">"""
        body = "<p>&O;Go,&C; said&nbsp;&B;. &long;&mark;&two;</p>"
        book = read_body(tmp_path, f"<!DOCTYPE html [{subset}]><html><body>{body}</body></html>", loses=True)
        assert all_text(book) == "“Go,” said_B. Brown."
        assert book.warnings == (
            "EPUB/one.xhtml uses entities of its own (&long;, &mark;, &two;), which were left out",
        )

    @pytest.mark.parametrize("wrap", ["<p>Before. &lol9; After.</p>", '<p title="&lol9;">Before. After.</p>'])
    def test_billion_laughs(self, tmp_path: Path, wrap: str) -> None:
        laughs = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
        page = f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY lol0 "lol">{laughs}]><html><body>{wrap}</body></html>'
        tracemalloc.start()
        book = read_body(tmp_path, page, loses=True)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert all_text(book) == "Before. After."
        assert book.warnings == ("EPUB/one.xhtml uses entities of its own (&lol9;), which were left out",)
        assert peak < 10 << 20

    @pytest.mark.parametrize(
        "subset",
        [
            '<!ENTITY x SYSTEM "file://{secret}">',
            '<!ENTITY x PUBLIC "-//X//X" "file://{secret}">',
            '<!ENTITY % file SYSTEM "file://{secret}"><!ENTITY % all "<!ENTITY x \'&#37;file;\'>">%all;',
            "<!-- ]> --><!ENTITY x SYSTEM 'file://{secret}'>",
            '<!ENTITY y "]>"><!ENTITY x SYSTEM "file://{secret}">',
        ],
    )
    def test_files_are_never_read(self, tmp_path: Path, subset: str) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("SECRET")
        declared = f"<!DOCTYPE html [{subset.format(secret=secret)}]>"
        book = read_body(tmp_path, f"{declared}<html><body><p>Before &x; after</p></body></html>", loses=True)
        assert all_text(book) == "Before after"
        files = epub_files({"a.xhtml": "<h1>A</h1><p>a</p>"}, toc=[("A &x;", "a.xhtml")], version=2)
        files[OPF] = declared + str(files[OPF]).partition("?>")[2].replace("The Test Book", "Title &x;")
        files["EPUB/toc.ncx"] = declared.replace("html", "ncx") + ncx_xml([("A &x;", "a.xhtml")]).partition('dtd">')[2]
        book = read_files(tmp_path, files)
        assert book.title == "Title"
        assert "SECRET" not in str(book)

    def test_the_network_is_never_asked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A real server listens; nothing knocks. (libxml2 opens its own sockets, so no Python hook would see it.)"""
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.2)
            url = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
            page = f'<!DOCTYPE html SYSTEM "{url}" [<!ENTITY x SYSTEM "{url}"><!ENTITY % p SYSTEM "{url}">%p;]>'
            book = read_body(tmp_path, f"{page}<html><body><p>Before &x; after</p></body></html>")
            with pytest.raises(TimeoutError):
                server.accept()
        assert all_text(book) == "Before after"

    @pytest.mark.parametrize(
        "doctype",
        [
            pytest.param(b'<!DOC<!DOCTYPE x>TYPE html [<!ENTITY x "NEVER SEEN">]>', id="made by cutting another out"),
            pytest.param(b"<!DOCTYPE html [<!ENTITY x 'NEVER SEEN'> ' ]>", id="too broken to be cut out"),
        ],
    )
    def test_hostile_doctypes_declare_nothing(self, doctype: bytes) -> None:
        for parse in (parse_xhtml, parse_xml):
            root = parse(doctype + b'<html><body title="&x;"><p>text &x;</p></body></html>').root
            body = None if root is None else root.find(".//body")
            if body is not None:
                assert "NEVER SEEN" not in [*map(str, body.itertext()), *map(str, body.values())]
        assert "text" in all_texts(parse_xhtml(doctype + b"<html><body><p>text</p></body></html>").root)

    def test_a_doctype_of_many_parts_is_read_in_linear_time(self) -> None:
        page = b"<!DOCTYPE html [" + b'<!ENTITY a "b"><!-- c -->' * 100_000 + b"<html><body><p>text</p></body></html>"
        assert "text" in all_texts(parse_xhtml(page).root)


class TestBrokenXhtml:
    @pytest.mark.parametrize(
        ("page", "text"),
        [
            ("<html><body><p>one<p>two &amp; three<br>four</body></html>", "one two & three four"),
            ("<html><body><p>fish & chips</p><p>AT&T</p><p>1 < 2</p></body></html>", "fish & chips AT&T 1 < 2"),
            ("<html><body><p><b>bold <i>both</b> italic</i></p><p>end</p></body></html>", "bold both italic end"),
            ("<html><body><p class=x>one</p><p>two", "one two"),
            ("<html><head><title/></head><body><script/><p>one<p>two</p></body></html>", "one two"),
            ("<html><body><p>one</p></body></html><p>after the end</p>", "one after the end"),
            ("<p>no html</p><p>no body</p>", "no html no body"),
            ("no elements at all", "no elements at all"),
            ("<html><body><p>un\0wanted \x01\x02bytes\x1e</p><p>end</body></html>", "unwanted bytes end"),
            (
                "<html><body><p>&#1;b&#x1E;a&#31d <![CDATA[<raw> & text]]> goo&#100;</body></html>",
                "bad <raw> & text good",
            ),
            ("<html><body><p>cut <![CDATA[off", "cut <![CDATA[off"),
            ('<html><body><p epub:type="x" foo:bar="y">prefix</p></body></html>', "prefix"),
            ("<html><body><p>one</p><table><tr><p>stray</p><td>cell</table></body></html>", "one stray, cell"),
        ],
    )
    def test_every_word_is_kept_and_it_is_said(self, tmp_path: Path, page: str, text: str) -> None:
        book = read_body(tmp_path, page.encode())
        assert all_text(book) == text
        (warning,) = book.warnings
        assert warning.startswith("EPUB/one.xhtml is not well-formed (")
        assert warning.endswith("; it was read as HTML")

    def test_marks_of_epub_survive(self, tmp_path: Path) -> None:
        page = '<html><body><p>text<a epub:type="noteref" href="#n">1</a> & more</p></body></html>'
        book = read_body(tmp_path, page.encode())
        assert all_text(book) == "text & more"

    def test_html_doctype_of_any_kind(self, tmp_path: Path) -> None:
        public = '"-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"'
        for doctype in (
            "<!DOCTYPE html>",
            "<!doctype HTML>",
            f"<!DOCTYPE html PUBLIC {public}>",
            "\n<!DOCTYPE html\n[\n]>",
        ):
            book = read_body(tmp_path, f"{doctype}<html><body><p>caf&eacute;</p></body></html>".encode())
            assert all_text(book) == "café"
            assert book.warnings == ()


class TestNesting:
    @pytest.mark.parametrize("depth", [1_000, 2_000, 20_000, 100_000])
    @pytest.mark.parametrize("tag", ["div", "span", "blockquote", "ul"])
    def test_deep_nesting(self, tmp_path: Path, depth: int, tag: str) -> None:
        body = "<p>before</p>" + f"<{tag}>" * depth + "deep inside" + f"</{tag}>" * depth + "<p>after</p>"
        book = read_body(tmp_path, body)
        assert all_text(book) == "before deep inside after"
        flattened = ("EPUB/one.xhtml nests its elements too deeply and was flattened",)
        assert book.warnings == (flattened if depth > 2 * MAX_DEPTH else ())

    def test_text_at_every_level(self, tmp_path: Path) -> None:
        depth = 5_000
        body = "".join(f"<div>in{n} " for n in range(depth)) + "".join(f"out{n} </div>" for n in reversed(range(depth)))
        spoken = [*(f"in{n}" for n in range(depth)), *(f"out{n}" for n in reversed(range(depth)))]
        assert words(all_text(read_body(tmp_path, body))) == spoken

    def test_unclosed_elements(self, tmp_path: Path) -> None:
        body = "".join(f'<a name="p{n}"><b>word{n} ' for n in range(4_000))
        book = read_body(tmp_path, f"<html><body><p>{body}".encode())
        assert words(all_text(book)) == [f"word{n}" for n in range(4_000)]

    def test_nested_contents(self, tmp_path: Path) -> None:
        toc: list[tuple[object, ...]] = [("Chapter 900", "b.xhtml")]
        for level in reversed(range(900)):
            toc = [(f"Chapter {level}", "a.xhtml", toc)]
        nested = ncx_xml([])  # built flat below: the builder itself recurses
        opening = "".join(
            f'<navPoint><navLabel><text>{n}</text></navLabel><content src="{"a" if n < 899 else "b"}.xhtml"/>'
            for n in range(900)
        )
        pages = {"a.xhtml": "<h1>A</h1><p>a</p>", "b.xhtml": "<h1>B</h1><p>b</p>"}
        files = epub_files(pages, toc=[("x", "a.xhtml")], version=2)
        files["EPUB/toc.ncx"] = nested.replace("</navMap>", opening + "</navPoint>" * 900 + "</navMap>")
        book = read_files(tmp_path, files)
        assert texts_of(book.chapters) == [["A", "a"], ["B", "b"]]
        assert book.chapters[1].depth == 900


class TestSize:
    def test_a_chapter_of_20_megabytes(self, tmp_path: Path) -> None:
        chance = random.Random(3)
        vocabulary = [f"{chance.randrange(10**6)}x" for _ in range(50_000)]
        paragraphs = [" ".join(chance.choices(vocabulary, k=60)) for _ in range(43_000)]
        body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        assert len(body) > 20_000_000
        book = read_body(tmp_path, body)
        (chapter,) = book.chapters
        assert [block.text for block in chapter.blocks] == paragraphs

    def test_one_paragraph_of_20_megabytes(self, tmp_path: Path) -> None:
        text = " ".join(str(n) for n in range(2_700_000))
        assert len(text) > 20_000_000
        assert all_text(read_body(tmp_path, f"<p>{text}</p>")) == text


def test_fragments_of_head_are_not_read(tmp_path: Path) -> None:
    pages = {"a.xhtml": "<html><head><title>T</title><style>s</style></head><body><p>text</p></body></html>"}
    assert all_text(read_pages(tmp_path, pages)) == "text"
