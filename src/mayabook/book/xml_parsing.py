"""Parses XML and XHTML from an untrusted book into element trees.

No document type declaration reaches libxml2: whatever its options say, it expands entities in attribute values, and
`huge_tree` lifts its limit on how far. `decode_markup` removes the declaration where the XML grammar allows one, in the
prolog; what is left is parsed inside a wrapper element, where libxml2 takes any other declaration for a syntax error.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from lxml import etree

from mayabook.book.markup_decoding import decode_markup

Element = etree._Element

MAX_DEPTH = 1000
"""Elements inside one another that are kept; libxml2 itself stops reading, in silence, at 2048."""

_END_OF_DOCUMENT = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][^\s<>/]*)[^<>]*?(/?)>")
_VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))


@dataclass(frozen=True, slots=True)
class ParsedXml:
    """root: None where there is no element at all. mended: what was wrong, each ready to follow a file name."""

    root: Element | None
    repairs: tuple[str, ...] = ()


def parse_xhtml(data: bytes) -> ParsedXml:
    """A content document. What is not well-formed XML is read as a browser would read HTML."""
    text, mended = decode_markup(data)
    if not text.strip():
        return ParsedXml(None, (*mended, "is empty"))
    root, reason = _parse_xml(text)
    if root is not None:
        return ParsedXml(root, mended)
    root, too_deep = _parse_html(text)
    if too_deep:
        root, too_deep = _parse_html(_flattened(text))
        how = "and cannot be read" if too_deep else "and was flattened"
        return ParsedXml(None if too_deep else root, (*mended, f"nests its elements too deeply {how}"))
    return ParsedXml(root, (*mended, f"is not well-formed ({reason}); it was read as HTML"))


def parse_xml(data: bytes) -> ParsedXml:
    """A file of the container: package, NCX, encryption."""
    text, mended = decode_markup(data)
    root, reason = _parse_xml(text)
    if root is not None:
        return ParsedXml(root, mended)
    root, _ = _parse_xml(text, recover=True)
    return ParsedXml(root, (*mended, f"is not well-formed ({reason}); what could be read was kept"))


def local_name(element: Element) -> str:
    """Tag without namespace or prefix, in lower case."""
    return _local(str(element.tag))


@lru_cache(maxsize=4096)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def texts(element: Element) -> Iterator[str]:
    """The pieces of text inside an element, in document order."""
    return map(str, element.itertext())


def select(root: Element, condition: str) -> list[Element]:
    """The elements of a tree that meet an XPath condition, in document order."""
    return _compiled(f"descendant-or-self::*[{condition}]")(root)  # type: ignore[return-value]


@cache
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path)


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


def _parse_xml(text: str, recover: bool = False) -> tuple[Element | None, str]:
    """The root element, or None and the reason. recover: keep what can be read of XML that is not well-formed.

    `huge_tree` lifts libxml2's limit of 10 MB for one text; the container limits how much there is to read.
    """
    parser = etree.XMLParser(
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
    try:
        wrapper = etree.fromstring(f"<wrapper>{text}</wrapper>".encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        return None, str(error.msg).splitlines()[0]
    roots = list(wrapper)
    outside = [wrapper.text or "", *(root.tail or "" for root in roots)]
    if not roots:
        return None, "no elements"
    if not recover and (len(roots) > 1 or "".join(outside).strip()):
        return None, "something stands outside of the root element"
    root = roots[0]
    root.tail = None
    wrapper.remove(root)
    return root, ""


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
