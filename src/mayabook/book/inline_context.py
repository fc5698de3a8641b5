"""The text of a block before and after an inline element."""

from mayabook.book.semantics import BLOCK_TAGS
from mayabook.book.xml_parsing import Element, local_name, texts

_MOST_STEPS = 30
"""Elements that are looked at in each direction: beyond them the context does not matter."""


def text_before(element: Element, size: int) -> str:
    """The last `size` characters before an element, within its block and line."""
    parts: list[str] = []
    node = element
    for _ in range(_MOST_STEPS):
        previous = node.getprevious()
        if previous is not None:
            parts.append(previous.tail or "")
            if _ends_line(previous) or sum(map(len, parts)) >= size:
                break
            parts.append("".join(texts(previous)))
            node = previous
            continue
        parent = node.getparent()
        if parent is None:
            break
        parts.append(parent.text or "")
        node = parent
        if local_name(parent) in BLOCK_TAGS:
            break
    return "".join(reversed(parts))[-size:]


def text_after(element: Element, size: int) -> str:
    """The first `size` characters after an element, within its block and line."""
    parts = [element.tail or ""]
    node = element
    for _ in range(_MOST_STEPS):
        if sum(map(len, parts)) >= size:
            break
        following = node.getnext()
        if following is not None:
            if _ends_line(following):
                break
            parts += ["".join(texts(following)), following.tail or ""]
            node = following
            continue
        parent = node.getparent()
        if parent is None or local_name(parent) in BLOCK_TAGS:
            break
        parts.append(parent.tail or "")
        node = parent
    return "".join(parts)[:size]


def _ends_line(element: Element) -> bool:
    return local_name(element) in BLOCK_TAGS or local_name(element) == "br"
