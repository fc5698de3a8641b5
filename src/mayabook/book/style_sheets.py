"""The style sheets of content documents: linked, imported and in `<style>` elements."""

from collections.abc import Callable
from dataclasses import dataclass

from mayabook.book.class_styles import ClassStyles, read_class_styles
from mayabook.book.container import Container
from mayabook.book.css_visibility import VisibilityRules, is_for_screens, read_visibility_rules
from mayabook.book.xml_parsing import Element, local_name
from mayabook.core.errors import BookError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """What is used of a style sheet."""

    visibility: VisibilityRules
    classes: ClassStyles


class StyleSheets:
    """Reads each style sheet of a book once."""

    def __init__(self, container: Container, warn: Callable[[str], None]) -> None:
        self._container = container
        self._warn = warn
        self._linked: dict[str, StyleSheet] = {}
        self._written: dict[str, StyleSheet] = {}

    def of(self, root: Element, name: str) -> list[StyleSheet]:
        """The sheets of a document, in their order. name: its zip entry."""
        sheets = []
        for element in root.iter("{*}link", "{*}style"):
            if not is_for_screens(element.get("media", "")):
                continue
            if local_name(element) == "style":
                sheets.append(self._in_document(element.text or "", name))
            elif element.get("rel", "").lower().split() == ["stylesheet"]:
                sheet = self._container.find(element.get("href", ""), name)
                if sheet is not None:
                    sheets.append(self._in_file(sheet))
        return sheets

    def _in_file(self, sheet: str) -> StyleSheet:
        if sheet not in self._linked:
            self._linked[sheet] = self._read(self._text(sheet) or "", sheet, f"the style sheet {sheet}")
        return self._linked[sheet]

    def _in_document(self, css: str, name: str) -> StyleSheet:
        if css not in self._written:
            self._written[css] = self._read(css, name, f"a style sheet in {name}")
        return self._written[css]

    def _read(self, css: str, base: str, called: str) -> StyleSheet:
        def warn(what: str) -> None:
            self._warn(f"{called} {what}")

        def load(href: str) -> str | None:
            imported = self._container.find(href, base)
            return None if imported is None else self._text(imported)

        return StyleSheet(read_visibility_rules(css, warn, load), read_class_styles(css))

    def _text(self, sheet: str) -> str | None:
        try:
            data = self._container.read(sheet)
        except BookError as error:
            self._warn(f"the style sheet {sheet} was passed over: {error}")
            return None
        return data.decode("utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig", "replace")
