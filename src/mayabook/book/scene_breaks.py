"""Scene breaks that are neither rules nor ornaments of text: pictures of ornaments, blank paragraphs, wide margins."""

import re
from collections import Counter
from collections.abc import Set
from typing import NamedTuple

from mayabook.book.class_names import Role, roles_of
from mayabook.book.class_styles import has_wide_margin
from mayabook.book.pictured_text import is_placeholder
from mayabook.book.semantics import HEADING_TAGS
from mayabook.book.text_cleaning import clean_text, has_words, is_ornament
from mayabook.book.xml_parsing import Element, local_name, select, texts

_ORNAMENTAL = re.compile(
    r"\b(?:scene|section|text|chapter)?[ _-]?(?:break|ornament|divider|fleuron|flourish|separator|swirl|dinkus"
    r"|asteris[mk]s?|decorat(?:ion|ive)|vignette|tailpiece)|\born\d*\b|\bstars?\b",
    re.IGNORECASE,
)
_PICTURES = frozenset(("img", "svg", "math"))
_MOST_BLANK = 3
"""If there is more than one blank paragraph to three others, they are the converter's spacing and mean nothing."""
_MOST_MARGINS = 0.2


class SceneBreaks(NamedTuple):
    """elements: those that are scene breaks, though they hold no text. before: paragraphs that follow a scene break."""

    elements: frozenset[Element]
    before: frozenset[Element]


def find_scene_breaks(root: Element, spaced_classes: Set[str]) -> SceneBreaks:
    """spaced_classes: classes with a wide margin above."""
    paragraphs = list(root.iter("{*}p"))
    blank = [paragraph for paragraph in paragraphs if _is_blank(paragraph)]
    if _MOST_BLANK * len(blank) > len(paragraphs) - len(blank) + 1:
        blank = []
    spaced = [paragraph for paragraph in paragraphs if _is_spaced(paragraph, spaced_classes)]
    if len(spaced) > _MOST_MARGINS * len(paragraphs) and len(spaced) > 1:
        spaced = []
    return SceneBreaks(frozenset((*blank, *_pictured(root))), frozenset(spaced))


def _is_blank(paragraph: Element) -> bool:
    """Whether a paragraph shows as an empty line: it holds a line break or a space that does not collapse."""
    if has_words(paragraph.text or "") or any(local_name(inner) in _PICTURES for inner in paragraph.iter()):
        return False
    text = "".join(texts(paragraph))
    if clean_text(text):
        return False
    return "\xa0" in text or "\u3000" in text or any(local_name(inner) == "br" for inner in paragraph.iter())


def _is_spaced(paragraph: Element, spaced: Set[str]) -> bool:
    """Whether a paragraph stands apart from the paragraph above it."""
    names = (paragraph.get("class") or "").split()
    style = paragraph.get("style") or ""
    if spaced.isdisjoint(names) and not ("margin" in style and has_wide_margin(style)):
        return False
    previous = paragraph.getprevious()
    return previous is not None and local_name(previous) == "p"


def _pictured(root: Element) -> list[Element]:
    """The blocks that hold nothing but a picture of an ornament."""
    pictures = select(root, "local-name()='img'")
    times = Counter(picture.get("src", "") for picture in pictures)
    found = []
    for picture in pictures:
        block = picture.getparent()
        while block is not None and local_name(block) in ("span", "a", "b", "i", "em", "center"):
            block = block.getparent()
        if block is None or local_name(block) not in ("p", "div") or len(list(block.iter("{*}img"))) > 3:
            continue
        if not clean_text("".join(texts(block))) and _is_ornamental(picture, block, times[picture.get("src", "")]):
            found.append(block)
    return found


def _is_ornamental(picture: Element, block: Element, n_times: int) -> bool:
    alt = clean_text(picture.get("alt", ""))
    if Role.SCENE_BREAK in roles_of(block) | roles_of(picture) or is_ornament(alt):
        return True
    if _ORNAMENTAL.search(f"{alt} {picture.get('src', '')}") and (not has_words(alt) or len(alt.split()) <= 4):
        return True
    if "alt" in picture.attrib and not alt:
        previous = block.getprevious()
        return previous is not None and local_name(previous) not in HEADING_TAGS
    return n_times > 1 and (not alt or is_placeholder(alt))
