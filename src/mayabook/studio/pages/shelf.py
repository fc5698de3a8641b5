"""The shelf: the books of the library folder, what is being narrated, and what comes next."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from nicegui import ui

from mayabook.studio.pages.elements import button, choice, icon, link, set_attributes, tag, text
from mayabook.studio.pages.layout import BookHead, book_address, cover
from mayabook.studio.pages.live import Live
from mayabook.studio.pages.wording import counted

ShelfState = Literal["new", "queued", "running", "paused", "finished", "failed"]
STATE_WORDS: dict[ShelfState, tuple[str, str]] = {
    "new": ("not narrated yet", ""),
    "queued": ("in the queue", ""),
    "running": ("being narrated", "active"),
    "paused": ("paused", "doubt"),
    "finished": ("narrated", "active"),
    "failed": ("stopped by an error", "error"),
}
"""State -> its name on the page, and the CSS class of its badge."""
_PRIORITIES = {"1": "first", "0": "in turn", "-1": "last"}


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """A book on the shelf."""

    head: BookHead
    state: ShelfState
    fraction: float
    """Share of its chunks that are settled, 0 to 1."""
    line: str
    """Progress or quality, in one line."""
    n_flagged: int
    """Chunks that a person should listen to."""
    download: str
    """Address of the audiobook; empty where there is none."""
    priority: int = 0
    """In the queue; higher ones go first."""


class ShelfActions(Protocol):
    """What the buttons of the shelf do, each with the id of a book."""

    def pause(self, book_id: str) -> None: ...
    def resume(self, book_id: str) -> None: ...
    def stop(self, book_id: str) -> None: ...
    def move(self, book_id: str, places: int) -> None: ...
    def set_priority(self, book_id: str, priority: int) -> None: ...


class ShelfPage:
    def __init__(self, read: Callable[[], Sequence[ShelfEntry]], actions: ShelfActions, folder: str) -> None:
        """folder: path of the library folder, to be shown."""
        self._actions = actions
        self._rows: dict[str, _Row] = {}
        with tag("div", "page-head"):
            with tag("div"):
                tag("h1", text="Shelf")
                self._sum = text("…", "muted", name="p")
            button("Add books", drawing="upload", kind="primary", js="() => chooseBooks()")
        tag("div", "drop-hint", text="Drop the books here", aria_hidden="true")
        self._groups = {
            "now": _Group("Now"),
            "next": _Group("Next"),
            "books": _Group("Books"),
        }
        with tag("section", "card empty") as self._empty:
            icon("book")
            tag("p", text="No books yet. Drop EPUB or text files anywhere on this page, or click Add books.")
            tag("p", "small", text=f"They are kept in {folder}. Books that you copy into that folder appear here, too.")
        self._live = Live(lambda: tuple(read()), self._draw)
        ui.on("books-added", self._live.refresh)

    def _draw(self, entries: tuple[ShelfEntry, ...]) -> None:
        grouped: dict[str, list[ShelfEntry]] = {name: [] for name in self._groups}
        for entry in entries:
            where = {"running": "now", "paused": "now", "queued": "next"}.get(entry.state, "books")
            grouped[where].append(entry)
        gone = self._rows.keys() - {entry.head.id for entry in entries}
        for book_id in gone:
            self._rows.pop(book_id).delete()
        for name, group in self._groups.items():
            group.set_count(len(grouped[name]))
            for place, entry in enumerate(grouped[name]):
                row = self._rows.get(entry.head.id)
                if row is None:
                    with group.list:
                        row = self._rows[entry.head.id] = _Row(entry, self._actions, self._live.refresh)
                row.place(group.list, place)
                row.show(entry, is_first=not place, is_last=place == len(grouped[name]) - 1)
        set_attributes(self._empty, hidden=bool(entries))
        done = sum(entry.state == "finished" for entry in entries)
        self._sum.set_text(f"{counted(len(entries), 'book')}, {done} narrated" if entries else "")


class _Group:
    """A heading with the rows below it; hidden while it has no rows."""

    def __init__(self, title: str) -> None:
        with tag("section", "section", aria_label=title) as self._section:
            tag("h2", text=title)
            self.list = tag("ul", "card rows")

    def set_count(self, count: int) -> None:
        set_attributes(self._section, hidden=not count)


class _Row:
    """A book. Its elements are updated in place rather than rebuilt, so that keyboard focus is not lost."""

    def __init__(self, entry: ShelfEntry, actions: ShelfActions, refresh: Callable[[], Awaitable[None]]) -> None:
        head, self._actions, self._refresh = entry.head, actions, refresh
        self._id = head.id
        with tag("li", "shelf-row") as self._row:
            with tag("a", href=book_address(head.id), tabindex="-1", aria_hidden="true"):
                cover(head)
            with tag("div"):
                link(head.title, book_address(head.id), classes="title book-text", dir="auto")
                if head.authors:
                    tag("p", "muted small book-text", text=head.authors, dir="auto")
                with tag("div", "about small"):
                    self._badge = text("…", "badge")
                    self._line = text("", "muted numbers")
                with tag("div", "progress", role="progressbar", aria_label=f"Progress of {head.title}") as self._bar:
                    self._done = ui.element("div")
            with tag("div", "buttons"):
                self._all = {
                    "priority": self._priority(entry),
                    "up": self._button("Earlier", "up", lambda: actions.move(self._id, -1)),
                    "down": self._button("Later", "down", lambda: actions.move(self._id, 1)),
                    "pause": self._button("Pause", "pause", lambda: actions.pause(self._id)),
                    "resume": self._button("Resume", "play", lambda: actions.resume(self._id)),
                    "stop": self._button("Stop", "stop", lambda: actions.stop(self._id)),
                    "review": link("Review", book_address(self._id, "review"), drawing="review", classes="button"),
                    "listen": link("Listen", book_address(self._id, "listen"), drawing="listen", classes="button"),
                    "download": link("", "", drawing="download", classes="button", aria_label=f"Download {head.title}"),
                    "open": link("Open", book_address(self._id), classes="button"),
                }

    def _button(self, label: str, drawing: str, act: Callable[[], None]) -> ui.element:
        async def pressed() -> None:
            act()
            await self._refresh()

        return button(label, pressed, drawing=drawing, is_label_hidden=True)

    def _priority(self, entry: ShelfEntry) -> ui.element:
        """Returns the element around the label and its field."""
        with tag("div") as place:
            label = f"Priority of {entry.head.title}"
            choice(label, _PRIORITIES, str(entry.priority), self._set_priority, is_label_hidden=True)
        return place

    async def _set_priority(self, priority: str) -> None:
        self._actions.set_priority(self._id, int(priority))
        await self._refresh()

    def place(self, target: ui.element, place: int) -> None:
        if (
            self._row.parent_slot is None
            or self._row.parent_slot.parent is not target
            or target.default_slot.children.index(self._row) != place
        ):
            self._row.move(target, place)

    def show(self, entry: ShelfEntry, *, is_first: bool, is_last: bool) -> None:
        word, look = STATE_WORDS[entry.state]
        self._badge.text = word
        self._badge.classes(replace=f"badge {look}")
        self._line.set_text(entry.line)
        set_attributes(self._bar, hidden=entry.state not in ("running", "paused"))
        set_attributes(self._bar, aria_valuenow=round(100 * entry.fraction), aria_valuemin="0", aria_valuemax="100")
        self._done.style(f"width: {100 * entry.fraction:.1f}%")
        shown = {
            "priority": entry.state == "queued",
            "up": entry.state == "queued" and not is_first,
            "down": entry.state == "queued" and not is_last,
            "pause": entry.state == "running",
            "resume": entry.state in ("paused", "failed"),
            "stop": entry.state in ("running", "paused", "queued"),
            "review": entry.n_flagged > 0,
            "listen": entry.state == "finished",
            "download": bool(entry.download),
            "open": entry.state == "new",
        }
        for name, element in self._all.items():
            set_attributes(element, hidden=not shown[name])
        set_attributes(self._all["download"], href=entry.download or None, download=True)

    def delete(self) -> None:
        self._row.delete()
