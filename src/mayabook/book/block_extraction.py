"""Extracts blocks of clean text from a content document, and records every word that is left out, with the reason."""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from mayabook.book.aria_labels import read_aria_labels
from mayabook.book.class_names import Role, roles_of
from mayabook.book.content_document import PAGE_NUMBER, ContentDocument, DocumentBlock
from mayabook.book.drop_caps import join_drop_caps
from mayabook.book.exclusions import REFERENCE, exclusion_reason
from mayabook.book.footnotes import Place, Resolve, find_note_elements
from mayabook.book.formulas import read_formulas
from mayabook.book.heading_text import begins_title, heading_lines, is_chapter_line, is_number_line, runs_together
from mayabook.book.layout_heuristics import is_data, is_verse
from mayabook.book.letterspacing import close_spaced_letters
from mayabook.book.list_numbers import list_numbers
from mayabook.book.pictured_text import is_pictured_text
from mayabook.book.plain_marks import take_out_plain_marks
from mayabook.book.raised_text import read_raised_text
from mayabook.book.scene_breaks import SceneBreaks, find_scene_breaks
from mayabook.book.semantics import (
    BLOCK_TAGS,
    GUTENBERG,
    HEADING_TAGS,
    NOTE_CLASSES,
    NOTE_TYPES,
    TRANSCRIBER,
    VERSE,
    classes_of,
    matter_type,
    opening_of,
    text_of,
    types_of,
)
from mayabook.book.substitution import Substitution, Substitutions
from mayabook.book.text_cleaning import clean_text, has_words, is_lettered_ornament, is_ornament
from mayabook.book.untyped_notes import label_of_note, labels_of, mark_untyped_notes
from mayabook.book.verse_numbers import read_verse_numbers
from mayabook.book.xml_parsing import Element, local_name, texts, walk
from mayabook.core.book import Block, BlockKind

_LINE = "\x1e"
_CELL = "\x1f"
"""Mark the ends of lines and of table cells in gathered text; the parser removes such control characters from books."""

_BLOCK_STYLE = re.compile(r"display\s*:\s*block", re.IGNORECASE)
_LONGEST_HEADING = 80
"""Characters of the longest paragraph that is a heading by its class."""
_LEVEL_BY_CLASS = 2
_DEEPEST_PATH = 200
"""Longest element path, in steps; text in deeper elements is given the path of its ancestor at this depth."""


