"""What the text of a chapter says for or against its title: "Notes" over a story is a story.

A title is borne out unless paragraphs of prose stand under it that do not read like that kind of matter.
"""

import re
from collections.abc import Sequence

from mayabook.book.content_document import DocumentBlock
from mayabook.core.book import BlockKind, Matter

IMPRINT_SIGNS = tuple(
    re.compile(sign, re.IGNORECASE)
    for sign in (
        r"\bISBN\b",
        r"(©|\(c\)|copyright)\W+(\w+\W+){0,4}\d{4}|\d{4}\W+©",
        r"all rights reserved|alle rechte vorbehalten",
        r"library of congress|cataloging.in.publication|british library",
        r"\bfirst published\b|\bfirst edition\b",
        r"\bprinted (and bound )?in\b",
        r"no part of this (book|publication)",
        r"\bpublished (in|by)\b",
    )
)

_FEWEST_WORDS = 10
"""Words of the shortest paragraph that counts as prose by itself."""
_FEWEST_SHORT = 3
"""Shorter paragraphs that are prose together."""
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")

_PUBLISHING = (
    r"\bISBN\b|©|\bcopyright|\brights\b|licen[cs]e|\bpublish|\bpublication|\bprinted\b|\bedition\b|\bcover\b|\btypeset"
    r"|\btypeface|\bset in\b|e-?book|public domain|fiction.* coincidental|resemblance to|permission|www\.|https?:"
    r"|\.com\b|transcri|proofread|produced (by|for|in)|project gutenberg|standard ebooks|\btrademark"
)
_SIGNS = {
    Matter.COVER: _PUBLISHING,
    Matter.TITLE_PAGE: _PUBLISHING,
    Matter.IMPRINT: _PUBLISHING,
    Matter.CONTENTS: r"\bpages?\b|\d+$",
    Matter.INDEX: r"\d+[nf]{0,2}\.?$|\bsee also\b|\bpages? \d|\breferences? (are )?to\b|\bitalics?\b|\bentries\b",
    Matter.BIBLIOGRAPHY: r"\b1[4-9]\d\d\b|\b20\d\d\b|\bpress\b|\bvols?\.|\bed(s|ited|\.)|\bpp?\. ?\d|https?:|\bdoi\b"
    r"|\btrans\.",
    Matter.NOTES: r"^\W*(\d{1,4}|[*†‡§]|[ivxlc]+)[\])]?[.:)]?\s|^\W*p(p|ages?)?\.? ?\d|\bibid\b|\bop\. ?cit|\bcf\."
    r"|\bvols?\.|\bpp?\. ?\d|\b(quoted|cited) (in|by)\b|^see\b|\bpress\b|\(\d{4}\)|https?:",
    Matter.ADVERT: rf"{_PUBLISHING}|newsletter|subscribe|sign up|mailing list|bestsell|\bseries\b"
    r"|\bauthors? (of|like)\b|\bnovels?\b|\bawards?\b|\bbooks? \d|\breview"
    r"|available (now|in|from|at|as)|coming (in|soon)",
}
_COMPILED = {matter: re.compile(signs, re.IGNORECASE | re.MULTILINE) for matter, signs in _SIGNS.items()}


def bears_out(matter: Matter, doc_blocks: Sequence[DocumentBlock]) -> bool:
    """Whether at least half of the prose reads like the matter that the title names; true where there is no prose."""
    signs = _COMPILED.get(matter)
    prose = _prose(doc_blocks)
    if signs is None or not prose:
        return True
    n_borne_out = sum(doc_block.is_note or signs.search(doc_block.block.text) is not None for doc_block in prose)
    return 2 * n_borne_out >= len(prose)


def _prose(doc_blocks: Sequence[DocumentBlock]) -> list[DocumentBlock]:
    """Paragraphs that end as sentences do: long ones, else short ones (dialogue) if there are several."""
    sentences = [doc_block for doc_block in doc_blocks if _is_sentence(doc_block)]
    long = [doc_block for doc_block in sentences if len(doc_block.block.text.split()) >= _FEWEST_WORDS]
    return long or (sentences if len(sentences) >= _FEWEST_SHORT else [])


def _is_sentence(doc_block: DocumentBlock) -> bool:
    block = doc_block.block
    is_text = block.kind in (BlockKind.PARAGRAPH, BlockKind.QUOTE, BlockKind.LIST_ITEM) and doc_block.linked <= 0.5
    return is_text and _SENTENCE_END.search(block.text) is not None
