"""How a run is shown: a live bar on a terminal, plain lines elsewhere, JSON lines for machines, or nothing."""

import json
import sys
import time
from dataclasses import asdict
from types import TracebackType
from typing import Self, assert_never

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from mayabook.core.events import (
    EngineSelected,
    Event,
    MasteringProgress,
    Note,
    RenderProgress,
    ScriptReady,
    VerificationProgress,
)

PLAIN_EVERY = 15.0
"""Seconds between plain progress lines."""


class Display:
    """Shows nothing. Use as a context manager; `on_event` is a listener of the run inside the block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def on_event(self, event: Event, book: str = "") -> None:
        """book: name of the book's file, where there are several."""

    def show_result(self, lines: list[str], facts: dict[str, object]) -> None:
        """lines: for a person. facts: the same for a machine."""


def display(*, as_json: bool, quiet: bool, verbose: bool, several: bool = False) -> Display:
    """verbose: a log is printed beside it, which a live bar would garble. several: whether there are several books,
    which one bar cannot show."""
    if as_json:
        return JsonDisplay()
    if quiet:
        return Display()
    return LiveDisplay() if sys.stdout.isatty() and not verbose and not several else PlainDisplay()


def clock(seconds: float) -> str:
    """1:02:03 or 2:03."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def line_of(event: Event) -> str:
    """An event in one line for a person."""
    match event:
        case Note(text):
            return f"Note: {text}"
        case EngineSelected(kind, credit, _, fallback=True):
            return f"Fallback engine: {kind}, {credit}"
        case EngineSelected(kind, credit, reason):
            return f"Engine: {kind}, {credit}: {reason}" if reason else f"Engine: {kind}, {credit}"
        case ScriptReady(title, n_chunks, n_words):
            return f"{title}: {n_chunks} chunks, {n_words:,} words"
        case RenderProgress(chapter=chapter):
            return f"{chapter}: {_counts(event)}" if chapter else _counts(event)
        case MasteringProgress(fraction):
            return f"Mastering: {fraction:.0%}"
        case VerificationProgress(fraction):
            return f"Transcribing: {fraction:.0%}"
        case _:
            assert_never(event)


def _counts(progress: RenderProgress) -> str:
    eta = "" if progress.eta is None else f", {clock(progress.eta)} to go"
    return (
        f"{progress.done_chunks}/{progress.n_chunks} chunks, {progress.rate:.1f}x real time{eta}, "
        f"{progress.flagged} flagged"
    )


def _is_progress(event: Event) -> bool:
    return isinstance(event, RenderProgress | MasteringProgress | VerificationProgress)


class PlainDisplay(Display):
    """Prints what happens once, and how far the run is every PLAIN_EVERY seconds."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown: dict[str, float] = {}

    def on_event(self, event: Event, book: str = "") -> None:
        if _is_progress(event):
            if time.monotonic() - self._shown.get(book, self._started) <= PLAIN_EVERY:
                return
            self._shown[book] = time.monotonic()
        print(f"{book}: {line_of(event)}" if book else line_of(event), flush=True)

    def show_result(self, lines: list[str], facts: dict[str, object]) -> None:
        print(*lines, sep="\n", flush=True)


class JsonDisplay(Display):
    """Prints every event as an object with its name in `event`."""

    def on_event(self, event: Event, book: str = "") -> None:
        of_book = {"book": book} if book else {}
        match event:
            case RenderProgress():
                self._print("rendering", {**of_book, **asdict(event), "rate": event.rate, "eta": event.eta})
            case MasteringProgress():
                self._print("mastering", {**of_book, **asdict(event)})
            case VerificationProgress():
                self._print("verifying", {**of_book, **asdict(event)})
            case Note():
                self._print("message", {**of_book, "text": line_of(event)})
            case EngineSelected() | ScriptReady():
                self._print("message", {**of_book, "text": line_of(event), **asdict(event)})
            case _:
                assert_never(event)

    def show_result(self, lines: list[str], facts: dict[str, object]) -> None:
        self._print("result", facts)

    def _print(self, name: str, facts: dict[str, object]) -> None:
        print(json.dumps({"event": name, **facts}, ensure_ascii=False), flush=True)


class LiveDisplay(Display):
    """A bar that moves, and above it what happened."""

    def __init__(self) -> None:
        self._console = Console()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[facts]}"), console=self._console
        )
        self._task = self._bar.add_task("", total=1.0, facts="", visible=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.update(self._task, visible=False)
        self._bar.stop()

    def on_event(self, event: Event, book: str = "") -> None:
        match event:
            case RenderProgress():
                self._move(event.chapter[:40], event.done_words / max(1, event.n_words), _counts(event))
            case MasteringProgress(fraction):
                self._move("Mastering", fraction, f"{fraction:.0%}")
            case VerificationProgress(fraction):
                self._move("Transcribing", fraction, f"{fraction:.0%}")
            case _:
                self._print(line_of(event))

    def _move(self, description: str, done: float, facts: str) -> None:
        self._bar.update(self._task, visible=True, description=description, completed=done, facts=facts)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)

    def show_result(self, lines: list[str], facts: dict[str, object]) -> None:
        for line in lines:
            self._print(line)