class _Frame(NamedTuple):
    """What an open element means for the text in it. steps: length of the element path of its block; first: index of
    the first block in it; is_block: it is a block-level element."""

    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    declared: str = ""
    is_note: bool = False
    in_row: bool = False
    in_link: bool = False
    preformatted: bool = False
    is_block: bool = False
    steps: int = 0
    first: int = 0


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
        self._frames = [_Frame()]
        self._steps: list[str] = []
        self._siblings: list[dict[str, int]] = [{}]
        self._text: list[str] = []
        self._n_chars = 0
        self._n_linked = 0
        self._images: list[str] = []
        self._sidenotes: list[str] = []
        self._is_after_mark = False
        self._is_page_end = False  # no text followed the last page number yet

    def enter(self, element: Element) -> bool:
        tag = local_name(element)
        self._step_down(tag)
        if (substitution := self._annotations.substitutions.get(element)) is not None:
            self._substitute(element, substitution)
            return False
        if Role.SIDENOTE in roles_of(element) and self._is_inside_sentence(tag):
            self._anchor(element)
            self._sidenotes.append(text_of(element))
            self._frames.append(self._frames[-1]._replace(is_block=False))
            return False
        reason = exclusion_reason(element, tag, self._notes, self._resolve)
        is_block = reason is None and self._is_block(element, tag)
        if is_block:
            self._end_of_block(_CELL if tag in ("td", "th") else " ")
            if element in self._annotations.scene_breaks.before:
                self._add(BlockKind.SCENE_BREAK, "", self._frames[-1])
        self._anchor(element)
        if reason is not None:
            self._leave_out(element, reason)
            self._frames.append(self._frames[-1]._replace(is_block=False))
            return False
        self._frames.append(self._frame(element, tag, is_block))
        if self._frames[-1].kind is BlockKind.HEADING and not is_block:
            self._part_heading(element)
        if tag == "br":
            self._text.append(_LINE)
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
                self._add(BlockKind.SCENE_BREAK, "", frame)
        self._frames.pop()
        self._steps.pop()
        self._siblings.pop()
        tail = element.tail or ""
        if self._is_after_mark:
            tail = self._close_gap(tail)
            self._is_after_mark = False
        self._gather(tail)

    def finish(self) -> None:
        self._flush()

    def _step_down(self, tag: str) -> None:
        siblings = self._siblings[-1]
        siblings[tag] = siblings.get(tag, 0) + 1
        self._steps.append(tag if tag in ("html", "body") else f"{tag}[{siblings[tag]}]")
        self._siblings.append({})

    def _is_block(self, element: Element, tag: str) -> bool:
        if tag in BLOCK_TAGS:
            return True
        if self._frames[-1].kind is BlockKind.VERSE and "line" in classes_of(element):
            return True
        return bool(_BLOCK_STYLE.search(element.get("style", "")))

    def _frame(self, element: Element, tag: str, is_block: bool) -> _Frame:
        parent = self._frames[-1]
        if not is_block:
            return parent._replace(is_block=False, in_link=parent.in_link or (tag == "a" and "href" in element.attrib))
        types, classes = types_of(element), classes_of(element)
        kind, level = _kind(element, tag, types | classes, parent)
        return _Frame(
            kind=kind,
            level=level,
            declared=matter_type(types) or _declared_by_class(element) or parent.declared,
            is_note=parent.is_note or self._is_note(element, tag, types, classes),
            in_row=parent.in_row or (kind is BlockKind.TABLE_ROW and tag == "tr"),
            in_link=parent.in_link,
            preformatted=parent.preformatted or tag == "pre",
            is_block=True,
            steps=len(self._steps),
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
        return label_of_note(opening_of(element, _LONGEST_HEADING)) in self._document.references

    def _is_inside_sentence(self, tag: str) -> bool:
        return tag not in BLOCK_TAGS or any(part.strip() for part in self._text)

    def _part_heading(self, element: Element) -> None:
        """Starts a new line at an element of a heading that would run together with the one before it."""
        previous = element.getprevious()
        before, after = "".join(self._text), (element.text or "").strip()
        is_adjacent = previous is not None and not previous.tail
        if (is_adjacent and runs_together(before.strip(), after)) or begins_title(before, after):
            self._text.append(_LINE)

    def _substitute(self, element: Element, substitution: Substitution) -> None:
        self._anchor(element)
        self._leave_out(element, substitution.reason)
        if substitution.reason == REFERENCE:
            for label in labels_of(text_of(element)):
                self._document.references.setdefault(label, len(self._document.blocks))
        if substitution.source:
            self._document.supply(substitution.text, substitution.source, self._path(len(self._steps)))
        self._gather(substitution.text)
        if substitution.text and "".join(texts(element))[-1:].isspace():
            self._text.append(" ")
        self._frames.append(self._frames[-1]._replace(is_block=False))

    def _leave_out(self, element: Element, reason: str) -> None:
        if reason:
            self._document.omit(text_of(element), reason, self._path(len(self._steps)))
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
            self._document.supply(alt, "text in a picture", self._path(len(self._steps)))
            self._text.append(alt)
        elif self._image_alt and has_words(alt):
            self._document.supply(alt, "description of a picture", self._path(len(self._steps)))
            self._images.append(alt)
        elif self._frames[-1].kind is BlockKind.HEADING:
            self._text.append(_LINE)

    def _gather(self, text: str | None) -> None:
        if not text:
            return
        self._is_page_end = self._is_page_end and not has_words(text)
        frame = self._frames[-1]
        if self._number and has_words(text):
            self._document.supply(self._number, "number of a list item", self._path(len(self._steps)))
            self._text.append(f"{self._number} ")
            self._number = ""
        self._text.append(text.replace("\n", _LINE) if frame.preformatted else text)
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
        for note in self._sidenotes:
            self._add(BlockKind.PARAGRAPH, note, frame)
        self._sidenotes.clear()
        raw = close_spaced_letters("".join(self._text))
        self._text.clear()
        if frame.in_row:
            self._add(frame.kind, _joined_cells(map(clean_text, raw.split(_CELL))), frame)
        elif frame.kind is BlockKind.HEADING:
            for line in heading_lines(list(filter(None, map(clean_text, raw.split(_LINE))))):
                self._add(frame.kind, line, frame)
        else:
            for lines in _paragraphs(raw):
                in_prose = frame.kind in (BlockKind.PARAGRAPH, BlockKind.QUOTE)
                if frame.kind is BlockKind.VERSE or (in_prose and is_verse(lines)):
                    for line in lines:
                        self._add(BlockKind.VERSE, line, frame)
                else:
                    self._add_paragraph(" ".join(lines), frame)
        for alt in self._images:
            self._add(BlockKind.IMAGE, alt, frame)
        self._images.clear()
        self._n_chars = self._n_linked = 0
        if self._is_page_end:
            self._end_page()

    def _add_paragraph(self, text: str, frame: _Frame) -> None:
        is_heading = frame.kind is BlockKind.PARAGRAPH and not self._n_linked and is_chapter_line(text)
        if is_heading:
            frame = frame._replace(kind=BlockKind.HEADING, level=_LEVEL_BY_CLASS)
        self._add(frame.kind, text, frame)

    def _add(self, kind: BlockKind, text: str, frame: _Frame) -> None:
        doc_blocks = self._document.blocks
        if not has_words(text) and kind in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW):
            return
        if is_lettered_ornament(text):
            self._document.omit(text, "ornament", self._path(frame.steps))
            text = ""
        elif not text and kind is not BlockKind.SCENE_BREAK:
            return
        if kind is BlockKind.SCENE_BREAK or not text or is_ornament(text):
            kind, text = BlockKind.SCENE_BREAK, ""
        level = frame.level if kind is BlockKind.HEADING else 0
        block = Block(kind, text, self._document.href, self._path(frame.steps), level)
        doc_blocks.append(DocumentBlock(block, frame.declared, self._n_linked / max(1, self._n_chars), frame.is_note))

    def _path(self, n_steps: int) -> str:
        return "/" + "/".join(self._steps[: min(n_steps, _DEEPEST_PATH)])


