"""Divides content documents into chapters, and decides what each one is and whether it is narrated."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.exclusions import FOOTNOTE, FOOTNOTE_HEADING
from mayabook.book.heading_chapters import opening_words, without_idle_breaks
from mayabook.book.matter import UNSURE, MatterHint, classify_matter, holds_only_notes
from mayabook.book.metadata import Metadata
from mayabook.book.outline import ChapterStart, heading_title
from mayabook.book.semantics import MATTER_TYPES
from mayabook.book.text_cleaning import has_words
from mayabook.core.book import BlockKind, Chapter, LeftOut, Matter

Place = tuple[int, int]
"""Index of a content document, and of a block in it."""

_NEVER_GO_ON = frozenset((Matter.COVER, Matter.TITLE_PAGE, Matter.IMPRINT, Matter.CONTENTS))
"""Matter that is one file: an unlisted file after it does not continue it."""
_HEIRS = frozenset((Matter.NOTES, Matter.BIBLIOGRAPHY, Matter.INDEX, Matter.ADVERT))
"""Back matter whose nested entries of the table of contents are the same matter."""
_EARLY_WORDS = 200


@dataclass(slots=True)
class _Section:
    """A chapter under construction. listed: the table of contents or a heading starts it; otherwise it is a file that
    nothing refers to."""

    title: str
    depth: int = 1
    doc_blocks: list[DocumentBlock] = field(default_factory=list)
    hint: MatterHint | None = None
    listed: bool = False
    matter: Matter = Matter.BODY


def divide_into_chapters(
    documents: Sequence[ContentDocument],
    starts: Sequence[ChapterStart],
    hints: Mapping[Place, MatterHint],
    metadata: Metadata,
) -> tuple[tuple[Chapter, ...], list[LeftOut]]:
    """The chapters in reading order, and the footnotes that were taken out of them."""
    sections = [part for section in _sections(documents, starts, hints, metadata) for part in _split(section)]
    left_out: list[LeftOut] = []
    chapters: list[Chapter] = []
    above: list[Chapter] = []
    n_words = 0
    for number, section in enumerate(sections, 1):
        doc_blocks = _without_notes(section.doc_blocks, left_out)
        title = section.title or heading_title(doc_blocks)
        matter, reason = classify_matter(title, doc_blocks, section.hint, metadata, is_early=n_words < _EARLY_WORDS)
        while above and above[-1].depth >= section.depth:
            above.pop()
        if reason == UNSURE and above and above[-1].matter in _HEIRS:
            matter, reason = above[-1].matter, f"it is part of {above[-1].title!r}"
        n_words += sum(len(doc_block.block.text.split()) for doc_block in doc_blocks if matter is Matter.BODY)
        blocks = without_idle_breaks([doc_block.block for doc_block in doc_blocks])
        title = title or _title_of(matter, doc_blocks)
        above.append(Chapter(number, title, blocks, section.depth, matter, matter is Matter.BODY, reason))
        chapters.append(above[-1])
    return tuple(chapters), left_out


def _sections(
    documents: Sequence[ContentDocument],
    starts: Sequence[ChapterStart],
    hints: Mapping[Place, MatterHint],
    metadata: Metadata,
) -> list[_Section]:
    starts_of: defaultdict[int, list[ChapterStart]] = defaultdict(list)
    for start in starts:
        starts_of[start.document].append(start)
    sections: list[_Section] = []
    for number, document in enumerate(documents):
        here = starts_of[number]
        ends = [*(start.block for start in here), len(document.blocks)]
        if ends[0]:
            _place(sections, document.blocks[: ends[0]], hints.get((number, 0)), metadata)
        for start, end in zip(here, ends[1:], strict=True):
            doc_blocks = document.blocks[start.block : end]
            hint = hints.get((number, start.target_block)) or hints.get((number, start.block))
            matter, _ = classify_matter(start.title, doc_blocks, hint, metadata, is_early=not sections)
            sections.append(_Section(start.title, start.depth, doc_blocks, hint, True, matter))
    return sections


def _place(
    sections: list[_Section], doc_blocks: list[DocumentBlock], hint: MatterHint | None, metadata: Metadata
) -> None:
    """Adds text before the first start of a file to the chapter before it, unless it is clearly other matter."""
    title = heading_title(doc_blocks)
    any_listed = any(section.listed for section in sections)
    matter, _ = classify_matter(title, doc_blocks, hint, metadata, is_early=not any_listed)
    goes_on = any_listed and matter is Matter.BODY and sections[-1].matter not in _NEVER_GO_ON
    if goes_on and not (title and sections[-1].matter in _HEIRS):
        sections[-1].doc_blocks += doc_blocks
    else:
        sections.append(_Section(title, doc_blocks=list(doc_blocks), hint=hint, matter=matter))


def _split(section: _Section) -> list[_Section]:
    """Parts that are marked as matter to skip (a bibliography after a chapter) become chapters of their own."""
    parts: dict[Matter | None, list[DocumentBlock]] = {}
    for doc_block in section.doc_blocks:
        matter = None if doc_block.is_note else MATTER_TYPES.get(doc_block.declared)
        parts.setdefault(None if matter is Matter.BODY else matter, []).append(doc_block)
    if len(parts) == 1 or not parts:
        return [section]
    body = parts.get(None, [])
    if all(doc_block.is_note or doc_block.block.kind is BlockKind.HEADING for doc_block in body):
        first = next(matter for matter in parts if matter is not None)
        parts[first] = body + parts[first]
        parts.pop(None, None)
        main: Matter | None = first
    else:
        main = None
    return [
        _Section(section.title, section.depth, doc_blocks, section.hint if matter is None else None)
        if matter is main
        else _Section(heading_title(doc_blocks), section.depth, doc_blocks)
        for matter, doc_blocks in parts.items()
    ]


def _without_notes(doc_blocks: list[DocumentBlock], left_out: list[LeftOut]) -> list[DocumentBlock]:
    """The blocks without footnotes and the headings over them; all blocks, where there is nothing else."""
    if holds_only_notes(doc_blocks):
        return doc_blocks
    kept: list[DocumentBlock] = []
    removed: list[LeftOut] = []
    n_notes = n_others = 0  # between this block and the next heading
    for index, doc_block in reversed(list(enumerate(doc_blocks))):
        block = doc_block.block
        is_heading = block.kind is BlockKind.HEADING and not doc_block.is_note
        heads_notes = is_heading and index > 0 and n_notes > 0 and n_others == 0
        if doc_block.is_note or heads_notes:
            removed.append(
                LeftOut(block.text, FOOTNOTE if doc_block.is_note else FOOTNOTE_HEADING, block.href, block.path)
            )
        else:
            kept.append(doc_block)
        if is_heading and not heads_notes:
            n_notes = n_others = 0
        n_notes += doc_block.is_note
        n_others += not (doc_block.is_note or is_heading or block.kind is BlockKind.SCENE_BREAK)
    left_out += [entry for entry in reversed(removed) if has_words(entry.text)]
    return kept[::-1]


def _title_of(matter: Matter, doc_blocks: Sequence[DocumentBlock]) -> str:
    """A title for a chapter without entry or heading: its matter, or its opening words."""
    if matter is not Matter.BODY:
        return matter.value.capitalize()
    return opening_words([doc_block.block for doc_block in doc_blocks])
