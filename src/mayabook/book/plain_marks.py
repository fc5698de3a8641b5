"""Page numbers and note references that are plain text: "[Pg 12]", "twice.¹²", and "twice.[2]" where a note answers."""

import re
from collections.abc import Callable
from dataclasses import replace

from mayabook.book.content_document import ContentDocument
from mayabook.book.raised_text import UNITS, UNLINKED_REFERENCE
from mayabook.book.text_cleaning import clean_text, plain_digits
from mayabook.book.untyped_notes import answering_notes, mark_notes
from mayabook.core.book import BlockKind

_PAGE = re.compile(r"[\[{](?:Pg|PG|pg|Page|p)\.?\s?\d{1,4}[\]}]")
_RAISED = re.compile(r"(?<=[^\W\d_]{4})[⁰¹²³⁴-⁹]{1,3}(?![\w⁄])|(?<=[.,;:!?…\"'”’»])[⁰¹²³⁴-⁹]{1,3}(?![\w⁄])")
_IN_BRACKETS = re.compile(r"(?<=[\w.,;:!?…\"'”’»)])\s?\[(\d{1,3})\](?!\w)")
_SYMBOL = re.compile(r"(?<=[^\s*†‡])([*†‡]{1,3})(?=[\s.,;:!?”’\"']|$)")
_WORD = re.compile(r"[^\W\d_]+$")


def take_out_plain_marks(document: ContentDocument) -> None:
    """Leaves out what is surely a mark, and marks that notes of the document answer, together with these notes."""
    _take_out(document, _PAGE, lambda _: True, "page number")
    found = _references(document, _RAISED, _is_raised_reference)
    document.references.update({label: index for label, index in found.items() if label not in document.references})
    _take_out(document, _RAISED, _is_raised_reference, UNLINKED_REFERENCE)
    for pattern in (_IN_BRACKETS, _SYMBOL):
        references = _references(document, pattern, lambda _: True)
        notes = answering_notes(document, references) if references else []
        if notes:
            mark_notes(document, notes)
            _take_out(document, pattern, lambda _: True, UNLINKED_REFERENCE)


def _is_raised_reference(match: re.Match[str]) -> bool:
    """Not the power of a unit ("feet²")."""
    word = _WORD.search(match.string[: match.start()])
    return word is None or word[0] not in UNITS


def _references(
    document: ContentDocument, pattern: re.Pattern[str], is_reference: Callable[[re.Match[str]], bool]
) -> dict[str, int]:
    """Label of each mark -> index of the block that it first stands in."""
    found: dict[str, int] = {}
    for index, doc_block in enumerate(document.blocks):
        for match in pattern.finditer(doc_block.block.text):
            if is_reference(match):
                found.setdefault(plain_digits(match[0].strip(" []")), index)
    return found


def _take_out(
    document: ContentDocument, pattern: re.Pattern[str], is_mark: Callable[[re.Match[str]], bool], reason: str
) -> None:
    empty: set[int] = set()
    for index, doc_block in enumerate(document.blocks):
        block = doc_block.block
        if doc_block.is_note or block.kind is BlockKind.SCENE_BREAK or not pattern.search(block.text):
            continue
        taken = [match[0] for match in pattern.finditer(block.text) if is_mark(match)]
        text = clean_text(pattern.sub(lambda match: "" if is_mark(match) else match[0], block.text))
        for mark in taken:
            document.omit(clean_text(mark), reason, block.path)
        document.blocks[index] = replace(doc_block, block=replace(block, text=text))
        empty |= {index} if not text else set()
    document.remove(empty)
