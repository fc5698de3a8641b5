"""Reads the Dublin Core metadata of EPUB 2 and 3."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mayabook.book.text_cleaning import clean_text
from mayabook.book.xml_parsing import Element, parse_xhtml, texts


@dataclass(frozen=True, slots=True)
class Metadata:
    """As in `core.book.Book`; title is empty where the book has none."""

    title: str
    authors: tuple[str, ...]
    language: str
    identifier: str
    publisher: str
    description: str
    year: str


def read_metadata(package: Element, warn: Callable[[str], None]) -> Metadata:
    refined = _refinements(package)

    def role(element: Element) -> str:
        return _attribute(element, "role") or refined.get((element.get("id", ""), "role"), "")

    titles = _values(package, "title")
    main = [text for text, element in titles if refined.get((element.get("id", ""), "title-type")) == "main"]
    creators = _values(package, "creator")
    authors = [text for text, element in creators if role(element) in ("", "aut")] or [text for text, _ in creators]
    identifiers = _values(package, "identifier")
    unique = package.get("unique-identifier")
    dates = _values(package, "date")
    dates.sort(key=lambda date: _attribute(date[1], "event") not in ("publication", "original-publication"))
    return Metadata(
        title=next(iter(main or [text for text, _ in titles]), ""),
        authors=tuple(dict.fromkeys(authors)),
        language=_language(next((text for text, _ in _values(package, "language")), ""), warn),
        identifier=next((text for text, e in identifiers if e.get("id") == unique), _first(identifiers)),
        publisher=_first(_values(package, "publisher")),
        description=_without_markup(_first(_values(package, "description"))),
        year=next((m[0] for text, _ in dates if (m := re.search(r"(?<!\d)\d{4}(?!\d)", text))), ""),
    )


def _values(package: Element, name: str) -> list[tuple[str, Element]]:
    """Texts of the Dublin Core elements of this name that say anything, in order."""
    metadata = package.find("{*}metadata")
    elements = [] if metadata is None else list(metadata.iter("{http://purl.org/dc/elements/1.1/}" + name))
    values = [(clean_text("".join(texts(element))), element) for element in elements]
    return [(text, element) for text, element in values if text]


def _first(values: list[tuple[str, Element]]) -> str:
    return next((text for text, _ in values), "")


def _attribute(element: Element, name: str) -> str:
    return element.get("{http://www.idpf.org/2007/opf}" + name) or element.get(name) or ""


def _refinements(package: Element) -> dict[tuple[str, str], str]:
    """(id of the refined element, property) -> value, as EPUB 3 attaches roles and kinds of titles."""
    return {
        (meta.get("refines", "").removeprefix("#"), meta.get("property", "")): clean_text("".join(texts(meta)))
        for meta in package.iter("{*}meta")
        if meta.get("refines")
    }


def _language(given: str, warn: Callable[[str], None]) -> str:
    """A BCP 47 tag in its usual form ("EN_us" -> "en-US", "ger" -> "de"); `en` where the book names no language."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    try:
        tag = langcodes.standardize_tag(given)
    except LanguageTagError:
        tag = "und"
    if tag != "und":
        return tag
    if given:
        warn(f"the book gives its language as {given!r}, which is not a language tag; it is read as English")
    return "en"


def _without_markup(description: str) -> str:
    """Descriptions often hold HTML as escaped text."""
    if "<" not in description and "&" not in description:
        return description
    root = parse_xhtml(f"<div>{description}</div>".encode()).root
    return "" if root is None else clean_text(" ".join(texts(root)))
