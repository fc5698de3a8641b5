"""Classifies chapters as body, front matter or back matter: by landmarks and epub:type, then by a title that the text
bears out, then by layout.

In doubt a chapter is body and narrated: skipping a chapter that matters is worse than reading one that does not.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mayabook.book.content_document import DocumentBlock
from mayabook.book.matter_evidence import IMPRINT_SIGNS, bears_out
from mayabook.book.metadata import Metadata
from mayabook.book.semantics import GUTENBERG, MATTER_TYPES, TRANSCRIBER
from mayabook.book.text_cleaning import has_words
from mayabook.core.book import BlockKind, Matter
from mayabook.core.words import words

UNSURE = "nothing says that it should be skipped"

_TITLES = {
    Matter.COVER: "((front|book|back) )?cover( (page|image))?|umschlag|couverture|cubierta|copertina|capa|封面|表紙",
    Matter.TITLE_PAGE: "(half[ -]?)?title[ -]?page|half[ -]?title|titel(seite|blatt|pagina)|page de titre|portada"
    "|frontespizio",
    Matter.IMPRINT: "(un)?copyright( page| notice| information)?|imprint|impressum|colo(ph|f)[oó]n|legal notice"
    "|mentions légales|créditos|(the )?(full )?project gutenberg.* license|the project gutenberg e-?book of .*",
    Matter.CONTENTS: "(table of |brief |detailed )?contents|toc|list of (illustrations|figures|tables|plates|maps)"
    "|inhalt|inhaltsverzeichnis|table des matières|sommaire|índice( general)?|indice|sumário|inhoud|inhoudsopgave"
    "|目录|目次",
    Matter.INDEX: "((general|subject|name|author) )?index( of .*)?|(sach|personen|namens)?register"
    "|stichwortverzeichnis|índice (analítico|onomástico)|indice analitico|索引",
    Matter.BIBLIOGRAPHY: "((selected|select|general) )?bibliography|works cited|(list of )?references|further reading"
    "|literatur(verzeichnis)?|bibliogra(ph|f)ie|bibliograf[íi]a|参考文献",
    Matter.NOTES: "(chapter |source )?notes|end ?notes|foot ?notes|notes and references|anmerkungen|endnoten"
    "|fu(ß|ss)noten|notas|notes de fin|noten",
    Matter.ADVERT: "(also|books|other books|other titles|more books|novels) by .*|by the same author|also available.*"
    "|advertisements?|about the publisher|praise for .*|coming soon|newsletter",
    Matter.BODY: "dedication|epigraph|foreword|preface|introduction|prologue|epilogue|afterword|acknowledge?ments"
    "|about the author|author.?s note",
}
_TITLE_PATTERNS = {matter: re.compile(pattern) for matter, pattern in _TITLES.items()}

_MOST_WORDS = {Matter.COVER: 150, Matter.TITLE_PAGE: 300, Matter.IMPRINT: 3000, Matter.ADVERT: 1500}
_MOST_WORDS_PER_BLOCK = {Matter.CONTENTS: 20, Matter.INDEX: 30}
"""Longest matter, in words: a longer chapter is body whatever its title or landmark says; guides often call the whole
file "cover"."""

_PAGE_NUMBERS = re.compile(r".*\D(\d{1,4})(?:[–-]\d{1,4})?[nf]{0,2}\.?$")
_LONGEST_IMPRINT = 5000
_LONGEST_TITLE_PAGE = 2000
"""In characters."""
_FEWEST_LINES = {Matter.CONTENTS: 4, Matter.INDEX: 20}
_MOST_OTHER_WORDS_ON_TITLE_PAGE = 12


@dataclass(frozen=True, slots=True)
class MatterHint:
    """The matter that landmarks, the guide or the navigation document give for a target."""

    matter: Matter
    reason: str


def classify_matter(
    title: str, doc_blocks: Sequence[DocumentBlock], hint: MatterHint | None, metadata: Metadata, is_early: bool
) -> tuple[Matter, str]:
    """The matter of a chapter, and the reason in words for a person.

    is_early: no chapter of any length came before, so this may be the title page.
    """
    readable = [doc_block for doc_block in doc_blocks if has_words(doc_block.block.text)]
    titled = _by_title(title)
    if not readable:
        is_cover = titled is Matter.COVER or (hint is not None and hint.matter is Matter.COVER)
        return (Matter.COVER, "it is a picture") if is_cover else (Matter.EMPTY, "there is no text in it")
    if holds_only_notes(readable):
        return Matter.NOTES, "it holds nothing but footnotes"
    inner = [doc_block for doc_block in readable if doc_block.block.kind is not BlockKind.HEADING] or readable
    declared = {MATTER_TYPES.get(doc_block.declared) for doc_block in inner}
    if len(declared) == 1 and (matter := declared.pop()) is not None:
        return matter, _declaration(inner[0].declared)
    if hint is not None and _is_believable(hint.matter, readable):
        return hint.matter, hint.reason
    if titled is not None and _is_believable(titled, readable) and bears_out(titled, inner):
        return titled, f"its title is {title!r}"
    return _by_shape(readable, metadata, is_early)


def holds_only_notes(doc_blocks: Sequence[DocumentBlock]) -> bool:
    """Whether the blocks are notes and their headings only, with at least one note."""
    others = [doc_block for doc_block in doc_blocks if not doc_block.is_note and has_words(doc_block.block.text)]
    return len(others) < len(doc_blocks) and all(doc_block.block.kind is BlockKind.HEADING for doc_block in others)


def _declaration(declared: str) -> str:
    return f"it is {declared}" if declared in (GUTENBERG, TRANSCRIBER) else f"epub:type or role is {declared!r}"


def _by_title(title: str) -> Matter | None:
    plain = " ".join(title.casefold().strip(" .:*[]()").split())
    return next((matter for matter, pattern in _TITLE_PATTERNS.items() if pattern.fullmatch(plain)), None)


def _is_believable(matter: Matter, doc_blocks: Sequence[DocumentBlock]) -> bool:
    n_words = sum(len(doc_block.block.text.split()) for doc_block in doc_blocks)
    most = _MOST_WORDS_PER_BLOCK.get(matter, n_words) * len(doc_blocks)
    return n_words <= min(most, _MOST_WORDS.get(matter, n_words))


def _by_shape(doc_blocks: Sequence[DocumentBlock], metadata: Metadata, is_early: bool) -> tuple[Matter, str]:
    if is_early and _is_title_page(doc_blocks, metadata):
        return Matter.TITLE_PAGE, "it holds little but the title of the book"
    if _is_imprint(doc_blocks):
        return Matter.IMPRINT, "it reads like an imprint (copyright, ISBN, rights)"
    if len(doc_blocks) >= _FEWEST_LINES[Matter.CONTENTS] and _is_believable(Matter.CONTENTS, doc_blocks):
        if _share(doc_block.linked > 0.5 for doc_block in doc_blocks) > 0.7:
            return Matter.CONTENTS, "most of its lines are links"
        numbers = [int(m[1]) for doc_block in doc_blocks if (m := _PAGE_NUMBERS.fullmatch(doc_block.block.text))]
        if is_early and len(numbers) > 0.7 * len(doc_blocks) and numbers == sorted(numbers):
            return Matter.CONTENTS, "its lines end in rising page numbers"
    if _is_index(doc_blocks):
        return Matter.INDEX, "its lines are in alphabetical order and end in page numbers"
    return Matter.BODY, UNSURE


def _is_title_page(doc_blocks: Sequence[DocumentBlock], metadata: Metadata) -> bool:
    if sum(len(doc_block.block.text) for doc_block in doc_blocks) > _LONGEST_TITLE_PAGE:
        return False
    lines = [" ".join(words(doc_block.block.text.casefold())) for doc_block in doc_blocks]
    title = " ".join(words(metadata.title.casefold()))
    known = {*title.split(), *words(" ".join((*metadata.authors, metadata.publisher)).casefold())}
    others = [word for line in lines for word in line.split() if word not in known]
    return bool(title) and title in lines and len(others) <= _MOST_OTHER_WORDS_ON_TITLE_PAGE


def _is_imprint(doc_blocks: Sequence[DocumentBlock]) -> bool:
    """At least two signs, and not one paragraph about a book among others."""
    lines = [doc_block.block.text for doc_block in doc_blocks]
    if sum(map(len, lines)) > _LONGEST_IMPRINT:
        return False
    signs = {sign for line in lines for sign in IMPRINT_SIGNS if sign.search(line)}
    return len(signs) >= 2 and _share(any(sign.search(line) for sign in IMPRINT_SIGNS) for line in lines) >= 0.25


def _is_index(doc_blocks: Sequence[DocumentBlock]) -> bool:
    other = (BlockKind.HEADING, BlockKind.TABLE_ROW)  # tables of results are sorted and end in numbers too
    lines = [doc_block.block.text for doc_block in doc_blocks if doc_block.block.kind not in other]
    if len(lines) < _FEWEST_LINES[Matter.INDEX] or not _is_believable(Matter.INDEX, doc_blocks):
        return False
    in_order = _share(first[:1].casefold() <= second[:1].casefold() for first, second in pairwise(lines))
    return in_order > 0.8 and _share(bool(_PAGE_NUMBERS.fullmatch(line)) for line in lines) > 0.6


def _share(truths: Iterable[bool]) -> float:
    listed = list(truths)
    return sum(listed) / max(1, len(listed))
