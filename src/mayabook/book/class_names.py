"""What the names of classes say about elements. Converters and publishers each have their own; these are common."""

import re
from enum import StrEnum, auto
from functools import lru_cache

from mayabook.book.xml_parsing import Element


class Role(StrEnum):
    """A role that a class gives an element."""

    RAISED = auto()
    LOWERED = auto()
    PAGE_NUMBER = auto()
    LINE_NUMBER = auto()
    VERSE_NUMBER = auto()
    SIDENOTE = auto()
    DROP_CAP = auto()
    RUNNING_HEAD = auto()
    HEADING = auto()
    SCENE_BREAK = auto()
    GUTENBERG = auto()
    TRANSCRIBER = auto()
    SCREEN_READER = auto()


_PATTERNS = {
    Role.RAISED: r"([a-z]+-)?sup(er)?(script(ed|s)?)?\d{0,2}|.*super-?script.*|numerator"
    r"|(fn|foot-?note|end-?note|note)-?(ref(erence)?|anchor|mark|num(ber)?|no|call|link)?",
    Role.LOWERED: r"([a-z]+-)?sub\d{0,2}|.*sub-?script.*|inferior|denominator",
    Role.PAGE_NUMBER: r"(x-ebookmaker-)?page-?(no|num|nums|number|numbers|break|marker)?|pb|pgno|folio",
    Role.LINE_NUMBER: r"(line|poem|stanza)-?(no|nos|num|nums|number|numbers)|ln",
    Role.VERSE_NUMBER: r"(verse|v)-?(no|num|nums|number|numbers|id|ref|label)?|vn|chapter-?verse",
    Role.SIDENOTE: r"(side|margin|m)(al)?-?notes?|marginal(ia)?|margin",
    Role.DROP_CAP: r".*(drop|initial|lettrine|versal).*|(illuminated|first)-?(letter|cap)",
    Role.RUNNING_HEAD: r"running-?(head|header|foot|footer|title)s?|page-?(head|header|foot|footer)",
    Role.HEADING: r"(chap(ter)?|part|book|section)-?(sub-?)?(titles?|num(ber)?|no|head(ing|er)?|name|label|opener)"
    r"|(chapter|heading|head|title|h|chap|ct|cn|cht|chn)-?[1-6]?|sub-?title",
    Role.SCENE_BREAK: r"((scene|section|thought|context|time|story|space|text|line|s)-?)?breaks?|asterisms?|tb|orn"
    r"|ornaments?|fleurons?|dinkus",
    Role.GUTENBERG: r"pg-?(boilerplate|header|footer)",
    Role.TRANSCRIBER: r"(trans(criber)?(-?s)?|t)-?notes?(-?box)?|tn(-?box)?",
    Role.SCREEN_READER: r"sr-?only|visually-?hidden|screen-?reader(-?(only|text))?|offscreen",
}
_COMPILED = {role: re.compile(pattern) for role, pattern in _PATTERNS.items()}
_NONE: frozenset[Role] = frozenset()


def roles_of(element: Element) -> frozenset[Role]:
    names = element.get("class")
    return _roles(names) if names else _NONE


@lru_cache(maxsize=4096)
def _roles(names: str) -> frozenset[Role]:
    spelled = [name.replace("_", "-") for name in re.sub(r"(?<=[a-z])(?=[A-Z])", "-", names).lower().split()]
    return frozenset(role for role, pattern in _COMPILED.items() if any(map(pattern.fullmatch, spelled)))
