"""Finds notes that no link and no markup marks: paragraphs that begin with the numbers, letters or symbols of the
references above them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mayabook.book.content_document import ContentDocument
from mayabook.book.text_cleaning import plain_digits
from mayabook.core.book import Block, BlockKind

_LABEL = re.compile(
    r"[\[({]?([ivx]{2,5}(?=\W)|[a-z](?=[\])]|[.:)]?\s)|\d{1,4}|[⁰¹²³⁴-⁹]{1,3}|[*†‡§¶]{1,4})[\])}]?[.:)]?\s*(?=\w|[“‘\"'(])"
)
_LABELS = re.compile(r"\d{1,4}|[*†‡§¶]{1,4}|(?<![^\W_])(?:[a-z]|[ivx]{2,5})(?![^\W_])")
_HEADING = re.compile(r"\W*(?:(?:foot|end)[ -]?)?notes?\W*", re.IGNORECASE)
_MOST_BETWEEN = 2
"""Paragraphs between two notes that belong to the first of them."""
_PARTS = frozenset((BlockKind.HEADING, BlockKind.SCENE_BREAK))
_NOTE_KINDS = frozenset((BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE))


def labels_of(reference: str) -> list[str]:
    """The numbers, letters or symbols of a reference: "[1, 2]" has two."""
    return _LABELS.findall(reference)


def label_of_note(text: str) -> str:
    """The number, letter or symbol that a note begins with, empty if it begins with none."""
    match = _LABEL.match(text)
    return "" if match is None else plain_digits(match[1])


def mark_untyped_notes(document: ContentDocument) -> None:
    """Marks blocks as notes that answer every unlinked reference of the document, or stand under a heading "Notes"."""
    if not document.references:
        return
    under_heading = list(_under_heading([doc_block.block for doc_block in document.blocks]))
    mark_notes(document, [*under_heading, *answering_notes(document, document.references)])


def mark_notes(document: ContentDocument, indexes: Iterable[int]) -> None:
    for index in indexes:
        document.blocks[index] = replace(document.blocks[index], is_note=True)


def _under_heading(blocks: Sequence[Block]) -> Iterator[int]:
    is_inside = False
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING:
            is_inside = _HEADING.fullmatch(block.text) is not None
        elif is_inside and block.text:
            yield index


def answering_notes(document: ContentDocument, references: Mapping[str, int]) -> list[int]:
    """The blocks of runs of notes, where notes answer all references; else none."""
    blocks = [doc_block.block for doc_block in document.blocks]
    notes = [index for index, block in enumerate(blocks) if _answers(block, index, references)]
    runs: list[list[int]] = []
    for index in notes:
        if runs and _continues(document, references, runs[-1][-1], index):
            runs[-1].append(index)
        else:
            runs.append([index])
    runs = [run for run in runs if run[-1] + 1 >= len(blocks) or blocks[run[-1] + 1].kind in _PARTS]
    answered = {label_of_note(blocks[index].text) for run in runs for index in run}
    answered |= {label_of_note(doc_block.block.text) for doc_block in document.blocks if doc_block.is_note}
    if not references.keys() <= answered:
        return []
    return [index for run in runs for index in range(run[0], run[-1] + 1) if blocks[index].text]


def _answers(block: Block, index: int, references: Mapping[str, int]) -> bool:
    label = label_of_note(block.text) if block.kind in _NOTE_KINDS else ""
    return label in references and references[label] < index


def _continues(document: ContentDocument, references: Mapping[str, int], last: int, index: int) -> bool:
    """Whether a note belongs to the run whose last note is `last`: between them are only paragraphs of that note."""
    between = range(last + 1, index)
    if len(between) > _MOST_BETWEEN or not set(references.values()).isdisjoint(between):
        return False
    return all(document.blocks[n].block.kind not in _PARTS for n in between)
