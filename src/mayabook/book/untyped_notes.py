"""Finds notes that no link and no markup marks: paragraphs that begin with the numbers of the references above them."""

import re
from collections.abc import Iterator, Set
from dataclasses import replace

from mayabook.book.content_document import ContentDocument
from mayabook.core.book import Block, BlockKind

_LABEL = re.compile(r"[\[(]?(\d{1,4}|[*†‡§¶]{1,4})[\])]?[.:)]?\s*(?=\w|[“‘\"'(])")
_LABELS = re.compile(r"\d{1,4}|[*†‡§¶]{1,4}")
_HEADING = re.compile(r"\W*(?:(?:foot|end)[ -]?)?notes?\W*", re.IGNORECASE)
_MOST_BETWEEN = 2
"""Paragraphs between two notes that belong to the first of them."""
_NOTE_KINDS = frozenset((BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE))


def labels_of(reference: str) -> list[str]:
    """The numbers or symbols of a reference: "[1, 2]" has two."""
    return _LABELS.findall(reference)


def mark_untyped_notes(document: ContentDocument) -> None:
    """Marks blocks as notes that answer every unlinked reference of the document, or stand under a heading "Notes"."""
    if not document.references:
        return
    blocks = [doc_block.block for doc_block in document.blocks]
    for indexes in (_under_heading(blocks), _answering(blocks, document.references)):
        for index in indexes:
            document.blocks[index] = replace(document.blocks[index], is_note=True)


def _under_heading(blocks: list[Block]) -> Iterator[int]:
    is_inside = False
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING:
            is_inside = _HEADING.fullmatch(block.text) is not None
        elif is_inside and block.text:
            yield index


def _answering(blocks: list[Block], references: Set[str]) -> list[int]:
    """The blocks of runs of notes, where the runs together answer all references; else none."""
    runs: list[list[int]] = []
    for index, block in enumerate(blocks):
        match = _LABEL.match(block.text) if block.kind in _NOTE_KINDS else None
        if match is None or match[1] not in references:
            continue
        if runs and index - runs[-1][-1] <= _MOST_BETWEEN + 1 and not _parted(blocks[runs[-1][-1] : index]):
            runs[-1].append(index)
        else:
            runs.append([index])
    runs = [run for run in runs if _ends(blocks, run[-1] + 1)]
    answered = {_LABEL.match(blocks[index].text)[1] for run in runs for index in run}  # type: ignore[index]
    if not references <= answered:
        return []
    return [index for run in runs for index in range(run[0], run[-1] + 1) if blocks[index].text]


def _parted(between: list[Block]) -> bool:
    return any(block.kind in (BlockKind.HEADING, BlockKind.SCENE_BREAK) for block in between)


def _ends(blocks: list[Block], index: int) -> bool:
    """Whether the document, or its part, ends before this block."""
    return index >= len(blocks) or _parted(blocks[index : index + 1])
