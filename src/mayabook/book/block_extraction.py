"""Extracts blocks of clean text from a content document, and records every word that is left out, with the reason."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType

from mayabook.book.aria_labels import read_aria_labels
from mayabook.book.block_building import CELL_END, LINE_END, BlockBuilder
from mayabook.book.class_names import Role, roles_of
from mayabook.book.content_document import PAGE_NUMBER, ContentDocument
from mayabook.book.drop_caps import join_drop_caps
from mayabook.book.element_path import ElementPath
from mayabook.book.exclusions import REFERENCE, exclusion_reason
from mayabook.book.footnotes import Place, Resolve, find_note_elements
from mayabook.book.formulas import read_formulas
from mayabook.book.frames import LONGEST_HEADING, Frame, begins_block, declared_part, kind_of
from mayabook.book.heading_text import begins_title, runs_together
from mayabook.book.list_numbers import list_numbers
from mayabook.book.pictured_text import is_pictured_text
from mayabook.book.plain_marks import take_out_plain_marks
from mayabook.book.raised_text import read_raised_text
from mayabook.book.scene_breaks import SceneBreaks, find_scene_breaks
from mayabook.book.semantics import (
    BLOCK_TAGS,
    NOTE_CLASSES,
    NOTE_TYPES,
    classes_of,
    opening_of,
    text_of,
    types_of,
)
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.tex_formulas import read_tex_formulas
from mayabook.book.text_cleaning import clean_text, has_words, is_ornament
from mayabook.book.untyped_notes import label_of_note, labels_of, mark_untyped_notes
from mayabook.book.verse_numbers import read_verse_numbers
from mayabook.book.xml_parsing import Element, local_name, texts, walk
from mayabook.core.book import BlockKind


@dataclass(frozen=True, slots=True)
class _Annotations:
    """What is known of elements before their text is read. numbers: of list items."""

    notes: frozenset[Element]
    substitutions: Substitutions
    scene_breaks: SceneBreaks
    numbers: Mapping[Element, str]


def extract_blocks(
    root: Element,
    href: str,
    *,
    cuts: Set[str] = frozenset(),
    notes: frozenset[Place] = frozenset(),
    resolve: Resolve = lambda _: None,
    hidden: Mapping[Element, str] = MappingProxyType({}),
    spaced: Set[str] = frozenset(),
    image_alt: bool = False,
) -> ContentDocument:
    """Every visible word of the document exactly once: in a block or in `left_out`.

    cuts: ids at which a new block starts, because a chapter may start there. notes: targets of note references in the
    whole book. resolve: link -> target. hidden: elements that are not to be read, and why. spaced:
    classes with a wide margin above. image_alt: keep the alternative text of images as blocks.
    """
    title = root.find(".//{*}title")
    document = ContentDocument(href, "" if title is None else clean_text("".join(texts(title))))
    for initial in join_drop_caps(root):
        document.supply(initial, "initial in a picture", "/html/body")
    read_aria_labels(root)
    left_out = {element: Substitution("", reason) for element, reason in hidden.items()}
    annotations = _Annotations(
        notes=find_note_elements(root, href, notes),
        substitutions=read_verse_numbers(root) | read_raised_text(root) | read_formulas(root) | left_out,
        scene_breaks=find_scene_breaks(root, spaced),
        numbers=list_numbers(root),
    )
    reader = _BlockExtractor(document, cuts, notes, resolve, annotations, image_alt)
    walk(root, reader.enter, reader.leave)
    reader.finish()
    read_tex_formulas(document)
    take_out_plain_marks(document)
    mark_untyped_notes(document)
    return document


class _BlockExtractor:
    def __init__(
        self,
        document: ContentDocument,
        cuts: Set[str],
        notes: frozenset[Place],
        resolve: Resolve,
        annotations: _Annotations,
        image_alt: bool,
    ) -> None:
        self._document = document
        self._cuts = cuts
        self._notes = notes
        self._resolve = resolve
        self._annotations = annotations
        self._number = ""
        self._image_alt = image_alt
        self._frames = [Frame()]
        self._path = ElementPath()
        self._builder = BlockBuilder(document, self._path)
        self._text: list[str] = []
        self._n_chars = 0
        self._n_linked = 0
        self._images: list[str] = []
        self._sidenotes: list[str] = []
        self._is_after_mark = False
        self._is_page_end = False  # no text followed the last page number yet

    def enter(self, element: Element) -> bool:
        tag = local_name(element)
        self._path.enter(tag)
        if (substitution := self._annotations.substitutions.get(element)) is not None:
            self._substitute(element, substitution)
            return False
        if Role.SIDENOTE in roles_of(element) and self._is_inside_sentence(tag):
            self._anchor(element)
            self._sidenotes.append(text_of(element))
            self._frames.append(self._frames[-1]._replace(is_block=False))
            return False
        reason = exclusion_reason(element, tag, self._notes, self._resolve)
        is_block = reason is None and begins_block(element, tag, self._frames[-1])
        if is_block:
            self._end_of_block(CELL_END if tag in ("td", "th") else " ")
            if element in self._annotations.scene_breaks.before:
                self._builder.add(BlockKind.SCENE_BREAK, "", self._frames[-1])
        self._anchor(element)
        if reason is not None:
            self._leave_out(element, reason)
            self._frames.append(self._frames[-1]._replace(is_block=False))
            return False
        self._frames.append(self._frame(element, tag, is_block))
        if self._frames[-1].kind is BlockKind.HEADING and not is_block:
            self._part_heading(element)
        if tag == "br":
            self._text.append(LINE_END)
        elif tag == "a" and _follows_other_link(element):
            self._text.append(" ")
        elif tag == "li" and element in self._annotations.numbers:
            self._number = self._annotations.numbers[element]
        elif tag == "img":
            self._picture(element)
        elif tag == "q":
            self._text.append("“")
        self._gather(element.text)
        return True

    def leave(self, element: Element) -> None:
        frame = self._frames[-1]
        tag = local_name(element)
        if tag == "q":
            self._text.append("”")
        elif tag == "li":
            self._number = ""
        if frame.is_block:
            if frame.in_row and not self._frames[-2].in_row:
                self._flush()
            else:
                self._end_of_block(" ")
            empty = frame.first == len(self._document.blocks) and not frame.in_row
            if empty and (
                tag == "hr"
                or Role.SCENE_BREAK in roles_of(element)
                or element in self._annotations.scene_breaks.elements
            ):
                self._builder.add(BlockKind.SCENE_BREAK, "", frame)
        self._frames.pop()
        self._path.leave()
        tail = element.tail or ""
        if self._is_after_mark:
            tail = self._close_gap(tail)
            self._is_after_mark = False
        self._gather(tail)

    def finish(self) -> None:
        self._flush()

    def _frame(self, element: Element, tag: str, is_block: bool) -> Frame:
        parent = self._frames[-1]
        if not is_block:
            return parent._replace(is_block=False, in_link=parent.in_link or (tag == "a" and "href" in element.attrib))
        types, classes = types_of(element), classes_of(element)
        kind, level = kind_of(element, tag, types | classes, parent)
        return Frame(
            kind=kind,
            level=level,
            declared=declared_part(element, types) or parent.declared,
            is_note=parent.is_note or self._is_note(element, tag, types, classes),
            in_row=parent.in_row or (kind is BlockKind.TABLE_ROW and tag == "tr"),
            in_link=parent.in_link,
            preformatted=parent.preformatted or tag == "pre",
            is_block=True,
            steps=len(self._path),
            first=len(self._document.blocks),
        )

    def _is_note(self, element: Element, tag: str, types: frozenset[str], classes: frozenset[str]) -> bool:
        if types & NOTE_TYPES or element in self._annotations.notes:
            return True
        if not classes & NOTE_CLASSES:
            return False
        return next(element.iter("{*}a"), None) is not None or self._answers_reference(element)

    def _answers_reference(self, element: Element) -> bool:
        """Whether an element begins with the label of a reference that no link marks."""
        return label_of_note(opening_of(element, LONGEST_HEADING)) in self._document.references

    def _is_inside_sentence(self, tag: str) -> bool:
        return tag not in BLOCK_TAGS or any(part.strip() for part in self._text)

    def _part_heading(self, element: Element) -> None:
        """Starts a new line at an element of a heading that would run together with the one before it."""
        previous = element.getprevious()
        before, after = "".join(self._text), (element.text or "").strip()
        is_adjacent = previous is not None and not previous.tail
        if (is_adjacent and runs_together(before.strip(), after)) or begins_title(before, after):
            self._text.append(LINE_END)

    def _substitute(self, element: Element, substitution: Substitution) -> None:
        self._anchor(element)
        self._leave_out(element, substitution.reason)
        if substitution.reason == REFERENCE:
            for label in labels_of(text_of(element)):
                self._document.references.setdefault(label, len(self._document.blocks))
        if substitution.source:
            self._document.supply(substitution.text, substitution.source, str(self._path))
        self._gather(substitution.text)
        if substitution.text and "".join(texts(element))[-1:].isspace():
            self._text.append(" ")
        self._frames.append(self._frames[-1]._replace(is_block=False))

    def _leave_out(self, element: Element, reason: str) -> None:
        if reason:
            self._document.omit(text_of(element), reason, str(self._path))
            self._keep_gap(element)
        if reason == PAGE_NUMBER:
            self._is_page_end = True
            if not any(map(has_words, self._text)):
                self._end_page()
        self._is_after_mark = reason == REFERENCE

    def _end_page(self) -> None:
        self._document.page_breaks.add(len(self._document.blocks))
        self._is_page_end = False

    def _keep_gap(self, element: Element) -> None:
        """A space at the beginning or end of what is not read as it stands still parts the words around it."""
        raw = "".join(texts(element))
        if raw[:1].isspace() or raw[-1:].isspace():
            self._text.append(" ")

    def _close_gap(self, after: str) -> str:
        """The text after an omitted note reference; brackets or a space around the reference are removed."""
        before = "".join(self._text[-2:])
        if before.rstrip()[-1:] in ("[", "(") and after.lstrip()[:1] in ("]", ")"):
            before, after = before.rstrip()[:-1], after.lstrip()[1:]
        if after[:1] in tuple(".,;:!?)”’"):
            before = before.rstrip()
        self._text[-2:] = [before]
        return after

    def _anchor(self, element: Element) -> None:
        for name in (element.get("id"), element.get("name")):
            if name in self._cuts and name is not None:
                frame = self._frames[-1]
                if not frame.in_row and frame.kind is not BlockKind.HEADING:
                    self._flush()
                self._document.anchors.setdefault(name, len(self._document.blocks))

    def _picture(self, element: Element) -> None:
        alt = clean_text(element.get("alt", ""))
        at_start = not any(part.strip() for part in self._text)
        is_pictured = is_pictured_text(element, alt, is_at_start=at_start)
        if is_pictured or (at_start and is_ornament(alt)):
            self._document.supply(alt, "text in a picture", str(self._path))
            self._text.append(alt)
        elif self._image_alt and has_words(alt):
            self._document.supply(alt, "description of a picture", str(self._path))
            self._images.append(alt)
        elif self._frames[-1].kind is BlockKind.HEADING:
            self._text.append(LINE_END)

    def _gather(self, text: str | None) -> None:
        if not text:
            return
        self._is_page_end = self._is_page_end and not has_words(text)
        frame = self._frames[-1]
        if self._number and has_words(text):
            self._document.supply(self._number, "number of a list item", str(self._path))
            self._text.append(f"{self._number} ")
            self._number = ""
        self._text.append(text.replace("\n", LINE_END) if frame.preformatted else text)
        size = len(text.strip())
        self._n_chars += size
        self._n_linked += size * frame.in_link

    def _end_of_block(self, inside_row: str) -> None:
        if self._frames[-1].in_row:
            self._text.append(inside_row)
        else:
            self._flush()

    def _flush(self) -> None:
        """Turns the gathered text into blocks of the kind that the innermost frame gives."""
        if not self._text and not self._images and not self._sidenotes:
            return
        frame = self._frames[-1]
        linked = self._n_linked / max(1, self._n_chars)
        for note in self._sidenotes:
            self._builder.add(BlockKind.PARAGRAPH, note, frame, linked)
        self._builder.add_text("".join(self._text), frame, linked)
        for alt in self._images:
            self._builder.add(BlockKind.IMAGE, alt, frame, linked)
        self._text.clear()
        self._sidenotes.clear()
        self._images.clear()
        self._n_chars = self._n_linked = 0
        if self._is_page_end:
            self._end_page()


def _follows_other_link(element: Element) -> bool:
    """Whether a link stands directly behind another one: "Previous Chapter", "Next Chapter"."""
    previous = element.getprevious()
    if previous is None or previous.tail or local_name(previous) != "a":
        return False
    targets = previous.get("href"), element.get("href")
    return None not in targets and targets[0] != targets[1]
