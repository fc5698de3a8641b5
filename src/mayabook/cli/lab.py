"""mayabook lab: experiments on engines, formats and settings, and their reports."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from mayabook.cli import options
from mayabook.cli.make import STOPPED, stop
from mayabook.cli.progress_display import PLAIN_EVERY, clock

if TYPE_CHECKING:
    from mayabook.lab.report import ReportSection
    from mayabook.lab.trial_runner import TrialListener, TrialProgress

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Which engine, format and setting can be trusted, and why one fails: experiments with statistics.\n\nRows are "
    "written as takes are made; the same command goes on after a stop. docs/lab.md says what plans may hold.",
)

PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="TOML file with the plan; options given here outrank it.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder of rows and report (default lab/NAME).")]
Model = Annotated[str | None, typer.Option("--model", help="Maya1 model: a name, a folder or a .gguf file.")]
Book = Annotated[Path | None, typer.Option("--book", help="EPUB whose chunks are spoken.")]
Truth = Annotated[Path | None, typer.Option("--truth", help="Archive of texts and their true codes.")]
Takes = Annotated[int | None, typer.Option("--takes", help="Takes of each cell.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Another number gives all takes other seeds.")]
Slots = Annotated[int | None, typer.Option("--slots", help="Takes at once.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Another setting of the plan, as TOML: --set 'formats = [\"F16\"]'.")
]


def _command(name: str, summary: str) -> Any:
    def command(
        plan: PlanFile = None,
        output: Output = None,
        model: Model = None,
        book: Book = None,
        truth: Truth = None,
        takes: Takes = None,
        seed: Seed = None,
        slots: Slots = None,
        settings: Set = None,
        as_json: options.Json = False,
    ) -> None:
        from mayabook.lab.experiments import EXPERIMENTS, report, run

        experiment = EXPERIMENTS[name]
        given = _given(model=model, book=book, truth=truth, takes=takes, seed=seed, slots=slots, settings=settings)
        folder = output or Path("lab") / name
        with _watching(as_json) as watcher:
            run(experiment, experiment.plan.load(plan, given), folder, watcher)
        _show(report(folder), folder / "report.html", as_json)

    command.__doc__ = summary
    return command


_SUMMARIES = {
    "isolate": "Whether a take depends on what was made before, beside or after it.",
    "sweep": "Temperature, top_p and presets against artifacts, words and length.",
    "stress": "Many chunks in a row: every figure against position, in order and shuffled.",
    "compare": "Weight formats on the same chunks, and their distance from full precision.",
    "attribute": "Which of the settings that differed between the original backends cause artifacts.",
}
"""Help is shown before the lab is imported."""

for _name, _summary in _SUMMARIES.items():
    app.command(_name)(_command(_name, _summary))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of an experiment.", show_default=False)],
    as_json: options.Json = False,
) -> None:
    """Write report.html and report.md anew from an experiment's rows."""
    from mayabook.lab.experiments import report as write

    _show(write(folder), folder / "report.html", as_json)


@app.command()
def listen(
    folder: Annotated[Path, typer.Argument(help="Folder of an experiment whose audio was kept.", show_default=False)],
    one: Annotated[str, typer.Argument(help="A cell: a format, a preset, ...", show_default=False)],
    other: Annotated[str, typer.Argument(help="Another cell.", show_default=False)],
    pairs: Annotated[int, typer.Option("--pairs", min=1, help="Pairs of takes.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Draws pairs and sides.")] = 0,
) -> None:
    """Write a page for a blind test by ear of two cells; it computes the result and saves the votes."""
    from mayabook.core.errors import LabError
    from mayabook.lab.ab_test import write_ab_test
    from mayabook.lab.rows import read_rows

    header, rows = read_rows(folder)
    if not header.get("plan", {}).get("keep_audio"):
        raise LabError(
            f"{folder} has the audio of rejected takes alone, which would be no fair test; run the experiment with "
            "--set 'keep_audio = true'."
        )
    file = folder / "listen.html"
    n = write_ab_test(folder, rows, one, other, file, pairs, seed)
    print(f"{file}: {n} pairs")


