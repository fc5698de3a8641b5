"""Markup -> events, by the parsers of Python's standard library: expat, and `html.parser` for what is not XML.

Neither builds a tree, so that cost is linear in the size of a file however it is nested, and text is reported in the
order in which it is written.
"""

import codecs
import re
from collections.abc import Callable, Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Protocol, TypeVar
from xml.parsers import expat

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_ENCODING = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""")
_ENCODING_WITHIN = 2048
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""Control characters, and surrogates, which some codecs give."""
_XML_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*>")
_NAMED_CHARACTER = re.compile(r"&([A-Za-z][\w.-]*);")
_DECLARED_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]+)")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_MOST_ENTITIES = 300
_CDATA = "<![CDATA["
_CONSTRUCTS = (("<!--", "-->"), (_CDATA, "]]>"), ("<", ">"))
_UNKNOWN_SECTION = re.compile(r"<!\[(?!CDATA\[)")
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class Handler(Protocol):
    """Receives the events of one file. Tags are local names in lower case."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def text(self, text: str) -> None: ...


H = TypeVar("H", bound=Handler)


def parse(data: bytes, new_handler: Callable[[], H]) -> H:
    """A handler that received all events of the file: those of XML, or of HTML where it is not well-formed XML."""
    text = _NOT_TEXT.sub("", decode(data))
    text = _XML_DECLARATION.sub("", text, count=1) if _XML_DECLARATION.match(text) else text.lstrip()
    handler = new_handler()
    try:
        _parse_xml(text, handler)
    except expat.ExpatError:
        handler = new_handler()
        _parse_html(text, handler)
    return handler


def decode(data: bytes) -> str:
    """Text of a file: by its byte order mark, as UTF-8, or in the encoding that it declares. Bytes that fit none are
    Windows-1252, as browsers take them."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        declared = _ENCODING.search(data, 0, _ENCODING_WITHIN)
    try:
        name = declared[1].decode("ascii").lower() if declared else "utf-8"
        if not name.startswith("utf"):
            return data.decode(name)
    except (LookupError, UnicodeError):
        pass
    return re.sub("[\udc80-\udcff]", _stray_byte, data.decode("utf-8", "surrogateescape"))


def _stray_byte(match: re.Match[str]) -> str:
    return bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace")


def _parse_xml(text: str, handler: Handler) -> None:
    """Raises ExpatError where the text is not well-formed.

    Nothing is opened but the text: external entities and parameter entities are not asked for. expat refuses entities
    that expand without measure; it descends one level of the C stack for each entity in an entity, so their number is
    limited here.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    n_entities = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        handler.start(name.rpartition(":")[2].lower(), attributes)

    def declare_entity(*declaration: object) -> None:
        nonlocal n_entities
        n_entities += 1
        if n_entities > _MOST_ENTITIES:
            raise expat.ExpatError("too many entities are declared")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: handler.end(name.rpartition(":")[2].lower())
    parser.CharacterDataHandler = handler.text
    parser.EntityDeclHandler = declare_entity
    parser.SkippedEntityHandler = lambda name, is_parameter: None if is_parameter else handler.text(f"&{name};")
    parser.Parse(_with_numeric_references(text), True)


def _with_numeric_references(text: str) -> str:
    """References to characters by number in place of name; those that neither HTML nor the text itself declares are
    text ("AT&T;")."""
    kept = _XML_ENTITIES.union(_DECLARED_ENTITY.findall(text))

    def as_numbers(reference: re.Match[str]) -> str:
        if reference[1] in kept:
            return reference[0]
        return "".join(f"&#{ord(character)};" for character in unescape(reference[0]))

    before, *sections = text.split(_CDATA)
    converted = [_NAMED_CHARACTER.sub(as_numbers, before)]
    for section in sections:
        inside, end, after = section.partition("]]>")
        converted += [_CDATA, inside, end, _NAMED_CHARACTER.sub(as_numbers, after)]
    return "".join(converted)


def _parse_html(text: str, handler: Handler) -> None:
    parser = _HtmlEvents(handler)
    parser.feed(_with_closed_constructs(text))
    parser.close()


def _with_closed_constructs(text: str) -> str:
    """The text with every construct that never ends as plain text, which `html.parser` would look through again for
    each of them; and without marked sections of SGML, which it does not know."""
    for opening, end in _CONSTRUCTS:
        last = text.rfind(end) + 1
        text = text[:last] + text[last:].replace(opening, f"&lt;{opening[1:]}")
    return _UNKNOWN_SECTION.sub("<! [", text)


class _HtmlEvents(HTMLParser):
    """Void elements end where they start; a title outside of a drawing is a head, as in HTML."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(convert_charrefs=True)
        self._handler = handler
        self._in_drawing = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._handler.start(self._event(tag), {name: value or "" for name, value in attrs})
        if tag in _VOID:
            self._handler.end(tag)
        self._in_drawing |= tag == "svg"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._handler.start(self._event(tag), {name: value or "" for name, value in attrs})
        self._handler.end(self._event(tag))

    def handle_endtag(self, tag: str) -> None:
        self._in_drawing &= tag != "svg"
        if tag not in _VOID:
            self._handler.end(self._event(tag))

    def handle_data(self, data: str) -> None:
        self._handler.text(data)

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self._handler.text(data.removeprefix("CDATA["))

    def _event(self, tag: str) -> str:
        name = tag.rpartition(":")[2]
        return "head" if name == "title" and not self._in_drawing else name
