"""What an element says it is: epub:type, ARIA role, class."""

from mayabook.book.markup import Element
from mayabook.core.book import Matter

_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"

BODY_TYPES = frozenset(
    """acknowledgements acknowledgments afterword appendix bodymatter chapter conclusion dedication division epigraph
    epilogue foreword introduction part preface prologue subchapter volume""".split()
)
MATTER_TYPES: dict[str, Matter] = {
    **dict.fromkeys(BODY_TYPES, Matter.BODY),
    "cover": Matter.COVER,
    **dict.fromkeys(("titlepage", "halftitlepage", "halftitle", "title-page"), Matter.TITLE_PAGE),
    **dict.fromkeys(("copyright-page", "imprint", "colophon"), Matter.IMPRINT),
    **dict.fromkeys(("toc", "toc-brief", "landmarks", "page-list", "loi", "lot", "loa", "lov"), Matter.CONTENTS),
    **dict.fromkeys(("index", "index-group", "index-headnotes"), Matter.INDEX),
    "bibliography": Matter.BIBLIOGRAPHY,
    **dict.fromkeys(("footnotes", "endnotes", "rearnotes", "notes"), Matter.NOTES),
}
"""Structural semantics of EPUB 3 and of the EPUB 2 guide. `bodymatter` says no more than that it may be read."""

NOTE_TYPES = frozenset(
    ("footnote", "endnote", "rearnote", "footnotes", "endnotes", "rearnotes")
)
NOTE_CLASSES = frozenset(("footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes"))
PAGE_NUMBER_CLASSES = frozenset(("pagenum", "pagenumber", "pageno", "page-number", "page_number", "pagebreak"))
SCENE_BREAK_CLASSES = frozenset(
    ("scenebreak", "scene-break", "scene_break", "sectionbreak", "section-break", "asterism", "thoughtbreak")
)
VERSE = frozenset(("verse", "poem", "poetry", "stanza", "lyrics", "song", "hymn"))


def types_of(element: Element) -> frozenset[str]:
    """Tokens of epub:type and of `doc-` roles, in lower case and without their prefixes."""
    types = element.get(_EPUB_TYPE) or element.get("epub:type") or ""
    role = element.get("role") or ""
    if not types and not role:
        return frozenset()
    tokens = [token.rpartition(":")[2] for token in types.lower().split()]
    tokens += [token.removeprefix("doc-") for token in role.lower().split() if token.startswith("doc-")]
    return frozenset(tokens)


def classes_of(element: Element) -> frozenset[str]:
    return frozenset((element.get("class") or "").lower().split())


def matter_type(types: frozenset[str]) -> str:
    """The token that says what part of a book this is, empty if none does."""
    known = sorted(types & MATTER_TYPES.keys())
    skipped = [token for token in known if MATTER_TYPES[token] is not Matter.BODY]
    return next(iter(skipped + known), "")
