"""The run of a book: speed, time to go, a map with one cell a chunk, events, and the load of the machine."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from nicegui import ui

from mayabook.core.hardware import gpus
from mayabook.studio.pages.book_map import BookMap, MapLegend
from mayabook.studio.pages.elements import Handler, button, fact, link, set_attributes, tag, text
from mayabook.studio.pages.layout import book_address
from mayabook.studio.pages.live import Live
from mayabook.studio.pages.wording import counted, duration

MOST_EVENTS = 200
"""Events that are shown, the newest first."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that a run reported."""

    time: str
    """Local time of day, such as 14:02:31; empty if not known."""
    text: str


@dataclass(frozen=True, slots=True)
class RunState:
    """What the page shows."""

    word: str
    """The state of the job, in words."""
    is_running: bool
    is_paused: bool
    is_queued: bool
    is_finished: bool
    fraction: float
    """Share of the chunks that are settled, 0 to 1."""
    doing: str
    """What is being done now, such as the title of the chapter being narrated; the error of a failed run."""
    rate: float | None
    """Seconds of speech made per second; None if it has not been measured."""
    eta: float | None
    """Seconds to go; None if not known."""
    states: tuple[str, ...]
    """Of each chunk; keys of `book_map.STATES`."""
    chapters: tuple[tuple[int, str], ...]
    """(index of its first chunk, title), for each chapter."""
    events: tuple[RunEvent, ...]
    """In order."""


class RunPage:
    def __init__(
        self,
        book_id: str,
        read: Callable[[], RunState],
        *,
        start: Handler,
        pause: Handler,
        resume: Handler,
        stop: Handler,
    ) -> None:
        with tag("section", "card padded section", aria_label="Progress"):
            with tag("div", "section-head"):
                with tag("p", "run-state"):
                    self._badge = text("…", "badge")
                    self._doing = text("", "muted book-text")
                with tag("div", "buttons"):
                    self._start = button("Narrate", start, drawing="play", kind="primary")
                    self._pause = button("Pause", pause, drawing="pause")
                    self._resume = button("Resume", resume, drawing="play", kind="primary")
                    self._stop = button("Stop", stop, drawing="stop")
                    self._listen = link(
                        "Listen", book_address(book_id, "listen"), drawing="listen", classes="button primary"
                    )
            with tag("div", "progress", role="progressbar", aria_label="Narrated") as self._bar:
                self._done = ui.element("div")
            with tag("dl", "facts"):
                self._percent = fact("narrated")
                self._rate = fact("real time")
                self._eta = fact("to go")
                self._settled = fact("chunks finished")
                self._flagged = fact("chunks flagged")
        with tag("section", "card padded section", aria_labelledby="map"):
            tag("h2", id="map", text="Map of the book")
            self._map = BookMap(lambda index: ui.navigate.to(f"{book_address(book_id, 'review')}?chunk={index + 1}"))
            self._legend = MapLegend()
        with tag("div", "columns"):
            with tag("section", "section", aria_labelledby="events"):
                tag("h2", id="events", text="Events")
                self._no_events = tag(
                    "p", "muted", text="No events yet. They appear here once the studio narrates this book."
                )
                self._events = tag("ol", "card padded events small", tabindex="0", aria_label="Events, newest first")
            _load()
        self._n_events = 0
        Live(read, self._draw)

    def _draw(self, state: RunState) -> None:
        self._badge.text = state.word
        self._badge.classes(replace=f"badge {'active' if state.is_running or state.is_finished else ''}")
        self._doing.set_text(state.doing)
        percent = 100 * state.fraction
        self._done.style(f"width: {percent:.1f}%")
        set_attributes(self._bar, aria_valuenow=round(percent), aria_valuemin="0", aria_valuemax="100")
        settled = Counter(state.states)
        unsettled = settled["waiting"] + settled["speaking"] + settled["checking"]
        self._percent.set_text(f"{percent:.0f} %")
        _show_fact(self._rate, None if state.rate is None else f"{state.rate:.1f}×")
        _show_fact(self._eta, None if state.eta is None else duration(state.eta))
        self._settled.set_text(f"{len(state.states) - unsettled:,} of {len(state.states):,}")
        self._flagged.set_text(f"{settled['flagged']:,}")
        idle = not (state.is_running or state.is_paused or state.is_queued)
        set_attributes(self._start, hidden=not idle or state.is_finished)
        set_attributes(self._pause, hidden=not state.is_running)
        set_attributes(self._resume, hidden=not state.is_paused)
        set_attributes(self._stop, hidden=idle)
        set_attributes(self._listen, hidden=not state.is_finished)
        self._map.show(state.states, state.chapters)
        self._legend.show(settled)
        self._show_events(state.events)

    def _show_events(self, events: tuple[RunEvent, ...]) -> None:
        new = events[self._n_events :] if self._n_events <= len(events) else events
        if len(new) == len(events):
            self._events.clear()
        self._n_events = len(events)
        with self._events:
            for event in new[-MOST_EVENTS:]:
                with tag("li") as row:
                    text(event.time, "muted numbers")
                    text(event.text, "book-text")
                row.move(self._events, 0)
        for row in self._events.default_slot.children[MOST_EVENTS:]:
            row.delete()
        set_attributes(self._no_events, hidden=bool(events))
        set_attributes(self._events, hidden=not events)


def _show_fact(shown: ui.label, value: str | None) -> None:
    """Hides a fact that is not known."""
    assert shown.parent_slot is not None
    set_attributes(shown.parent_slot.parent, hidden=value is None)
    shown.set_text(value or "")


def _load() -> None:
    """CPU, memory and GPU meters, updated every 2.5 seconds."""
    with tag("section", "section", aria_labelledby="load"):
        tag("h2", id="load", text="This machine")
        with tag("div", "card padded section") as place:
            meters: dict[str, tuple[ui.label, ui.element]] = {}

    def draw(loads: tuple[tuple[str, float, str], ...]) -> None:
        for name, share, words in loads:
            if name not in meters:
                with place, tag("div", "meter"):
                    with tag("div"):
                        text(name)
                        shown = text("", "muted numbers")
                    with tag("div", "progress", aria_hidden="true"):
                        meters[name] = shown, ui.element("div")
            meters[name][0].set_text(words)
            meters[name][1].style(f"width: {100 * share:.0f}%")

    Live(machine_load, draw, seconds=2.5)


def machine_load() -> tuple[tuple[str, float, str], ...]:
    """(name, share in use from 0 to 1, the same in words), for the CPU, the memory and each GPU's memory."""
    memory = psutil.virtual_memory()
    cpu = psutil.cpu_percent()
    used = memory.total - memory.available
    found = [
        ("Processor", cpu / 100, f"{cpu:.0f} % of {counted(psutil.cpu_count() or 1, 'core')}"),
        ("Memory", used / memory.total, f"{used / 1e9:.1f} of {memory.total / 1e9:.0f} GB"),
    ]
    for gpu in gpus():
        taken = gpu.total - gpu.free
        found.append((gpu.name, taken / gpu.total, f"{taken / 1e9:.1f} of {gpu.total / 1e9:.0f} GB"))
    return tuple(found)