def _kind(element: Element, tag: str, marks: frozenset[str], parent: _Frame) -> tuple[BlockKind, int]:
    if tag in HEADING_TAGS:
        return BlockKind.HEADING, int(tag[1])
    if element.get("role") == "heading":
        level = element.get("aria-level", "")
        return BlockKind.HEADING, int(level) if level in tuple("123456") else 2
    if _is_heading_by_class(element, tag) or _is_of_heading_group(element, tag):
        return BlockKind.HEADING, _LEVEL_BY_CLASS
    if any(mark.rstrip("0123456789-_") in VERSE for mark in marks):
        return BlockKind.VERSE, 0
    if tag == "tr" and not parent.in_row and is_data(element):
        return BlockKind.TABLE_ROW, 0
    if parent.kind is not BlockKind.VERSE:
        if tag in ("li", "dt", "dd"):
            return BlockKind.LIST_ITEM, 0
        if tag == "blockquote":
            return BlockKind.QUOTE, 0
    return parent.kind, parent.level


def _follows_other_link(element: Element) -> bool:
    """Whether a link stands directly behind another one: "Previous Chapter", "Next Chapter"."""
    previous = element.getprevious()
    if previous is None or previous.tail or local_name(previous) != "a":
        return False
    targets = previous.get("href"), element.get("href")
    return None not in targets and targets[0] != targets[1]


def _is_of_heading_group(element: Element, tag: str) -> bool:
    """Whether a paragraph is a title beside a heading."""
    return tag == "p" and (parent := element.getparent()) is not None and local_name(parent) == "hgroup"


def _declared_by_class(element: Element) -> str:
    roles = roles_of(element)
    if Role.GUTENBERG in roles:
        return GUTENBERG
    return TRANSCRIBER if Role.TRANSCRIBER in roles else ""


def _is_heading_by_class(element: Element, tag: str) -> bool:
    """A short paragraph of a class for headings, without a sentence in it and without blocks of its own."""
    if tag not in ("p", "div") or Role.HEADING not in roles_of(element):
        return False
    text = opening_of(element, _LONGEST_HEADING)
    if not has_words(text) or len(text) > _LONGEST_HEADING or (text[-1] in ".!?…”" and not is_number_line(text)):
        return False
    return not any(local_name(inner) in BLOCK_TAGS for inner in element.iterdescendants())


def _joined_cells(cells: Iterable[str]) -> str:
    """The cells of a row, with a comma after those that end in no punctuation."""
    filled = list(filter(None, cells))
    return " ".join([*(cell if cell[-1] in ",;:.!?…—" else f"{cell}," for cell in filled[:-1]), *filled[-1:]])


def _paragraphs(raw: str) -> list[list[str]]:
    """Clean lines, grouped by the empty lines between them."""
    groups: list[list[str]] = [[]]
    for line in map(clean_text, raw.split(_LINE)):
        if is_ornament(line):
            groups += [[line], []]
        elif line:
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [lines for lines in groups if lines]
