"""Pages and starts -> chapters, each with what it is and whether it is read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.exclusions import FOOTNOTE, FOOTNOTE_HEADING
from mayabook.book.heading_chapters import opening_words, without_idle_breaks
from mayabook.book.matter import UNSURE, Hint, holds_only_notes, judge
from mayabook.book.metadata import Metadata
from mayabook.book.outline import ChapterStart, heading_title
from mayabook.book.semantics import MATTER_TYPES
from mayabook.book.text_cleaning import has_words
from mayabook.core.book import BlockKind, Chapter, LeftOut, Matter

Place = tuple[int, int]
"""Number of a page, and of a piece in it."""

_NEVER_GO_ON = frozenset((Matter.COVER, Matter.TITLE_PAGE, Matter.IMPRINT, Matter.CONTENTS))
"""Matter of one file: a file after it that no one lists is something else."""
_HEIRS = frozenset((Matter.NOTES, Matter.BIBLIOGRAPHY, Matter.INDEX, Matter.ADVERT))
"""Matter whose nested entries are of the same kind."""
_EARLY_WORDS = 200


@dataclass(slots=True)
class _Section:
    """A chapter in the making. listed: something says that it starts here; if not, it is a file on its own."""

    title: str
    depth: int = 1
    pieces: list[DocumentBlock] = field(default_factory=list)
    hint: Hint | None = None
    listed: bool = False
    matter: Matter = Matter.BODY


def divide(
    pages: Sequence[ContentDocument], starts: Sequence[ChapterStart], hints: Mapping[Place, Hint], metadata: Metadata
) -> tuple[tuple[Chapter, ...], list[LeftOut]]:
    """The chapters in reading order, and the footnotes that were taken out of them."""
    sections = [part for section in _sections(pages, starts, hints, metadata) for part in _split(section)]
    left_out: list[LeftOut] = []
    chapters: list[Chapter] = []
    above: list[Chapter] = []
    n_words = 0
    for number, section in enumerate(sections, 1):
        pieces = _without_notes(section.pieces, left_out)
        title = section.title or heading_title(pieces)
        matter, reason = judge(title, pieces, section.hint, metadata, is_early=n_words < _EARLY_WORDS)
        while above and above[-1].depth >= section.depth:
            above.pop()
        if reason == UNSURE and above and above[-1].matter in _HEIRS:
            matter, reason = above[-1].matter, f"it is part of {above[-1].title!r}"
        n_words += sum(len(piece.block.text.split()) for piece in pieces if matter is Matter.BODY)
        blocks = without_idle_breaks([piece.block for piece in pieces])
        title = title or _title_of(matter, pieces)
        above.append(Chapter(number, title, blocks, section.depth, matter, matter is Matter.BODY, reason))
        chapters.append(above[-1])
    return tuple(chapters), left_out


def _sections(
    pages: Sequence[ContentDocument], starts: Sequence[ChapterStart], hints: Mapping[Place, Hint], metadata: Metadata
) -> list[_Section]:
    starts_of: defaultdict[int, list[ChapterStart]] = defaultdict(list)
    for start in starts:
        starts_of[start.page].append(start)
    sections: list[_Section] = []
    for number, page in enumerate(pages):
        here = starts_of[number]
        ends = [*(start.piece for start in here), len(page.blocks)]
        if ends[0]:
            _place(sections, page.blocks[: ends[0]], hints.get((number, 0)), metadata)
        for start, end in zip(here, ends[1:], strict=True):
            pieces = page.blocks[start.piece : end]
            hint = hints.get((number, start.aim)) or hints.get((number, start.piece))
            matter, _ = judge(start.title, pieces, hint, metadata, is_early=not sections)
            sections.append(_Section(start.title, start.depth, pieces, hint, True, matter))
    return sections


def _place(sections: list[_Section], pieces: list[DocumentBlock], hint: Hint | None, metadata: Metadata) -> None:
    """Text that no start leads to goes on with the chapter before it, unless it is clearly something else."""
    title = heading_title(pieces)
    any_listed = any(section.listed for section in sections)
    matter, _ = judge(title, pieces, hint, metadata, is_early=not any_listed)
    goes_on = any_listed and matter is Matter.BODY and sections[-1].matter not in _NEVER_GO_ON
    if goes_on and not (title and sections[-1].matter in _HEIRS):
        sections[-1].pieces += pieces
    else:
        sections.append(_Section(title, pieces=list(pieces), hint=hint, matter=matter))


def _split(section: _Section) -> list[_Section]:
    """Parts that are marked as matter to skip (a bibliography after a chapter) become chapters of their own."""
    parts: dict[Matter | None, list[DocumentBlock]] = {}
    for piece in section.pieces:
        matter = None if piece.is_note else MATTER_TYPES.get(piece.declared)
        parts.setdefault(None if matter is Matter.BODY else matter, []).append(piece)
    if len(parts) == 1 or not parts:
        return [section]
    body = parts.get(None, [])
    if all(piece.is_note or piece.block.kind is BlockKind.HEADING for piece in body):
        first = next(matter for matter in parts if matter is not None)
        parts[first] = body + parts[first]
        parts.pop(None, None)
        main: Matter | None = first
    else:
        main = None
    return [
        _Section(section.title, section.depth, pieces, section.hint if matter is None else None)
        if matter is main
        else _Section(heading_title(pieces), section.depth, pieces)
        for matter, pieces in parts.items()
    ]


def _without_notes(pieces: list[DocumentBlock], left_out: list[LeftOut]) -> list[DocumentBlock]:
    """What is read: all but footnotes and the headings over them. If there is nothing else, all stays."""
    if holds_only_notes(pieces):
        return pieces
    kept: list[DocumentBlock] = []
    removed: list[LeftOut] = []
    n_notes = n_others = 0  # between this piece and the next heading
    for index, piece in reversed(list(enumerate(pieces))):
        block = piece.block
        is_heading = block.kind is BlockKind.HEADING and not piece.is_note
        heads_notes = is_heading and index > 0 and n_notes > 0 and n_others == 0
        if piece.is_note or heads_notes:
            removed.append(LeftOut(block.text, FOOTNOTE if piece.is_note else FOOTNOTE_HEADING, block.href, block.path))
        else:
            kept.append(piece)
        if is_heading and not heads_notes:
            n_notes = n_others = 0
        n_notes += piece.is_note
        n_others += not (piece.is_note or is_heading or block.kind is BlockKind.SCENE_BREAK)
    left_out += [entry for entry in reversed(removed) if has_words(entry.text)]
    return kept[::-1]


def _title_of(matter: Matter, pieces: Sequence[DocumentBlock]) -> str:
    """For what has neither an entry nor a heading: what it is, or how it begins."""
    if matter is not Matter.BODY:
        return matter.value.capitalize()
    return opening_words([piece.block for piece in pieces])
