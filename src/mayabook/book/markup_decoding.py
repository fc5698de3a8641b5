"""Bytes of an untrusted XML or XHTML file -> text that a parser may be given."""

import codecs
import html
import re
from collections.abc import Iterator
from html.entities import html5

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
_XML_DECLARATION = re.compile(r"<\?xml\s[^>]*>")
_MISC = r"(?:\s++ | <!--.*?--> | <\?.*?\?>)"
"""White space, comments and processing instructions: all that may stand before the document type declaration."""
_PLAIN_LITERAL = r"""(?:"[^"<>]*+" | '[^'<>]*+')"""
_EXTERNAL_ID = rf"(?:SYSTEM | PUBLIC\s+ {_PLAIN_LITERAL}) \s+ {_PLAIN_LITERAL} (?:\s+ NDATA \s+ [\w:.-]+)?"
_ENTITY_DECLARATION = rf"""<!ENTITY \s+ (?:%\s+)? [\w:.-]+ \s+ (?:"[^"]*+" | '[^']*+' | {_EXTERNAL_ID}) \s* >"""
_ATTLIST_DECLARATION = r"""<!ATTLIST \b (?:[^"'<>]++ | "[^"<]*+" | '[^'<]*+')*+ >"""
_DECLARATION = rf"{_ENTITY_DECLARATION} | {_ATTLIST_DECLARATION} | <!(?:ELEMENT|NOTATION) \b [^<>]*+ >"
_DOCTYPE = re.compile(
    rf"""(?P<before> {_MISC}*+ )
    <!DOCTYPE (?:[^\[<>"']++ | {_PLAIN_LITERAL} | ["'])*+
    (?: \[ (?P<subset> (?:{_MISC} | %[\w:.-]+; | {_DECLARATION})*+ ) \]?+ \s*+ )?+ (?P<end> >)?+""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""A prolog up to the end of its document type declaration. One that is broken ends where the grammar is first left, so
that the text after it is kept."""
_NUMBER = re.compile(r"&#(?:([0-9]{1,9})|[xX]([0-9A-Fa-f]{1,8}));?")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9._-]*);")
_CHARACTER_ENTITY = re.compile(
    r"""<!--.*?-->|<\?.*?\?>|<!ENTITY\s+([A-Za-z][\w.-]*)\s+(["'])((?:(?!\2)[^&<%]|&\#\w{1,8};){1,16})\2\s*>""",
    re.DOTALL,
)
"""The declaration of an entity of at most 16 characters. Comments and processing instructions match with no name."""
_ANY_ENTITY = re.compile(r"<!ENTITY\s+([\w:.-]+)")
_CDATA = "<![CDATA["
_SECTION_ENDS = {"<!--": "-->", _CDATA: "]]>", "<?": "?>"}
_SECTION = re.compile("|".join(map(re.escape, _SECTION_ENDS)))
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def decode_markup(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of an XML or XHTML file, ready for a parser, and what was wrong with it (each follows a file name).

    XML declaration, document type declaration and control characters are removed; CDATA sections become escaped text
    (HTML parsers take them for comments); named character references become numeric ones, and what only looks
    like one ("AT&T;") is text. A comment or CDATA section without an end would hide the rest of the document, so its
    opening becomes plain text.
    """
    text, wrong = decode(data)
    text = _CONTROLS.sub("", text).lstrip("\ufeff \t\r\n")
    if declaration := _XML_DECLARATION.match(text):
        text = text[declaration.end() :]
    text, declared = _without_doctype(text)
    left_out: set[str] = set()

    def numeric(match: re.Match[str]) -> str:
        name = match[1]
        if name in _XML_ENTITIES:
            return match[0]
        if (value := declared.get(name, "") or html5.get(f"{name};", "")) or name not in declared:
            return "".join(f"&#{ord(char)};" for char in value or html.unescape(match[0]))
        left_out.add(name)
        return ""

    def cleaned(opening: str, section: str) -> str:
        if opening == _CDATA:
            return html.escape(section.removeprefix(_CDATA).removesuffix("]]>"), quote=False)
        if opening:
            return section
        section = section.replace("<!--", "&lt;!--").replace(_CDATA, f"&lt;{_CDATA[1:]}")
        return _ENTITY.sub(numeric, _NUMBER.sub(_without_controls, section))

    text = "".join(cleaned(opening, section) for opening, section in _sections(text))
    mended = [wrong] if wrong else []
    if left_out:
        names = ", ".join(f"&{name};" for name in sorted(left_out)[:3])
        mended.append(f"uses entities of its own ({names}), which were left out")
    return text, tuple(mended)


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


def _without_doctype(text: str) -> tuple[str, dict[str, str]]:
    """The text without its document type declaration, and the entities declared there: those that stand for a few
    plain characters with these, all others with nothing."""
    doctype = _DOCTYPE.match(text)
    if doctype is None:
        return text, {}
    declared: dict[str, str] = {}
    subset = (doctype["subset"] or "") if doctype["end"] else ""
    for name, _, value in _CHARACTER_ENTITY.findall(subset):
        if name and not set(characters := html.unescape(value)) & set("&<%"):
            declared.setdefault(name, characters)
    others = dict.fromkeys(_ANY_ENTITY.findall(doctype["subset"] or ""), "")
    return doctype["before"] + text[doctype.end() :], others | declared


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """All of the text in order: comments, CDATA sections and processing instructions, each with what it opens with,
    and with "" the text between them. An opening without an end is part of the text."""
    last_ends = {opening: text.rfind(end) for opening, end in _SECTION_ENDS.items()}
    position = 0
    for found in _SECTION.finditer(text):
        opening = found[0]
        if found.start() < position or found.end() > last_ends[opening]:
            continue
        end = text.index(_SECTION_ENDS[opening], found.end()) + len(_SECTION_ENDS[opening])
        yield "", text[position : found.start()]
        yield opening, text[found.start() : end]
        position = end
    yield "", text[position:]


def _without_controls(reference: re.Match[str]) -> str:
    code = int(reference[1] or reference[2], 10 if reference[1] else 16)
    return "" if code < 0x20 and _CONTROLS.match(chr(code)) else reference[0]
