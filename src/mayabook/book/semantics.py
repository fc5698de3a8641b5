"""Semantics of elements by tag, epub:type, ARIA role and class."""

from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, local_name, texts, walk
from mayabook.core.book import Matter

_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"

_BODY_TYPES = """acknowledgements acknowledgments afterword appendix chapter conclusion dedication division epigraph
    epilogue foreword introduction part preface prologue subchapter volume"""
GUTENBERG = "boilerplate of Project Gutenberg"
TRANSCRIBER = "a transcriber's note"
"""Stand among the types of matter, though no book declares them so."""

MATTER_TYPES: dict[str, Matter] = {
    **dict.fromkeys(_BODY_TYPES.split(), Matter.BODY),
    "cover": Matter.COVER,
    **dict.fromkeys(("titlepage", "halftitlepage", "halftitle", "title-page"), Matter.TITLE_PAGE),
    **dict.fromkeys(("copyright-page", "imprint", "colophon"), Matter.IMPRINT),
    **dict.fromkeys(("toc", "toc-brief", "landmarks", "page-list", "loi", "lot", "loa", "lov"), Matter.CONTENTS),
    **dict.fromkeys(("index", "index-group", "index-headnotes"), Matter.INDEX),
    "bibliography": Matter.BIBLIOGRAPHY,
    **dict.fromkeys(("footnotes", "endnotes", "rearnotes", "notes"), Matter.NOTES),
    **dict.fromkeys((GUTENBERG, TRANSCRIBER), Matter.IMPRINT),
}
"""Structural semantics of EPUB 3 and of the EPUB 2 guide, as far as they tell what to read."""

NOTE_TYPES = frozenset(("footnote", "endnote", "rearnote", "footnotes", "endnotes", "rearnotes"))
NOTE_CLASSES = frozenset(
    "footnote footnotes endnote endnotes rearnote rearnotes footnotetext footnote-text fn-text fntext".split()
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


_BLOCK_TAGS = """address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup
    option p pre section summary table textarea tbody td tfoot th thead tr ul"""
BLOCK_TAGS = frozenset(_BLOCK_TAGS.split())
NEVER_TEXT = frozenset(("head", "script", "style", "template"))
HEADING_TAGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_MOST_BLANKS = 200
_SEPARATE = BLOCK_TAGS | {"br", "text", "title", "desc"}


def text_of(element: Element) -> str:
    """All text inside an element, on one line, a space where a block or line ends."""
    parts: list[str] = []

    def enter(inner: Element) -> bool:
        parts.append(" " if local_name(inner) in _SEPARATE else "")
        if local_name(inner) in NEVER_TEXT:
            return False
        parts.append(inner.text or "")
        return True

    def leave(inner: Element) -> None:
        parts.append(" " if local_name(inner) in _SEPARATE else "")
        parts.append(inner.tail or "" if inner is not element else "")

    walk(element, enter, leave)
    return clean_text("".join(parts))


def opening_of(element: Element, size: int) -> str:
    """Clean text of an element, whole if it has at most `size` characters; of a longer one more than `size`."""
    parts: list[str] = []
    length = 0
    for part in texts(element):
        parts.append(part)
        length += len(part)
        if length > _MOST_BLANKS + size:
            break
    return clean_text("".join(parts))
