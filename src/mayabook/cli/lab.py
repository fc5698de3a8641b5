"""mayabook lab: experiments on engines, formats and settings, and their reports."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from mayabook.cli import options
from mayabook.cli.exit_codes import stoppable
from mayabook.cli.progress_display import PLAIN_EVERY, clock

if TYPE_CHECKING:
    from mayabook.lab.report import ReportSection
    from mayabook.lab.trial_runner import TrialListener, TrialProgress

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Run experiments on engines, formats and settings.\n\nThey show by statistics which of them are reliable, and "
    "why one fails. A row is written for each take; after a stop the same command resumes. docs/lab.md documents the "
    "settings of a plan.",
)

PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="TOML file with the plan; options take precedence over it."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="Folder of rows and report. [default lab/EXPERIMENT]"),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="TEXT", help="Maya1 model: a name, a folder or a .gguf file.")
]
Book = Annotated[Path | None, typer.Option("--book", metavar="FILE", help="EPUB whose chunks are synthesised.")]
Truth = Annotated[
    Path | None, typer.Option("--truth", metavar="FILE", help="NumPy archive of texts and their true codes.")
]
Takes = Annotated[
    int | None, typer.Option("--takes", metavar="NUMBER", help="Takes for each cell (combination of factors).")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="NUMBER", help="Changes the seeds of all takes.")]
Slots = Annotated[
    int | None, typer.Option("--slots", metavar="NUMBER", help="Rows of the batch: takes generated at once.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="TOML", help="Another setting of the plan: --set 'formats = [\"F16\"]'. [repeatable]"
    ),
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
        from mayabook.lab.rows import result_folder

        experiment = EXPERIMENTS[name]
        given = _given(model=model, book=book, truth=truth, takes=takes, seed=seed, slots=slots, settings=settings)
        folder = output or result_folder(Path("lab"), name)
        with _display(as_json) as listener:
            run(experiment, experiment.plan.load(plan, given), folder, listener)
        _show(report(folder), folder / "report.html", as_json)

    command.__doc__ = summary
    return command


def _renamed(old: str, new: str, command: Any) -> Any:
    """`command` under an old name; it first prints a note that names the new one."""

    @wraps(command)
    def run(**given: Any) -> None:
        print(f"Note: `mayabook lab {old}` was renamed to `mayabook lab {new}`.", file=sys.stderr)
        command(**given)

    return run


_SUMMARIES = {
    "isolate": "Test whether a take depends on other takes.\n\nOthers are made before, beside and after it.",
    "sweep": "Compare temperatures, top_p and presets.\n\nArtifacts, word errors and length are compared.",
    "stress": "Test whether takes get worse in a long run.\n\nChunks are synthesised in order, and shuffled.",
    "compare": "Compare weight formats with full precision.\n\nEvery format synthesises the same chunks.",
    "ablation": "Find which settings cause artifacts.\n\nThe settings that differed between the backends of 2025 are "
    "changed one at a time, and all at once in a factorial plan.",
}
"""Experiment -> help of its command, so that help is shown without importing the lab."""

for _name, _summary in _SUMMARIES.items():
    app.command(_name)(_command(_name, _summary))
for _old, _name in {"attribute": "ablation"}.items():
    app.command(_old, hidden=True)(_renamed(_old, _name, _command(_name, _SUMMARIES[_name])))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of an experiment.", show_default=False)],
    as_json: options.Json = False,
) -> None:
    """Write the report of an experiment anew.

    It is report.html and report.md in its folder, from the rows there.
    """
    from mayabook.lab.experiments import report as write

    _show(write(folder), folder / "report.html", as_json)


@app.command()
def listen(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Folder of an experiment that kept its audio.", show_default=False),
    ],
    one: Annotated[str, typer.Argument(metavar="CELL", help="A cell: a format, a preset, ...", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="CELL", help="Another cell.", show_default=False)],
    pairs: Annotated[int, typer.Option("--pairs", metavar="NUMBER", min=1, help="Pairs of takes.")] = 20,
    seed: Annotated[int, typer.Option("--seed", metavar="NUMBER", min=0, help="Seed for choosing and ordering.")] = 0,
) -> None:
    """Write a page for a blind listening test.

    It plays takes of two cells in pairs, computes the result and saves the votes.
    """
    from mayabook.core.errors import LabError
    from mayabook.lab.ab_test import write_ab_test
    from mayabook.lab.rows import read_rows

    header, rows = read_rows(folder)
    if not header.get("plan", {}).get("keep_audio"):
        raise LabError(
            f"{folder} has only the audio of rejected takes, which would bias the test; run the experiment with "
            "--set 'keep_audio = true'."
        )
    file = folder / "listen.html"
    n = write_ab_test(folder, rows, one, other, file, pairs, seed)
    print(f"{file}: {n} pairs")


@app.command("replay-investigation")
def replay_investigation(
    quick: Annotated[bool, typer.Option("--quick", help="Check that all of it runs, in minutes.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of rows.")] = Path(
        "lab/investigation"
    ),
    document: Annotated[
        Path | None,
        typer.Option(
            "--document", metavar="FILE", help="Document to write. [default docs/investigation.md; with --quick, in -o]"
        ),
    ] = None,
    model: Model = None,
    book: Book = None,
    truth: Truth = None,
    seed: Seed = None,
    slots: Slots = None,
    settings: Set = None,
    as_json: options.Json = False,
) -> None:
    """Run every experiment and judge the claims of 2025.

    The document that it writes names each claim of the investigation of 2025-11-17, and what the rows say of it.
    """
    from mayabook.lab.investigation import DOCUMENT, default_model, replay

    given = _given(model=model or default_model(), book=book, truth=truth, seed=seed, slots=slots, settings=settings)
    folder = output / "quick" if quick else output
    target = document or (folder if quick else Path("docs")) / DOCUMENT
    with _display(as_json) as listener:
        sections = replay(given, folder, target, listener, quick=quick)
    _show(sections, target, as_json)


def _given(settings: list[str] | None, **named: object) -> dict[str, Any]:
    """Settings of a plan from the command line: those of --set, and named options that were given."""
    import tomllib

    from mayabook.core.errors import LabError

    try:
        values: dict[str, Any] = tomllib.loads("\n".join(settings or []))
    except tomllib.TOMLDecodeError as error:
        raise LabError(
            f"--set is not valid TOML ({error}); write name = value, such as --set 'asr_model = \"small.en\"'."
        ) from error
    return values | {name: str(v) if isinstance(v, Path) else v for name, v in named.items() if v is not None}


def _show(sections: "list[ReportSection]", file: Path, as_json: bool) -> None:
    """Prints the verdict of each section, and where the report is."""
    for section in sections:
        if as_json:
            print(
                json.dumps({"event": "verdict", "title": section.title, "verdict": section.verdict}, ensure_ascii=False)
            )
        else:
            print(f"\n{section.title}\n  {section.verdict}")
    print(json.dumps({"event": "report", "file": str(file)}) if as_json else f"\n{file}")


@contextmanager
def _display(as_json: bool) -> "Iterator[TrialListener]":
    """A listener that shows how far the run is; Ctrl-C ends it with a line for a person."""
    live = _LiveDisplay() if sys.stdout.isatty() and not as_json else _PlainDisplay(as_json)
    with stoppable("Stopped. The rows are kept: the same command resumes."), live:
        yield live


def _line(progress: "TrialProgress") -> str:
    eta = "" if progress.eta is None else f", {clock(progress.eta)} to go"
    rate = f", {progress.audio / progress.elapsed:.1f}x real time" if progress.elapsed else ""
    return f"{progress.done}/{progress.total} takes{rate}{eta}, {progress.rejected} rejected"


class _PlainDisplay:
    """Lines for a pipe, one every PLAIN_EVERY seconds, or JSON lines for every take."""

    def __init__(self, as_json: bool) -> None:
        self._as_json, self._shown = as_json, time.monotonic()

    def __enter__(self) -> "_PlainDisplay":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def on_message(self, line: str) -> None:
        print(json.dumps({"event": "message", "text": line}, ensure_ascii=False) if self._as_json else line, flush=True)

    def on_progress(self, progress: "TrialProgress") -> None:
        if self._as_json:
            facts = {name: getattr(progress, name) for name in ("cell", "total", "done", "resumed", "rejected")}
            print(json.dumps({"event": "take", **facts, "eta": progress.eta}, ensure_ascii=False), flush=True)
        elif time.monotonic() - self._shown > PLAIN_EVERY:
            self._shown = time.monotonic()
            self.on_message(f"{progress.cell}: {_line(progress)}")


class _LiveDisplay:
    """A bar on a terminal."""

    def __init__(self) -> None:
        self._console = Console()
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[facts]}"))
        self._bar = Bar(*columns, console=self._console, transient=True)
        self._task = self._bar.add_task("", total=1, facts="")

    def __enter__(self) -> "_LiveDisplay":
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def on_message(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)

    def on_progress(self, progress: "TrialProgress") -> None:
        self._bar.update(
            self._task,
            description=progress.cell[:40],
            completed=progress.done,
            total=progress.total,
            facts=_line(progress),
        )
