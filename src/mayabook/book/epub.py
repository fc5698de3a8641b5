"""EPUB -> Book."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mayabook.book.block_extraction import read_page
from mayabook.book.chapters import divide
from mayabook.book.container import Container, fragment_of
from mayabook.book.content_document import ContentDocument
from mayabook.book.cover_image import read_cover
from mayabook.book.drm import refuse_drm
from mayabook.book.footnotes import NoteMark, Place, Resolve, marks_in, note_places
from mayabook.book.matter import Hint
from mayabook.book.outline import find_starts
from mayabook.book.package import Package, read_package
from mayabook.book.semantics import MATTER_TYPES
from mayabook.book.table_of_contents import Contents, read_contents
from mayabook.book.text_cleaning import has_words
from mayabook.book.xml_parsing import Element, parse_xhtml
from mayabook.core.book import Book, Matter
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings


def read_epub(path: Path, settings: BookSettings) -> Book:
    """Reads an EPUB 2 or 3; what is broken but can be mended is, with a warning.

    Raises BookError if there is nothing to read, DrmError if it is encrypted.
    """
    with Container(path, settings.max_bytes) as container:
        refuse_drm(container)
        warnings = dict.fromkeys(container.warnings)

        def warn(warning: str) -> None:
            warnings.setdefault(" ".join(warning.split()))

        package = read_package(container, warn)
        contents = read_contents(container, package, warn)
        pages = _read_pages(container, package, contents, settings.image_alt, warn)
        cover = read_cover(container, package)

    starts = find_starts(pages, contents.entries, warn)
    chapters, notes = divide(pages, starts, _hints(pages, contents, package), package.metadata)
    if not any(has_words(block.text) for chapter in chapters for block in chapter.blocks):
        raise BookError(f"{path.name} holds no text to read (pictures only?): choose another book.")
    metadata = package.metadata
    return Book(
        title=metadata.title or path.stem,
        authors=metadata.authors,
        chapters=chapters,
        language=metadata.language,
        identifier=metadata.identifier,
        publisher=metadata.publisher,
        description=metadata.description,
        year=metadata.year,
        cover=cover,
        left_out=tuple(entry for page in pages for entry in page.left_out) + tuple(notes),
        warnings=tuple(warnings),
    )


def _read_pages(
    container: Container, package: Package, contents: Contents, image_alt: bool, warn: Callable[[str], None]
) -> list[ContentDocument]:
    """Each document is parsed twice, for the links of the whole book and then for its text, so that only one
    tree is in memory at a time."""
    marks: list[NoteMark] = []
    readable: list[str] = []
    for name in package.spine:
        try:
            root = _parse(container, name, warn)
        except BookError as error:
            warn(f"{name} cannot be read, and its text is missing: {error}")
            continue
        if root is not None:
            readable.append(name)
            marks += marks_in(root, name, _resolver(container, name))
    if not readable:
        raise BookError(f"None of the texts of {container.path.name} can be read: get the book again.")

    notes = note_places(marks)
    cuts: dict[str, set[str]] = {name: set() for name in readable}
    aims = [(entry.name, entry.fragment) for entry in contents.entries]
    for aim, fragment in aims + [(mark.name, mark.fragment) for mark in contents.landmarks]:
        if fragment and aim in cuts:
            cuts[aim].add(fragment)
    pages = []
    for name in readable:
        if (root := _parse(container, name, warn)) is not None:
            resolve = _resolver(container, name)
            pages.append(read_page(root, name, cuts=cuts[name], notes=notes, resolve=resolve, image_alt=image_alt))
    return pages


def _parse(container: Container, name: str, warn: Callable[[str], None]) -> Element | None:
    parsed = parse_xhtml(container.read(name))
    for mended in parsed.mended:
        warn(f"{name} {mended}")
    return parsed.root


def _resolver(container: Container, base: str) -> Resolve:
    def resolve(href: str) -> Place | None:
        fragment = fragment_of(href)
        name = container.find(href, base) if fragment else None
        return None if name is None else (name, fragment)

    return resolve


def _hints(pages: Sequence[ContentDocument], contents: Contents, package: Package) -> dict[tuple[int, int], Hint]:
    """What landmarks and guide say of the place they point at; where they disagree, nothing."""
    numbers = {page.href: number for number, page in enumerate(pages)}
    hints: dict[tuple[int, int], Hint] = {}
    disputed: set[tuple[int, int]] = set()
    for mark in contents.landmarks:
        matter = MATTER_TYPES.get(mark.type)
        if matter is None or mark.name not in numbers:
            continue
        page = numbers[mark.name]
        place = (page, pages[page].anchors.get(mark.fragment, 0))
        calls = "the landmarks call" if mark.source == "landmarks" else "the guide calls"
        hint = hints.setdefault(place, Hint(matter, f"{calls} it {mark.type!r}"))
        if hint.matter is not matter:
            disputed.add(place)
    if package.nav in numbers:
        hints[numbers[package.nav], 0] = Hint(Matter.CONTENTS, "it is the navigation page of the book")
        disputed.discard((numbers[package.nav], 0))
    return {place: hint for place, hint in hints.items() if place not in disputed}
