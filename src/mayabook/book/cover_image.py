"""Finds the cover image: by EPUB 3 property, EPUB 2 metadata, guide, or file name."""

from mayabook.book.container import Container
from mayabook.book.package import Package
from mayabook.book.xml_parsing import parse_xhtml
from mayabook.core.book import Cover
from mayabook.core.errors import BookError

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)


def read_cover(container: Container, package: Package) -> Cover | None:
    """The first candidate that is a bitmap, by its bytes rather than by its media type in the manifest."""
    for name in dict.fromkeys(_candidates(container, package)):
        try:
            data = container.read(name)
        except BookError:
            continue
        for signature, media_type in _SIGNATURES:
            if data.startswith(signature):
                return Cover(data, media_type)
    return None


def _candidates(container: Container, package: Package) -> list[str]:
    items = package.items
    found = [item.name for item in items if "cover-image" in item.properties]
    found += [item.name for item in items if package.cover_id and package.cover_id == item.id]
    for reference in package.guide:
        if reference.type == "cover":
            found += [reference.name, *_first_image(container, reference.name)]
    images = [item for item in items if item.media_type.startswith("image/")]
    return found + [item.name for item in images if item.id.lower() in ("cover", "cover-image", "coverimage")]


def _first_image(container: Container, page: str) -> list[str]:
    try:
        root = parse_xhtml(container.read(page)).root
    except BookError:
        return []
    for element in () if root is None else root.iter("{*}img", "{*}image"):
        href = element.get("src") or element.get("{http://www.w3.org/1999/xlink}href") or element.get("href")
        if href and (name := container.find(href, page)):
            return [name]
    return []
