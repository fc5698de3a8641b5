"""Recognises notices against copying that web novels hide between paragraphs, behind a class of random letters."""

import re
from functools import lru_cache

from mayabook.book.semantics import opening_of
from mayabook.book.xml_parsing import Element

_LONGEST = 400
_RANDOM = re.compile(
    r"(?=[A-Za-z]*\d)(?=.*[a-z])(?=.*(?:[A-Z]|\d[a-z]+\d|[a-z]\d+[a-z]))[A-Za-z0-9]{6,}"
    r"|(?=.*[a-z])(?:[A-Za-z]*?[A-Z][a-z]?(?=[A-Z])){2}[A-Za-z]{4,}"
)
_THEFT = re.compile(
    r"stolen|theft|unlawfully|unauthori[sz]ed|illicit|pirat|misappropriat|purloin|plagiari|taken without"
    r"|without (?:the |its )?(?:author|permission|consent|leave|approval|authori[sz]ation)|ripped|hijacked|lifted from",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"(?=.*\b(?:love|enjoy|support|ensure|find|read|seek|visit|did you know|help))"
    r"(?=.*\b(?:authors?|creators?|writers?|work)\b)"
    r".*\b(?:genuine|original|official|royal ?road|preferred|different|another|source|platform|version|site)\b",
    re.IGNORECASE,
)
"""Notices that name no theft: "Love this story? Find the original version and support the author!\""""
_REMEDY = re.compile(
    r"report|amazon|royal ?road|original (?:site|source|platform|version)|genuine|sightings|instances|support the"
    r"|author|where you find|official",
    re.IGNORECASE,
)


def is_theft_notice(element: Element) -> bool:
    names = element.get("class")
    if not names or not _is_random(names):
        return False
    text = opening_of(element, _LONGEST)
    if len(text) > _LONGEST:
        return False
    return (_THEFT.search(text) and _REMEDY.search(text)) is not None or _ADVICE.match(text) is not None


@lru_cache(maxsize=4096)
def _is_random(names: str) -> bool:
    return any(_RANDOM.fullmatch(name) for name in names.split())
