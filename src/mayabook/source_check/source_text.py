"""The text of a book file, document by document, as this package reads it: everything that a page can show.

What is hidden, a note, a page number and so on is text here; that it is left out is for the reader to say.
"""

import posixpath
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from mayabook.source_check.markup import decode, parse

BREAK = "\n"
"""Stands where a paragraph, cell, line or the like begins or ends."""

_PIECE = 1 << 16
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, KeyError)
_CONTAINER = "META-INF/container.xml"
_PLAIN_TEXT_SUFFIXES = (".txt", ".text")
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm", ".xml")
_UNSEEN = frozenset(("head", "script", "style", "template"))
_INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q rb rp rt rtc ruby s samp
    small span strike strong sub sup tt u var wbr""".split()
)


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One file of the reading order. text: None where the file is missing or damaged."""

    href: str
    text: str | None


def source_documents(path: Path) -> Iterator[SourceDocument] | None:
    """The documents of a book file in reading order; None for a format that is not known here.

    Of an EPUB: all of its spine, also what is out of the linear order.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            spine = _Spine(archive)
            return _epub_documents(path, spine.hrefs()) if spine.package else None
    if path.suffix.lower() in _PLAIN_TEXT_SUFFIXES:
        return iter((SourceDocument(path.name, decode(path.read_bytes())),))
    return None


def _epub_documents(path: Path, hrefs: Iterable[str]) -> Iterator[SourceDocument]:
    with zipfile.ZipFile(path) as archive:
        names = _names(archive)
        for href in hrefs:
            data = _read(archive, names.get(href))
            yield SourceDocument(href, None if data is None else parse(data, _VisibleText).result())


def _names(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    return {info.filename.replace("\\", "/"): info for info in archive.infolist() if not info.is_dir()}


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo | None) -> bytes | None:
    """Content of an entry, read piece by piece so that no more is inflated than its header claims."""
    try:
        with archive.open(info or "") as file:
            return b"".join(iter(lambda: file.read(_PIECE), b""))
    except _DAMAGE:
        return None


class _VisibleText:
    """Joins the text of a document outside of the elements that a page never shows."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._n_unseen = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "body":
            self._n_unseen = 0  # a head without an end must not swallow the book
        elif tag in _UNSEEN:
            self._n_unseen += 1
        if tag not in _INLINE:
            self._parts.append(BREAK)

    def end(self, tag: str) -> None:
        if tag in _UNSEEN and self._n_unseen:
            self._n_unseen -= 1
        if tag not in _INLINE:
            self._parts.append(BREAK)

    def text(self, text: str) -> None:
        if not self._n_unseen:
            self._parts.append(text)

    def result(self) -> str:
        return "".join(self._parts)


@dataclass(slots=True)
class _Elements:
    """All elements of a small XML file, as (tag, attributes)."""

    found: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.found.append((tag, {name.rpartition(":")[2].lower(): value for name, value in attributes.items()}))

    def end(self, tag: str) -> None: ...

    def text(self, text: str) -> None: ...

    def named(self, tag: str) -> list[Mapping[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


class _Spine:
    """The reading order of an EPUB. package: zip entry of its package document, empty where there is none."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = _names(archive)
        self._folded = {_fold(name): name for name in reversed(self._names)}
        self.package = self._find_package()

    def hrefs(self) -> list[str]:
        """Entries of the zip, each once. What the package lists and the zip lacks keeps the name it is listed by."""
        elements = self._elements(self.package).found
        items = {attributes.get("id", "").strip(): attributes for tag, attributes in elements if tag == "item"}
        listed = [attributes.get("idref", "").strip() for tag, attributes in elements if tag == "itemref"]
        if not listed:
            listed = [name for name, item in items.items() if "nav" not in item.get("properties", "").split()]
        texts = (self._text_of(item_id, items) for item_id in listed)
        return list(dict.fromkeys(self._find(item.get("href", ""), self.package) for item in texts if item is not None))

    def _find_package(self) -> str:
        rootfiles = self._elements(_CONTAINER).named("rootfile")
        rootfiles.sort(key=lambda item: item.get("media-type") != "application/oebps-package+xml")
        found = [name for item in rootfiles if (name := self._find(item.get("full-path", ""))) in self._names]
        return next(iter(found or [name for name in self._names if name.lower().endswith(".opf")]), "")

    def _elements(self, href: str) -> _Elements:
        data = _read(self._archive, self._names.get(self._find(href)))
        return _Elements() if data is None else parse(data, _Elements)

    def _text_of(self, item_id: str, items: Mapping[str, Mapping[str, str]]) -> Mapping[str, str] | None:
        """The item, or the first of its fallbacks that is a page; else a drawing, which may hold text; None for other
        pictures. An item that the manifest does not have is a page without a file."""
        first = item = items.get(item_id, {"href": item_id, "media-type": "html"})
        tried: set[str] = set()
        while not _is_page(item):
            tried.add(item.get("id", "").strip())
            fallback = item.get("fallback", "").strip()
            if fallback in tried or fallback not in items:
                return first if "svg" in first.get("media-type", "").lower() else None
            item = items[fallback]
        return item

    def _find(self, href: str, base: str = "") -> str:
        target = re.split("[#?]", href.strip(), maxsplit=1)[0]
        folder = posixpath.dirname(base)
        candidates = [posixpath.normpath(posixpath.join(folder, form)) for form in (target, unquote(target))]
        for name in candidates:
            if name in self._names:
                return name
        return next((self._folded[_fold(name)] for name in candidates if _fold(name) in self._folded), candidates[1])


def _is_page(item: Mapping[str, str]) -> bool:
    media_type = item.get("media-type", "").lower()
    return "html" in media_type or "dtbook" in media_type or item.get("href", "").lower().endswith(_PAGE_SUFFIXES)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
