"""Recognises lines of links that lead around a book: "Previous | Contents | Next"."""

import re

_PLACES = (
    r"(?:the )?(?:(?:table of )?contents?(?: page| list)?|toc|top(?: of (?:the )?page)?|beginning|start|home|index|menu"
    r"|text|book|cover|title page|main menu|chapter list)"
)
_PLACE = re.compile(_PLACES, re.IGNORECASE)
_LABEL = re.compile(
    rf"(?:back|return|go|go back|jump)(?: to (?:{_PLACES}))?|{_PLACES}"
    r"|(?:prev(?:ious)?|next|first|last)(?: (?:chapter|page|section|part|book|scene|letter|story))?|up|forward",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\s\xa0]*(?:[|,·•/\\<>«»‹›←→↑↓⇐⇒⇑▲△^◀▶⏮⏭\[\](){}:–—]|\s-\s)+[\s\xa0]*")
_POINTS = re.compile(r"^(?:[←⇐◀]|«|<<)|(?:[→⇒▶]|»|>>)$")
"""Arrows to the chapters before and after."""
_LONGEST = 100
_FEWEST_LINKED = 0.7


def is_navigation(text: str, linked: float, *, places: bool) -> bool:
    """linked: share of the characters that are links. places: whether the name of a place alone ("Contents") counts."""
    if linked < _FEWEST_LINKED or len(text) > _LONGEST:
        return False
    if _POINTS.search(text):
        return True
    labels = [label for label in _SEPARATORS.split(text) if label.strip()]
    if "|" in text and len(labels) > 1 and any(_is_label(label.strip()) for label in labels):
        return True
    if not places and all(_PLACE.fullmatch(label.strip()) for label in labels):
        return False
    return bool(labels) and all(_is_label(label.strip()) for label in labels)


def _is_label(label: str) -> bool:
    """One label, or several with nothing but spaces between them."""
    words = label.split()
    known = [0]
    for end in range(1, len(words) + 1):
        if any(_LABEL.fullmatch(" ".join(words[start:end])) for start in known):
            known.append(end)
    return known[-1] == len(words)
