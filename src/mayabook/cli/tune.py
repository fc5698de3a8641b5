"""mayabook tune: measures a model on this machine and writes the profile that `mayabook make` then uses."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayabook.cli import options
from mayabook.cli.exit_codes import stoppable
from mayabook.cli.progress_display import PLAIN_EVERY, clock
from mayabook.core.settings import Settings

if TYPE_CHECKING:
    from mayabook.engines.tuning import TuningProfile
    from mayabook.lab.trial_runner import TrialProgress
    from mayabook.lab.tuning_plan import TuningPlan


@options.accept_settings("engine", "script", "maya", "checks", without=("maya.model",))
def tune(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model's name, a folder or a .gguf file.", show_default=False)
    ],
    *,
    minutes: Annotated[
        float,
        typer.Option("--minutes", metavar="NUMBER", min=0.01, help="Time budget in minutes, including stopped runs."),
    ] = 20,
    book: Annotated[
        Path | None,
        typer.Option("--book", metavar="FILE", help="Read passages of this book instead of the built-in texts."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folder for rows and report. [default lab/tune-MODEL]"),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the current profile, and measure nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the profile, and measure nothing.")] = False,
    settings: Settings,
    as_json: options.Json = False,
) -> None:
    """Find the best settings of a model on this machine.

    The model reads a set of texts in each of its installed formats that fit into memory, with several sampling settings
    and chunk lengths, with and without an anchor, and at several numbers of slots. Each take is checked as `mayabook
    make` checks it, and settings are compared by exact paired tests. A setting replaces the default only if it is
    significantly better; a number of slots, if it is at least 10 % faster. The result is written as a profile beside
    the model: `mayabook make` uses it wherever a setting is not given. Settings that are given here are kept, and not
    tuned. If the run is stopped, the same command resumes it.
    """
    chosen = settings.model_copy(update={"maya": settings.maya.model_copy(update={"model": model})})
    if show or remove:
        _show(chosen, model, as_json) if show else _remove(chosen, model)
        return
    from mayabook.lab import tuning_session
    from mayabook.lab.calibration import built_in_passages, passages_of
    from mayabook.lab.tuning_plan import plan_tuning

    name = Path(model).stem if model.endswith(".gguf") else Path(model).name
    passages = built_in_passages() if book is None else passages_of(book, chosen)
    plan = plan_tuning(name, chosen, passages, 60 * minutes)
    folder = output or Path("lab") / f"tune-{name}"
    display = _Display(as_json, plan.seconds)
    for line in _announcement(plan, folder):
        display.on_message(line)
    with stoppable("Stopped. The takes are kept: the same command resumes."):
        profile, sections = tuning_session.tune(plan, folder, display)
    file = tuning_session.profile_file(plan)
    display.show_profile(profile, [section.verdict for section in sections], file, folder)


def _announcement(plan: "TuningPlan", folder: Path) -> list[str]:
    """What will be done, before it starts."""
    compared = "; ".join(f"{race.name} ({', '.join(level.name for level in race.levels)})" for race in plan.races)
    return [
        f"Tuning {plan.model}: at most {clock(plan.seconds)}, with {len(plan.passages.blocks)} passages of "
        f"{plan.passages.name}.",
        f"Compared: {compared or 'nothing: every factor is given or has one level'}.",
        f"Rows and report: {folder}. Ctrl-C stops; the same command resumes.",
    ]


def _show(settings: Settings, model: str, as_json: bool) -> None:
    from mayabook.core.errors import ModelError
    from mayabook.engine_selection import find_profile

    profile = find_profile(settings)
    if profile is None:
        raise ModelError(f"{model} has no tuning profile; measure one: mayabook tune {model}")
    if as_json:
        print(profile.model_dump_json())
        return
    print(f"{profile.summary}.")
    for line in profile.evidence:
        print(f"  {line}")
    print(f"  measured on {profile.platform}, in {clock(profile.seconds)}, with {profile.texts}")


def _remove(settings: Settings, model: str) -> None:
    from mayabook.core.errors import ModelError
    from mayabook.engine_selection import profile_files

    files = [file for file in profile_files(settings) if file.is_file()]
    if not files:
        raise ModelError(f"{model} has no tuning profile; there is nothing to delete.")
    for file in files:
        file.unlink()
        print(f"Deleted {file}")


class _Display:
    """Prints messages, and the progress every PLAIN_EVERY seconds; or JSON lines for every take."""

    def __init__(self, as_json: bool, budget: float) -> None:
        self._as_json, self._budget, self._shown = as_json, budget, time.monotonic()

    def on_message(self, line: str) -> None:
        print(json.dumps({"event": "message", "text": line}, ensure_ascii=False) if self._as_json else line, flush=True)

    def on_progress(self, progress: "TrialProgress") -> None:
        if self._as_json:
            facts = {name: getattr(progress, name) for name in ("cell", "done", "resumed", "rejected", "elapsed")}
            print(json.dumps({"event": "take", **facts, "budget": self._budget}, ensure_ascii=False), flush=True)
        elif time.monotonic() - self._shown > PLAIN_EVERY:
            self._shown = time.monotonic()
            takes = f"{progress.done} takes, {progress.rejected} rejected"
            print(f"{clock(progress.elapsed)} of {clock(self._budget)}, {progress.cell}: {takes}", flush=True)

    def show_profile(self, profile: "TuningProfile", verdicts: list[str], file: Path, folder: Path) -> None:
        if self._as_json:
            facts = {"profile": str(file), "report": str(folder / "report.html"), **profile.model_dump(mode="json")}
            print(json.dumps({"event": "result", **facts}, ensure_ascii=False), flush=True)
            return
        print("", *verdicts, f"Profile: {file}", f"Report: {folder / 'report.html'}", sep="\n", file=sys.stdout)
