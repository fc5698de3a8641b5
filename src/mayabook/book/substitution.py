"""What is read in place of an element."""

from typing import NamedTuple

from mayabook.book.xml_parsing import Element


class Substitution(NamedTuple):
    """text: read in place of the element's own text; empty for nothing. reason: why its own text is not read, in words
    for a person; empty where `text` has the same letters in another notation. source: where `text` comes from, if it
    has other letters."""

    text: str
    reason: str = ""
    source: str = ""


Substitutions = dict[Element, Substitution]
