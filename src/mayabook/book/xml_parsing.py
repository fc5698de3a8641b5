"""Bytes of a file in the book -> a tree of elements, trusting nothing they say.

No DTD is ever read, no entity expanded by the parser, no file or address opened: the document type is cut out before
the parser sees it. Named characters are put in by hand: those of HTML from the table of the standard library, and those
that a document declares itself, as long as they are a few plain characters.
"""

import codecs
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import Any

from lxml import etree

Element = etree._Element

MAX_DEPTH = 1000
"""Elements inside one another that are kept; libxml2 itself stops reading, in silence, at 2048."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]*?charset\s*=\s*["']?([\w.:-]+)""")
_XML_DECLARATION = re.compile(r"<\?xml[^>]*>")
_DOCTYPE = re.compile(
    r"""<!DOCTYPE (?:[^\[>"']++|"[^"]*"|'[^']*')*+
        (?:\[ (?:[^\]"'<]++|"[^"]*"|'[^']*'|<!--.*?-->|<\?.*?\?>|<(?!!--|\?))*+ \]\s*+)? >""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_NUMBER = re.compile(r"&#(?:([0-9]{1,9})|[xX]([0-9A-Fa-f]{1,8}));?")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9._-]*);")
_OWN_CHARACTERS = re.compile(r"""<!ENTITY\s+([A-Za-z][\w.-]*)\s+(["'])((?:(?!\2)[^&<%]|&\#\w{1,8};){1,16})\2\s*>""")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_END_OF_DOCUMENT = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][^\s<>/]*)[^<>]*?(/?)>")
_VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))


@dataclass(frozen=True, slots=True)
class Parsed:
    """root: None where there is no element at all. mended: what was wrong, each ready to follow a file name."""

    root: Element | None
    mended: tuple[str, ...] = ()


def parse_xhtml(data: bytes) -> Parsed:
    """A content document. What is not well-formed XML is read as a browser would read HTML."""
    text, mended = _prepare(data)
    try:
        return Parsed(etree.fromstring(text.encode("utf-8", "replace"), _xml_parser()), mended)
    except etree.XMLSyntaxError as error:
        if not text.strip():
            return Parsed(None, (*mended, "is empty"))
        root, too_deep = _parse_html(text)
        if too_deep:
            root, too_deep = _parse_html(_flattened(text))
            how = "and cannot be read" if too_deep else "and was flattened"
            return Parsed(None if too_deep else root, (*mended, f"nests its elements too deeply {how}"))
        return Parsed(root, (*mended, f"is not well-formed ({_first_line(error)}); it was read as HTML"))


def parse_xml(data: bytes) -> Parsed:
    """A file of the container: package, NCX, encryption."""
    text, mended = _prepare(data)
    encoded = text.encode("utf-8", "replace")
    try:
        return Parsed(etree.fromstring(encoded, _xml_parser()), mended)
    except etree.XMLSyntaxError as error:
        mended = (*mended, f"is not well-formed ({_first_line(error)}); what could be read was kept")
    try:
        return Parsed(etree.fromstring(encoded, _xml_parser(recover=True)), mended)
    except etree.XMLSyntaxError:
        return Parsed(None, mended)


def local_name(element: Element) -> str:
    """Tag without namespace or prefix, in lower case."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def texts(element: Element) -> Iterator[str]:
    """The pieces of text inside an element, in document order."""
    return map(str, element.itertext())


def walk(root: Element, enter: Callable[[Element], bool], leave: Callable[[Element], None]) -> None:
    """Visits a tree of any depth in document order; goes into an element only if `enter` says so."""
    if not enter(root):
        return
    open_elements = [(root, iter(root))]
    while open_elements:
        element, children = open_elements[-1]
        child = next(children, None)
        if child is None:
            open_elements.pop()
            leave(element)
        elif enter(child):
            open_elements.append((child, iter(child)))
        else:
            leave(child)


def decode(data: bytes) -> tuple[str, str]:
    """The text, and what was wrong with the encoding it claims (empty if nothing)."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace").removeprefix("\ufeff"), ""
    match = _DECLARED.search(data, 0, 2048)
    declared = (match[1] or match[2]).decode("ascii").lower() if match else "utf-8"
    try:
        return data.decode("utf-8"), ""  # bytes that are valid UTF-8 are UTF-8, whatever else is declared
    except UnicodeDecodeError:
        pass
    try:
        if not declared.startswith("utf"):
            return data.decode(declared), ""
        wrong = f"says it is {declared} but is not"
    except (LookupError, UnicodeError):
        wrong = f"says it is {declared} but cannot be read so"
    return data.decode("utf-8", "mayabook.stray_bytes"), f"{wrong}; stray bytes were read as Windows-1252"


