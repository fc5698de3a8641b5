"""Chapters of a book whose format marks headings and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mayabook.book.text_cleaning import has_words
from mayabook.core.book import Block, BlockKind, Chapter

_WORDS_IN_TITLE = 6


@dataclass(slots=True)
class _Section:
    titles: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def split_at_headings(blocks: Iterable[Block], level: int = 1) -> tuple[Chapter, ...]:
    """Chapters that start at headings of at most `level`; text before the first heading is a chapter of its own.

    Headings that follow one another ("Part One", "Chapter 1") start one chapter together.
    """
    sections: list[_Section] = []
    is_after_start = False
    for block in blocks:
        is_start = block.kind is BlockKind.HEADING and block.level <= level
        if not sections or (is_start and not is_after_start):
            sections.append(_Section())
        if is_start:
            sections[-1].titles.append(block.text)
        sections[-1].blocks.append(block)
        is_after_start = is_start
    return tuple(
        Chapter(number, ": ".join(section.titles) or opening_words(section.blocks), without_idle_breaks(section.blocks))
        for number, section in enumerate(sections, 1)
    )


def without_idle_breaks(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Removes scene breaks at the beginning and the end, after a heading, and after another scene break."""
    kept: list[Block] = []
    for block in blocks:
        is_break = block.kind is BlockKind.SCENE_BREAK
        if is_break and (not kept or kept[-1].kind in (BlockKind.SCENE_BREAK, BlockKind.HEADING)):
            continue
        kept.append(block)
    while kept and kept[-1].kind is BlockKind.SCENE_BREAK:
        kept.pop()
    return tuple(kept)


def opening_words(blocks: Sequence[Block]) -> str:
    """How a chapter without a title begins, to name it by."""
    opening = next((block.text for block in blocks if has_words(block.text)), "").split()
    return " ".join(opening[:_WORDS_IN_TITLE]) + ("…" if len(opening) > _WORDS_IN_TITLE else "")
