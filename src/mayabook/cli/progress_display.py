"""How a run is shown: a live bar on a terminal, plain lines elsewhere, JSON lines for machines, or nothing."""

import json
import sys
import time
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from mayabook.render.progress import RenderProgress

PLAIN_EVERY = 15.0
"""Seconds between plain progress lines."""


class Reporter(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def say(self, line: str) -> None: ...
    def rendering(self, progress: "RenderProgress") -> None: ...
    def mastering(self, fraction: float) -> None: ...
    def result(self, lines: list[str], facts: dict[str, object]) -> None: ...


def reporter(*, as_json: bool, quiet: bool) -> Reporter:
    if as_json:
        return JsonReporter()
    if quiet:
        return QuietReporter()
    return LiveReporter() if sys.stdout.isatty() else PlainReporter()


def clock(seconds: float) -> str:
    """1:02:03 or 2:03."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _line(progress: "RenderProgress") -> str:
    eta = "" if progress.eta is None else f", {clock(progress.eta)} to go"
    return (
        f"{progress.done_chunks}/{progress.n_chunks} chunks, {progress.rate:.1f}x real time{eta}, "
        f"{progress.flagged} flagged"
    )


class QuietReporter:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def say(self, line: str) -> None:
        pass

    def rendering(self, progress: "RenderProgress") -> None:
        pass

    def mastering(self, fraction: float) -> None:
        pass

    def result(self, lines: list[str], facts: dict[str, object]) -> None:
        pass


class PlainReporter(QuietReporter):
    def __init__(self) -> None:
        self._spoke = time.monotonic()

    def say(self, line: str) -> None:
        print(line, flush=True)

    def rendering(self, progress: "RenderProgress") -> None:
        self._now_and_then(f"{progress.chapter}: {_line(progress)}")

    def mastering(self, fraction: float) -> None:
        self._now_and_then(f"Mastering: {fraction:.0%}")

    def _now_and_then(self, line: str) -> None:
        if time.monotonic() - self._spoke > PLAIN_EVERY:
            self._spoke = time.monotonic()
            self.say(line)

    def result(self, lines: list[str], facts: dict[str, object]) -> None:
        for line in lines:
            self.say(line)


class JsonReporter(QuietReporter):
    def say(self, line: str) -> None:
        self._print({"event": "message", "text": line})

    def rendering(self, progress: "RenderProgress") -> None:
        self._print({"event": "rendering", **asdict(progress), "rate": progress.rate, "eta": progress.eta})

    def mastering(self, fraction: float) -> None:
        self._print({"event": "mastering", "fraction": fraction})

    def result(self, lines: list[str], facts: dict[str, object]) -> None:
        self._print({"event": "result", **facts})

    def _print(self, event: dict[str, object]) -> None:
        print(json.dumps(event, ensure_ascii=False), flush=True)


class LiveReporter(QuietReporter):
    def __init__(self) -> None:
        self._console = Console()
        self._bar = Bar(
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

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)

    def rendering(self, progress: "RenderProgress") -> None:
        self._bar.update(
            self._task,
            visible=True,
            description=progress.chapter[:40],
            completed=progress.done_words / max(1, progress.n_words),
            facts=_line(progress),
        )

    def mastering(self, fraction: float) -> None:
        self._bar.update(self._task, visible=True, description="Mastering", completed=fraction, facts=f"{fraction:.0%}")

    def result(self, lines: list[str], facts: dict[str, object]) -> None:
        for line in lines:
            self.say(line)
