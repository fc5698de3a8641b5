"""The experiments by name; runs one from a plan into a folder, and reports on the rows in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mayabook.checks import Checker
from mayabook.core.errors import LabError
from mayabook.core.settings import CheckSettings
from mayabook.lab import (
    ablation,
    ablation_report,
    format_comparison,
    format_comparison_report,
    isolate,
    isolate_report,
    stress,
    sweep,
)
from mayabook.lab.memoise import MemoisedChecker
from mayabook.lab.memory_trim import return_freed_memory
from mayabook.lab.model_variants import LocalModelVariants, ModelVariants, open_model_variants
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import read_prompts
from mayabook.lab.report import ReportSection
from mayabook.lab.report_pages import write_html, write_markdown
from mayabook.lab.rows import Row, Rows, read_rows
from mayabook.lab.trial_runner import TakeChecker, TrialListener, TrialRunner

FORMATS_FOLDER = "formats"
"""Folder of the GGUF files that experiments create."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment: its plan, and the functions that run it and report on it."""

    name: str
    """Name of its command, of its folder and in its rows."""
    purpose: str
    """Purpose in one line, shown to users."""
    plan: type[Plan]
    """Model of its settings."""
    run: Callable[[Any, TrialRunner], None]
    """Runs the trials of a plan."""
    report: Callable[[Path, Sequence[Row]], list[ReportSection]]
    """Makes the sections of the report from a folder and its rows."""
    checks_takes: bool = True
    """Whether takes get a verdict of the checks."""


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            isolate.NAME,
            "Whether a take depends on what was made before, beside or after it.",
            isolate.IsolatePlan,
            isolate.run,
            isolate_report.report,
            checks_takes=False,
        ),
        Experiment(sweep.NAME, "Temperature and top_p against artifacts.", sweep.SweepPlan, sweep.run, sweep.report),
        Experiment(
            stress.NAME,
            "Many chunks in a row: every figure against position.",
            stress.StressPlan,
            stress.run,
            stress.report,
        ),
        Experiment(
            format_comparison.NAME,
            "Weight formats on the same chunks, and their distance from full precision.",
            format_comparison.ComparePlan,
            format_comparison.run,
            format_comparison_report.report,
        ),
        Experiment(
            ablation.NAME,
            "Which of the settings that differed in 2025 cause artifacts.",
            ablation.AblationPlan,
            ablation.run,
            ablation_report.report,
        ),
    )
}
"""The experiments by name."""


def run(
    experiment: Experiment,
    plan: Plan,
    folder: Path,
    listener: TrialListener,
    *,
    variants: ModelVariants | None = None,
    gguf_folder: Path | None = None,
    checker: TakeChecker | None = None,
) -> list[Row]:
    """Runs the trials that have no row yet and returns all rows. After Ctrl-C the same call resumes the run.

    variants, checker: replace those of the plan. gguf_folder: for created GGUF files, by default in `folder`.
    Raises LabError if the folder has rows of another plan, model, prompt set or checker.
    """
    return_freed_memory()
    found = variants or open_model_variants(plan, gguf_folder or folder / FORMATS_FOLDER)
    prompt_set = read_prompts(plan, found.files if isinstance(found, LocalModelVariants) else None)
    listener.on_message(f"{experiment.name}: {prompt_set.describe(plan.takes)}")
    if experiment.checks_takes:
        checker = checker or (MemoisedChecker if plan.memoises else Checker)(CheckSettings(asr_model=plan.asr_model))
    header = {
        "experiment": experiment.name,
        "plan": plan.model_dump(mode="json"),
        "model": found.identity,
        "texts": f"{prompt_set.name} {prompt_set.digest}",
        "checks": checker.identity if checker is not None and experiment.checks_takes else "",
    }
    with Rows(folder, header) as rows:
        experiment.run(
            plan, TrialRunner(plan, prompt_set, found, rows, listener, checker if experiment.checks_takes else None)
        )
        return list(rows)


def report(folder: Path) -> list[ReportSection]:
    """Writes report.html and report.md from the rows in a folder, and returns their sections.

    Raises LabError if there are no rows, or they are of an unknown experiment.
    """
    header, rows = read_rows(folder)
    experiment = EXPERIMENTS.get(header.get("experiment", ""))
    if experiment is None:
        raise LabError(f"The rows in {folder} are of an unknown experiment; run an experiment into another folder.")
    if not rows:
        raise LabError(f"There are no rows in {folder} yet; run the experiment again.")
    sections = experiment.report(folder, rows)
    title, facts = f"MayaBook lab: {experiment.name}", [experiment.purpose, rows_summary(header, rows)]
    write_html(folder / "report.html", title, facts, sections)
    write_markdown(folder / "report.md", title, facts, sections)
    return sections


def rows_summary(header: Row, rows: Sequence[Row]) -> str:
    """One line that describes the rows: their number, model, texts and seed."""
    plan = header["plan"]
    name = f"{Path(plan['model']).name} " if plan["model"] else ""
    return f"{len(rows)} rows; model {name}{header['model']}, texts {header['texts']}, seed {plan['seed']}."
