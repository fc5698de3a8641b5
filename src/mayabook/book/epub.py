"""Reads an EPUB into a `Book`."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import or_
from pathlib import Path

from mayabook.book.block_extraction import extract_blocks
from mayabook.book.boilerplate import mark_boilerplate
from mayabook.book.broken_text import join_at_page_breaks, join_cut_sentences, join_cut_words
from mayabook.book.chapters import divide_into_chapters
from mayabook.book.class_styles import ClassStyles, write_into_markup
from mayabook.book.container import Container, fragment_of
from mayabook.book.content_document import ContentDocument
from mayabook.book.cover_image import read_cover
from mayabook.book.css_visibility import hidden_elements
from mayabook.book.drm import refuse_drm
from mayabook.book.footnotes import (
    NoteReference,
    Place,
    Resolve,
    find_note_labels,
    find_note_references,
    find_note_targets,
)
from mayabook.book.line_numbers import leave_out_line_numbers
from mayabook.book.matter import MatterHint
from mayabook.book.outline import find_chapter_starts
from mayabook.book.package import Package, read_package
from mayabook.book.plain_verses import leave_out_verse_numbers
from mayabook.book.printed_numbers import leave_out_printed_numbers
from mayabook.book.reader import BookFacts
from mayabook.book.repeated_lines import leave_out_repeated_lines
from mayabook.book.semantics import MATTER_TYPES, text_of
from mayabook.book.style_sheets import StyleSheet, StyleSheets
from mayabook.book.table_of_contents import TableOfContents, read_table_of_contents
from mayabook.book.text_cleaning import has_words
from mayabook.book.xml_parsing import Element, parse_xhtml
from mayabook.core.book import Book, Matter
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings


def read_epub(path: Path, settings: BookSettings) -> Book:
    """Reads an EPUB 2 or 3; what can be repaired is repaired, with a warning.

    Raises BookError if there is nothing to read, DrmError if it is encrypted.
    """
    with Container(path, settings.max_bytes) as container:
        refuse_drm(container)
        warnings = dict.fromkeys(container.warnings)

        def warn(warning: str) -> None:
            warnings.setdefault(" ".join(warning.split()))

        package = read_package(container, warn)
        contents = read_table_of_contents(container, package, warn)
        package = package.with_listed({entry.name for entry in contents.entries if entry.name is not None})
        documents = _read_documents(container, package, contents, settings.image_alt, warn)
        left_out = [entry for document in _passed_over(container, package, warn) for entry in document.left_out]
        cover = read_cover(container, package)

    titles = {package.metadata.title, *package.metadata.authors, *(entry.title for entry in contents.entries)}
    leave_out_printed_numbers(documents, titles)
    for document in documents:
        leave_out_verse_numbers(document)
        leave_out_line_numbers(document)
        join_at_page_breaks(document)
    join_cut_sentences(documents, {entry.name or "" for entry in contents.entries if not entry.fragment})
    join_cut_words(documents)
    leave_out_repeated_lines(documents, package.metadata)
    mark_boilerplate(documents)
    starts = find_chapter_starts(documents, contents.entries, warn)
    chapters, notes = divide_into_chapters(documents, starts, _hints(documents, contents, package), package.metadata)
    if not any(has_words(block.text) for chapter in chapters for block in chapter.blocks):
        raise BookError(f"{path.name} contains no text (only pictures?): choose another book.")
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
        left_out=(*(entry for document in documents for entry in document.left_out), *notes, *left_out),
        supplied=tuple(entry for document in documents for entry in document.supplied),
        warnings=tuple(warnings),
    )


def read_epub_facts(path: Path, settings: BookSettings) -> BookFacts:
    """Title, authors and cover from the package document. Raises BookError and DrmError as `read_epub` does."""
    with Container(path, settings.max_bytes) as container:
        refuse_drm(container)
        package = read_package(container, lambda warning: None)
        return BookFacts(package.metadata.title or path.stem, package.metadata.authors, read_cover(container, package))


def _read_documents(
    container: Container, package: Package, contents: TableOfContents, image_alt: bool, warn: Callable[[str], None]
) -> list[ContentDocument]:
    """Each document is parsed twice, for the links of the whole book and then for its text, so that only one
    tree is in memory at a time."""
    marks: list[NoteReference] = []
    labels: dict[Place, str] = {}
    readable: list[str] = []
    style_sheets = StyleSheets(container, warn)
    for name in package.spine:
        try:
            root = _parse(container, name, warn)
        except BookError as error:
            warn(f"{name} cannot be read, and its text is missing: {error}")
            continue
        if root is not None:
            readable.append(name)
            write_into_markup(root, _class_styles(style_sheets.of(root, name)))
            marks += find_note_references(root, name, _resolver(container, name))
            labels.update(find_note_labels(root, name))
    if not readable:
        raise BookError(f"None of the texts of {container.path.name} can be read: get the book again.")

    notes = find_note_targets(marks, labels)
    cuts: dict[str, set[str]] = {name: set() for name in readable}
    aims = [(entry.name, entry.fragment) for entry in contents.entries]
    for aim, fragment in aims + [(mark.name, mark.fragment) for mark in contents.landmarks]:
        if fragment and aim in cuts:
            cuts[aim].add(fragment)
    documents = []
    for name in readable:
        if (root := _parse(container, name, warn)) is not None:
            sheets = style_sheets.of(root, name)
            hidden = hidden_elements(root, [sheet.visibility for sheet in sheets])
            styles = _class_styles(sheets)
            write_into_markup(root, styles)
            documents.append(
                extract_blocks(
                    root,
                    name,
                    cuts=cuts[name],
                    notes=notes,
                    resolve=_resolver(container, name),
                    hidden=hidden,
                    spaced=styles.spaced,
                    image_alt=image_alt,
                )
            )
    return documents


def _class_styles(sheets: Sequence[StyleSheet]) -> ClassStyles:
    return reduce(or_, (sheet.classes for sheet in sheets), ClassStyles())


def _passed_over(container: Container, package: Package, warn: Callable[[str], None]) -> Iterator[ContentDocument]:
    """The documents of the spine that are not read, with all of their text left out."""
    for name, reason in package.not_read.items():
        document = ContentDocument(name)
        try:
            root = _parse(container, name, warn)
        except BookError:
            continue  # nobody misses its text; the second reading reports the file
        if root is not None:
            document.omit(text_of(root), reason, "/")
        yield document


def _parse(container: Container, name: str, warn: Callable[[str], None]) -> Element | None:
    parsed = parse_xhtml(container.read(name))
    for mended in parsed.repairs:
        warn(f"{name} {mended}")
    return parsed.root


def _resolver(container: Container, base: str) -> Resolve:
    def resolve(href: str) -> Place | None:
        fragment = fragment_of(href)
        name = container.find(href, base) if fragment else None
        return None if name is None else (name, fragment)

    return resolve


def _hints(
    documents: Sequence[ContentDocument], contents: TableOfContents, package: Package
) -> dict[tuple[int, int], MatterHint]:
    """The matter of each target by landmarks and guide; targets on which they disagree are left out."""
    numbers = {document.href: number for number, document in enumerate(documents)}
    hints: dict[tuple[int, int], MatterHint] = {}
    disputed: set[tuple[int, int]] = set()
    for mark in contents.landmarks:
        matter = MATTER_TYPES.get(mark.type)
        if matter is None or mark.name not in numbers:
            continue
        document = numbers[mark.name]
        place = (document, documents[document].anchors.get(mark.fragment, 0))
        calls = "the landmarks call" if mark.source == "landmarks" else "the guide calls"
        hint = hints.setdefault(place, MatterHint(matter, f"{calls} it {mark.type!r}"))
        if hint.matter is not matter:
            disputed.add(place)
    if package.nav in numbers:
        hints[numbers[package.nav], 0] = MatterHint(Matter.CONTENTS, "it is the navigation page of the book")
        disputed.discard((numbers[package.nav], 0))
    return {place: hint for place, hint in hints.items() if place not in disputed}
