"""The frame around every page: navigation, theme, message region, and the header of a book's own pages.

    @ui.page("/voices")
    def voices() -> None:
        with page_frame("Voices", section="voices"):
            tag("h1", text="Voices")

Below the frame, use the controls of `elements.py` and the classes of `static/studio.css`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from nicegui import ui

from mayabook.studio.pages.elements import button, icon, link, tag, text
from mayabook.studio.pages.messages import add_message_region

Section = Literal["shelf", "voices", "reports"]
BookTab = Literal["", "run", "review", "listen", "report"]
_SECTIONS: Final[dict[Section, tuple[str, str]]] = {
    "shelf": ("Shelf", "/"),
    "voices": ("Voices", "/voices"),
    "reports": ("Reports", "/reports"),
}
_TABS: Final[dict[BookTab, str]] = {
    "": "Book",
    "run": "Run",
    "review": "Review",
    "listen": "Listen",
    "report": "Report",
}


@dataclass(frozen=True, slots=True)
class BookHead:
    """What the head of a book's pages shows."""

    id: str
    """Name of the book in addresses."""
    title: str
    authors: str
    cover: str
    """Address of its picture; empty where it has none."""


def book_address(book_id: str, tab: BookTab = "") -> str:
    """Address of a page of a book."""
    return f"/book/{quote(book_id, safe='')}{'/' if tab else ''}{tab}"


@contextmanager
def page_frame(title: str, section: Section | None = None) -> Iterator[None]:
    """Puts what the block adds into the main part of a page. title: of the browser's tab."""
    ui.page_title(f"{title} · MayaBook")
    tag("a", "skip-link", text="Skip to the content", href="#content")
    with tag("header", "topbar"), tag("div"):
        with tag("a", "brand", href="/", aria_label="MayaBook, to the shelf"):
            icon("logo")
            text("MayaBook")
        with tag("nav", aria_label="Main"):
            for name, (label, address) in _SECTIONS.items():
                link(label, address, aria_current="page" if name == section else None)
        button(
            "Switch between light and dark", drawing="theme", kind="quiet", is_label_hidden=True, js="() => nextTheme()"
        )
    with tag("main", id="content", tabindex="-1"), tag("div", "page"):
        yield
    add_message_region()


@contextmanager
def book_frame(book: BookHead, tab: BookTab) -> Iterator[None]:
    """As `page_frame`, with the book's title and the links to its pages above the content."""
    name = _TABS[tab]
    with page_frame(f"{book.title} · {name}" if tab else book.title, section="shelf"):
        with tag("div"):
            with tag("div", "book-head"):
                cover(book)
                with tag("div"):
                    tag("h1", "book-text", text=book.title, dir="auto")
                    if book.authors:
                        tag("p", "muted book-text", text=book.authors, dir="auto")
            with tag("nav", "tabs", aria_label="Pages of this book"):
                for each, label in _TABS.items():
                    link(label, book_address(book.id, each), aria_current="page" if each == tab else None)
        yield


def nothing_yet(book_id: str, reason: str) -> ui.element:
    """Shown instead of a page that needs a run first. Returns the element that holds its buttons."""
    with tag("div", "card empty"):
        tag("p", "book-text", text=reason)
        with tag("div", "buttons") as place:
            link("To the run", book_address(book_id, "run"), classes="button")
    return place


def cover(book: BookHead, classes: str = "") -> None:
    """The picture on the cover, or the first letter of the title in its place."""
    if book.cover:
        with tag("div", f"cover {classes}"):
            tag("img", src=book.cover, alt="", loading="lazy", decoding="async")
    else:
        initial = next((char for char in book.title if char.isalnum()), "·")
        tag("div", f"cover none {classes}", text=initial.upper(), aria_hidden="true")
