"""Recognises notices against copying that web novels hide between paragraphs, behind a class of random letters."""

import re
from functools import lru_cache

from mayabook.book.semantics import opening_of
from mayabook.book.xml_parsing import Element

_LONGEST = 400
_RANDOM = re.compile(r"(?=[A-Za-z]*\d)(?=.*[a-z])(?=.*(?:[A-Z]|\d[a-z]+\d|[a-z]\d+[a-z]))[A-Za-z0-9]{6,}")
_THEFT = re.compile(
    r"stolen|theft|unlawfully|unauthori[sz]ed|illicit|pirat|misappropriat|purloin|plagiari|taken without"
    r"|without (?:the |its )?(?:author|permission|consent|leave|approval|authori[sz]ation)|ripped|hijacked|lifted from",
    re.IGNORECASE,
)
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
    return len(text) <= _LONGEST and _THEFT.search(text) is not None and _REMEDY.search(text) is not None


@lru_cache(maxsize=4096)
def _is_random(names: str) -> bool:
    return any(_RANDOM.fullmatch(name) for name in names.split())
