"""Reads the table of contents: the navigation document of EPUB 3, else the NCX of EPUB 2."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mayabook.book.container import Container, fragment_of
from mayabook.book.heading_text import label_of
from mayabook.book.package import Package
from mayabook.book.semantics import types_of
from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, ParsedXml, local_name, parse_xhtml, parse_xml, walk
from mayabook.core.errors import BookError


@dataclass(frozen=True, slots=True)
class TocEntry:
    """An entry. href: as written. name: zip entry that it links to, None if there is none. depth: nesting, from 1."""

    title: str
    href: str
    name: str | None
    fragment: str
    depth: int


@dataclass(frozen=True, slots=True)
class Landmark:
    """An entry of the landmarks or of the EPUB 2 guide. type: epub:type or type of guide. source: which of the two."""

    type: str
    name: str
    fragment: str
    source: str


@dataclass(frozen=True, slots=True)
class TableOfContents:
    entries: tuple[TocEntry, ...]
    landmarks: tuple[Landmark, ...]


def read_table_of_contents(container: Container, package: Package, warn: Callable[[str], None]) -> TableOfContents:
    """Empty where the book has no table of contents, or an unreadable one (with a warning)."""
    entries: list[TocEntry] = []
    landmarks = [Landmark(r.type, r.name, r.fragment, "guide") for r in package.guide]
    if package.nav is not None and (root := _parsed(container, package.nav, parse_xhtml, warn)) is not None:
        navs = list(root.iter("{*}nav"))
        toc = next((nav for nav in navs if "toc" in types_of(nav)), next(iter(navs), None))
        if toc is not None:
            entries = _nav_entries(toc, container, package.nav)
        for nav in navs:
            if "landmarks" in types_of(nav):
                landmarks += _landmarks(nav, container, package.nav)
    if not entries and package.ncx is not None:
        root = _parsed(container, package.ncx, parse_xml, warn)
        nav_map = None if root is None else root.find(".//{*}navMap")
        if nav_map is not None:
            entries = _ncx_entries(nav_map, container, package.ncx)
    if package.nav is not None and package.nav not in package.spine:
        entries = [entry for entry in entries if entry.name != package.nav]  # many tables list themselves
    return TableOfContents(tuple(entries), tuple(landmarks))


def _parsed(
    container: Container, name: str, parse: Callable[[bytes], ParsedXml], warn: Callable[[str], None]
) -> Element | None:
    try:
        parsed = parse(container.read(name))
    except BookError as error:
        warn(f"the table of contents was passed over: {error}")
        return None
    for mended in parsed.repairs:
        warn(f"{name} {mended}")
    return parsed.root


def _nav_entries(nav: Element, container: Container, base: str) -> list[TocEntry]:
    """Links of the lists. A heading without a link has no target, but still nests the entries under it."""
    entries: list[TocEntry] = []
    depth = 0

    def enter(element: Element) -> bool:
        nonlocal depth
        depth += local_name(element) in ("ol", "ul")
        if local_name(element) == "a" and element.get("href"):
            entries.append(_entry(_label(element), element.get("href", ""), depth, container, base))
            return False
        return True

    def leave(element: Element) -> None:
        nonlocal depth
        depth -= local_name(element) in ("ol", "ul")

    walk(nav, enter, leave)
    return entries


def _ncx_entries(nav_map: Element, container: Container, base: str) -> list[TocEntry]:
    entries: list[TocEntry] = []
    depth = 0

    def enter(element: Element) -> bool:
        nonlocal depth
        if local_name(element) == "navpoint":
            depth += 1
            label = element.find("{*}navLabel")
            content = element.find("{*}content")
            href = "" if content is None else content.get("src", "")
            if href:
                entries.append(_entry("" if label is None else _label(label), href, depth, container, base))
        return True

    def leave(element: Element) -> None:
        nonlocal depth
        depth -= local_name(element) == "navpoint"

    walk(nav_map, enter, leave)
    return entries


def _landmarks(nav: Element, container: Container, base: str) -> Iterator[Landmark]:
    for link in nav.iter("{*}a"):
        href = link.get("href", "")
        name = container.find(href, base)
        if name is not None:
            for landmark_type in sorted(types_of(link)):
                yield Landmark(landmark_type, name, fragment_of(href), "landmarks")


def _entry(title: str, href: str, depth: int, container: Container, base: str) -> TocEntry:
    return TocEntry(title, href, container.find(href, base), fragment_of(href), max(1, depth))


def _label(element: Element) -> str:
    text = label_of(element)
    pictures = " ".join(image.get("alt", "") for image in element.iter("{*}img"))
    return text or clean_text(pictures) or clean_text(element.get("title", ""))