def _stray_byte(error: UnicodeError) -> tuple[str, int]:
    # Latin-1 here; `text.clean` maps what Windows-1252 has in the range 0x80 to 0x9F.
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("mayabook.stray_bytes", _stray_byte)


def _prepare(data: bytes) -> tuple[str, tuple[str, ...]]:
    text, wrong = decode(data)
    mended = [wrong] if wrong else []
    text = _CONTROLS.sub("", text).lstrip("\ufeff \t\r\n")
    if declaration := _XML_DECLARATION.match(text):
        text = text[declaration.end() :]
    start = re.search("<!DOCTYPE", text, re.IGNORECASE)
    own: dict[str, str] = {}
    if start and (doctype := _DOCTYPE.match(text, start.start())):
        for name, _, value in _OWN_CHARACTERS.findall(doctype[0]):
            if not set(character := html.unescape(value)) & set("&<%"):
                own.setdefault(name, character)
        text = text[: start.start()] + text[doctype.end() :]
    if "<![CDATA[" in text:
        text = _without_cdata(text)

    unknown: set[str] = set()

    def spelt_out(match: re.Match[str]) -> str:
        name = match[1]
        if name in _XML_ENTITIES:
            return match[0]
        if (value := own.get(name) or html5.get(f"{name};")) is None:
            unknown.add(name)
            return ""
        return "".join(f"&#{ord(char)};" for char in value)

    text = _ENTITY.sub(spelt_out, _NUMBER.sub(_without_controls, text))
    if unknown:
        names = ", ".join(f"&{name};" for name in sorted(unknown)[:3])
        mended.append(f"uses entities of its own ({names}), which were left out")
    return text, tuple(mended)


def _without_controls(reference: re.Match[str]) -> str:
    code = int(reference[1] or reference[2], 10 if reference[1] else 16)
    return "" if code < 0x20 and _CONTROLS.match(chr(code)) else reference[0]


def _without_cdata(text: str) -> str:
    """CDATA as escaped text, because HTML parsers take it for a comment and lose its words."""
    before, *sections = text.split("<![CDATA[")
    parts = [before]
    for section in sections:
        inside, end, after = section.partition("]]>")
        parts += [html.escape(inside, quote=False), after] if end else ["&lt;![CDATA[", section]
    return "".join(parts)


def _xml_parser(recover: bool = False) -> etree.XMLParser:
    # huge_tree only lifts the limit of 10 MB for one text: the container bounds how much there is to read,
    # and without a document type nothing can be expanded.
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _parse_html(text: str) -> tuple[Element | None, bool]:
    parser: Any = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False
    )
    text = _END_OF_DOCUMENT.sub("", text)  # what comes after it would be lost
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    limit = etree.ErrorTypes.ERR_RESOURCE_LIMIT
    return root, any(error.type == limit for error in parser.error_log)


def _flattened(text: str) -> str:
    """Without the tags that stand inside `MAX_DEPTH` others."""
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        closes, name, empty = match.groups()
        depth -= bool(closes and depth)
        kept = match[0] if depth < MAX_DEPTH else " "
        depth += not (closes or empty or name.lower() in _VOID)
        return kept

    return _TAG.sub(keep, text)


def _first_line(error: etree.XMLSyntaxError) -> str:
    return str(error.msg).splitlines()[0] if error.msg else "no elements"
