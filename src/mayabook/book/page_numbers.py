"""Recognises the page numbers of a printed edition. A page break that holds text of the book is not one."""

import re

from mayabook.book.class_names import Role
from mayabook.book.inline_context import text_after
from mayabook.book.semantics import opening_of
from mayabook.book.xml_parsing import Element, local_name

_LONGEST = 20
_NUMBER = re.compile(
    r"\W*(?:(?:[Pp](?:g|age)?s?|PAGE|PG|[Ss](?:eite)?|[Ff]ol(?:io)?)\W{0,2})?"
    r"(?:[A-Z]{0,2}[-.]?\d{1,4}[a-z]?|(?=[ivxlc])(?:c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
    r"|(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\W*"
)
_BRACKETED = re.compile(r"[\[{]\s?(?:(?:[Pp](?:g|age)?\W{0,2})?\d{1,4})\s?[\]}]")


def is_page_number(element: Element, types: frozenset[str], roles: frozenset[Role]) -> bool:
    """types, roles: the element's epub:types, and roles by its classes."""
    if "pagebreak" not in types and Role.PAGE_NUMBER not in roles:
        return local_name(element) == "small" and _BRACKETED.fullmatch(opening_of(element, _LONGEST)) is not None
    text = opening_of(element, _LONGEST)
    if not text or text in (element.get("title"), element.get("aria-label")):
        return True
    if _NUMBER.fullmatch(text) is None:
        return False
    return text != "I" or re.match(r"\s+[a-z]|['’][a-z]", text_after(element, 4)) is None
