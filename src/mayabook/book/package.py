"""Reads the package document (OPF): manifest, spine, guide and metadata."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

from mayabook.book.container import Container, fragment_of
from mayabook.book.metadata import Metadata, read_metadata
from mayabook.book.xml_parsing import Element, parse_xml
from mayabook.core.errors import BookError

_OPF_MEDIA_TYPE = "application/oebps-package+xml"
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm", ".xml")


@dataclass(frozen=True, slots=True)
class ManifestItem:
    """A file of the manifest. name: its zip entry. properties: those of EPUB 3. fallback: id of the item to read
    instead of one that is not a content document."""

    id: str
    name: str
    media_type: str
    properties: frozenset[str]
    fallback: str


@dataclass(frozen=True, slots=True)
class GuideReference:
    """An entry of the EPUB 2 guide. name: zip entry that it links to."""

    type: str
    name: str
    fragment: str


@dataclass(frozen=True, slots=True)
class Package:
    """The package document. spine: zip entries of the content documents in reading order. not_read: zip entries of the
    spine that hold text and are left out of it, with the reason. order: all texts of the spine, in
    order. cover_id: id of the cover image in EPUB 2."""

    metadata: Metadata
    items: tuple[ManifestItem, ...]
    spine: tuple[str, ...]
    not_read: dict[str, str]
    order: tuple[str, ...]
    ncx: str | None
    guide: tuple[GuideReference, ...]
    cover_id: str

    def with_listed(self, names: Set[str]) -> "Package":
        """The same with those files in their places that are outside of the linear order, but in the table of
        contents."""
        added = names & self.not_read.keys() & frozenset(self.order)
        spine = tuple(name for name in self.order if name in self.spine or name in added)
        not_read = {name: reason for name, reason in self.not_read.items() if name not in added}
        return replace(self, spine=spine, not_read=not_read) if added else self

    @property
    def nav(self) -> str | None:
        return next((item.name for item in self.items if "nav" in item.properties), None)


def read_package(container: Container, warn: Callable[[str], None]) -> Package:
    """Raises BookError where there is no package document or nothing in it to read."""
    name = _find_opf(container, warn)
    parsed = parse_xml(container.read(name))
    for mended in parsed.repairs:
        warn(f"{name} {mended}")
    root = parsed.root
    if root is None or root.find(".//{*}manifest") is None:
        raise BookError(f"{container.path.name} has a broken package file ({name}): get the book again.")

    manifest = {item.get("id", "").strip(): item for item in root.iterfind(".//{*}manifest/{*}item")}
    items: dict[str, ManifestItem] = {}
    for item_id, element in manifest.items():
        found = container.find(element.get("href", ""), name)
        if found is not None:
            properties = frozenset(element.get("properties", "").split())
            media_type, fallback = element.get("media-type", "").lower(), element.get("fallback", "").strip()
            items[item_id] = ManifestItem(item_id, found, media_type, properties, fallback)

    spine = root.find(".//{*}spine")
    names = _spine(spine, manifest, items, container, warn)
    return Package(
        metadata=read_metadata(root, warn),
        items=tuple(items.values()),
        spine=names,
        not_read=_not_read(spine, items, frozenset(names)),
        order=_order(spine, items),
        ncx=_ncx(spine, items),
        guide=tuple(_guide(root, container, name)),
        cover_id=next((m.get("content", "") for m in root.iter("{*}meta") if m.get("name") == "cover"), ""),
    )


def _find_opf(container: Container, warn: Callable[[str], None]) -> str:
    problem = "has no META-INF/container.xml"
    description = container.find("META-INF/container.xml")
    if description is not None:
        root = parse_xml(container.read(description)).root
        rootfiles = [] if root is None else list(root.iter("{*}rootfile"))
        rootfiles.sort(key=lambda element: element.get("media-type") != _OPF_MEDIA_TYPE)
        for element in rootfiles:
            if (name := container.find(element.get("full-path", ""))) is not None:
                return name
        problem = "has a META-INF/container.xml that leads to no package file"
    packages = [name for name in container.names if name.lower().endswith(".opf")]
    if len(packages) == 1:
        warn(f"the book {problem}; {packages[0]} was used")
        return packages[0]
    raise BookError(f"{container.path.name} {problem}, so it is not a complete EPUB: get the book again.")


def _spine(
    spine: Element | None,
    manifest: dict[str, Element],
    items: dict[str, ManifestItem],
    container: Container,
    warn: Callable[[str], None],
) -> tuple[str, ...]:
    references = [] if spine is None else list(spine.iterchildren("{*}itemref"))
    if not references:
        warn("the book gives no reading order; that of its manifest was used")
        order = [item.id for item in items.values() if _is_text(item) and "nav" not in item.properties]
    elif all(_is_aside(reference) for reference in references):
        warn("the book leaves everything out of its reading order; all of it is read")
        order = [reference.get("idref", "").strip() for reference in references]
    else:
        order = [reference.get("idref", "").strip() for reference in references if not _is_aside(reference)]

    names: dict[str, None] = {}
    for item_id in order:
        if item_id not in items:
            what = manifest[item_id].get("href", "") if item_id in manifest else f"item {item_id!r}"
            warn(f"{what} is in the reading order but not in the book; its text is missing")
        elif (item := _text_of(items[item_id], items)) is None:
            continue
        elif item.name in names:
            warn(f"{item.name} is in the reading order twice; it is read once")
        else:
            names[item.name] = None
    if not names:
        if any(item_id in items for item_id in order):
            raise BookError(f"{container.path.name} contains no text (only pictures?): choose another book.")
        raise BookError(
            f"{container.path.name} contains none of the texts that it lists: get a complete copy of the book."
        )
    return tuple(names)


def _not_read(spine: Element | None, items: dict[str, ManifestItem], read: Set[str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for reference in [] if spine is None else spine.iterchildren("{*}itemref"):
        item = items.get(reference.get("idref", "").strip())
        text = None if item is None else _text_of(item, items)
        if text is not None and text.name not in read:
            reasons[text.name] = "outside of the linear reading order"
        elif text is None and item is not None and "svg" in item.media_type:
            reasons[item.name] = "text inside a drawing"
    return reasons


def _order(spine: Element | None, items: dict[str, ManifestItem]) -> tuple[str, ...]:
    references = [] if spine is None else spine.iterchildren("{*}itemref")
    listed = (items.get(reference.get("idref", "").strip()) for reference in references)
    found = (_text_of(item, items) for item in listed if item is not None)
    return tuple(dict.fromkeys(item.name for item in found if item is not None))


def _text_of(item: ManifestItem, items: dict[str, ManifestItem]) -> ManifestItem | None:
    """The item, or the first text of its chain of fallbacks."""
    tried: set[str] = set()
    while not _is_text(item):
        tried.add(item.id)
        if item.fallback in tried or item.fallback not in items:
            return None
        item = items[item.fallback]
    return item


def _is_text(item: ManifestItem) -> bool:
    return "html" in item.media_type or "dtbook" in item.media_type or item.name.lower().endswith(_PAGE_SUFFIXES)


def _is_aside(reference: Element) -> bool:
    return reference.get("linear", "").strip().lower() == "no"


def _ncx(spine: Element | None, items: dict[str, ManifestItem]) -> str | None:
    declared = "" if spine is None else spine.get("toc", "").strip()
    if declared in items:
        return items[declared].name
    return next((item.name for item in items.values() if item.media_type == "application/x-dtbncx+xml"), None)


def _guide(root: Element, container: Container, opf: str) -> Iterator[GuideReference]:
    for element in root.iterfind(".//{*}guide/{*}reference"):
        href = element.get("href", "")
        if (name := container.find(href, opf)) is not None:
            yield GuideReference(element.get("type", "").lower(), name, fragment_of(href))