@app.command("replay-investigation")
def replay_investigation(
    quick: Annotated[bool, typer.Option("--quick", help="A look at whether it runs, in minutes.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of rows.")] = Path("lab/investigation"),
    document: Annotated[
        Path | None, typer.Option("--document", help="What to write (default docs/investigation.md; quick: in -o).")
    ] = None,
    model: Model = None,
    book: Book = None,
    truth: Truth = None,
    seed: Seed = None,
    slots: Slots = None,
    settings: Set = None,
    as_json: options.Json = False,
) -> None:
    """Run every experiment and write a document on each claim of the investigation of 2025-11-17."""
    from mayabook.lab.investigation import DOCUMENT, default_model, replay

    given = _given(model=model or default_model(), book=book, truth=truth, seed=seed, slots=slots, settings=settings)
    folder = output / "quick" if quick else output
    target = document or (folder if quick else Path("docs")) / DOCUMENT
    with _watching(as_json) as watcher:
        sections = replay(given, folder, target, watcher, quick=quick)
    _show(sections, target, as_json)


def _given(settings: list[str] | None, **named: object) -> dict[str, Any]:
    """What the command line sets of a plan."""
    import tomllib

    from mayabook.core.errors import LabError

    try:
        values: dict[str, Any] = tomllib.loads("\n".join(settings or []))
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"--set takes TOML, name = value ({error}); quote texts twice.") from error
    return values | {name: str(v) if isinstance(v, Path) else v for name, v in named.items() if v is not None}


def _show(sections: "list[ReportSection]", file: Path, as_json: bool) -> None:
    for section in sections:
        if as_json:
            print(
                json.dumps({"event": "verdict", "title": section.title, "verdict": section.verdict}, ensure_ascii=False)
            )
        else:
            print(f"\n{section.title}\n  {section.verdict}")
    print(json.dumps({"event": "report", "file": str(file)}) if as_json else f"\n{file}")


@contextmanager
def _watching(as_json: bool) -> "Iterator[TrialListener]":
    """Ctrl-C ends with one line, and the exit code that shells have for it."""
    signal.signal(signal.SIGTERM, stop)
    live = _Live() if sys.stdout.isatty() and not as_json else _Plain(as_json)
    try:
        with live:
            yield live
    except KeyboardInterrupt:
        print("\nStopped. The rows are kept: the same command goes on from there.", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


def _line(progress: "TrialProgress") -> str:
    eta = "" if progress.eta is None else f", {clock(progress.eta)} to go"
    rate = f", {progress.audio / progress.elapsed:.1f}x real time" if progress.elapsed else ""
    return f"{progress.done}/{progress.total} takes{rate}{eta}, {progress.rejected} rejected"


class _Plain:
    def __init__(self, as_json: bool) -> None:
        self._as_json, self._spoke = as_json, time.monotonic()

    def __enter__(self) -> "_Plain":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def say(self, line: str) -> None:
        print(json.dumps({"event": "message", "text": line}, ensure_ascii=False) if self._as_json else line, flush=True)

    def step(self, progress: "TrialProgress") -> None:
        if self._as_json:
            facts = {name: getattr(progress, name) for name in ("cell", "total", "done", "resumed", "rejected")}
            print(json.dumps({"event": "take", **facts, "eta": progress.eta}, ensure_ascii=False), flush=True)
        elif time.monotonic() - self._spoke > PLAIN_EVERY:
            self._spoke = time.monotonic()
            self.say(f"{progress.cell}: {_line(progress)}")


class _Live:
    def __init__(self) -> None:
        self._console = Console()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[facts]}"))
        self._bar = Bar(*columns, console=self._console, transient=True)
        self._task = self._bar.add_task("", total=1, facts="")

    def __enter__(self) -> "_Live":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)

    def step(self, progress: "TrialProgress") -> None:
        self._bar.update(
            self._task,
            description=progress.cell[:40],
            completed=progress.done,
            total=progress.total,
            facts=_line(progress),
        )
