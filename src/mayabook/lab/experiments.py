"""The experiments by name; runs one from a plan into a folder, and reports on the rows in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mayabook.checks import Checker
from mayabook.core.errors import LabError
from mayabook.core.settings import CheckSettings
from mayabook.lab import ablation, ablation_report, compare, compare_report, isolate, isolate_report, stress, sweep
from mayabook.lab.memoise import MemoisedChecker
from mayabook.lab.memory_trim import give_back_freed_memory
from mayabook.lab.model_variants import LocalModelVariants, ModelVariants, open_model_variants
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import read_prompts
from mayabook.lab.report import ReportSection
from mayabook.lab.report_pages import write_html, write_markdown
from mayabook.lab.rows import Row, Rows, read_rows
from mayabook.lab.trial_runner import Hears, TrialListener, TrialRunner

FORMATS_FOLDER = "formats"
"""Folder of the GGUF files that experiments create."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment: its plan, and the functions that run it and report on it."""

    name: str
    what: str
    """Its purpose in one line, shown to users."""
    plan: type[Plan]
    run: Callable[[Any, TrialRunner], None]
    report: Callable[[Path, Sequence[Row]], list[ReportSection]]
    hears: bool = True
    """Whether the takes are checked."""


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            isolate.NAME,
            "Whether a take depends on what was made before, beside or after it.",
            isolate.IsolatePlan,
            isolate.run,
            isolate_report.report,
            hears=False,
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
            compare.NAME,
            "Weight formats on the same chunks, and their distance from full precision.",
            compare.ComparePlan,
            compare.run,
            compare_report.report,
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
    watcher: TrialListener,
    *,
    opener: ModelVariants | None = None,
    made: Path | None = None,
    hearing: Hears | None = None,
) -> list[Row]:
    """Runs the trials that have no row yet and returns all rows. After Ctrl-C the same call resumes the run.

    opener, hearing: model variants and checker, in place of those of the plan. made: folder for GGUF files that are
    created. Raises LabError if the folder has rows of another plan, model, prompt set or checker.
    """
    give_back_freed_memory()
    found = opener or open_model_variants(plan, made or folder / FORMATS_FOLDER)
    material = read_prompts(plan, found.files if isinstance(found, LocalModelVariants) else None)
    watcher.say(f"{experiment.name}: {material.note(plan.takes)}")
    if experiment.hears:
        hearing = hearing or (MemoisedChecker if plan.memoises else Checker)(CheckSettings(asr_model=plan.asr_model))
    header = {
        "experiment": experiment.name,
        "plan": plan.model_dump(mode="json"),
        "model": found.identity,
        "texts": f"{material.name} {material.digest}",
        "checks": hearing.identity if hearing is not None and experiment.hears else "",
    }
    with Rows(folder, header) as rows:
        experiment.run(plan, TrialRunner(plan, material, found, rows, watcher, hearing if experiment.hears else None))
        return list(rows)


def report(folder: Path) -> list[ReportSection]:
    """Writes report.html and report.md from the rows in a folder, and returns their sections.

    Raises LabError if there are no rows, or they are of an unknown experiment.
    """
    header, rows = read_rows(folder)
    experiment = EXPERIMENTS.get(header.get("experiment", ""))
    if experiment is None:
        raise LabError(f"The rows in {folder} are of no experiment that is known; run one into another folder.")
    if not rows:
        raise LabError(f"There are no rows in {folder} yet; run the experiment again.")
    sections = experiment.report(folder, rows)
    title, facts = f"MayaBook lab: {experiment.name}", [experiment.what, described(header, rows)]
    write_html(folder / "report.html", title, facts, sections)
    write_markdown(folder / "report.md", title, facts, sections)
    return sections


def described(header: Row, rows: Sequence[Row]) -> str:
    """One line on the rows: their number, model, texts and seed."""
    plan = header["plan"]
    name = f"{Path(plan['model']).name} " if plan["model"] else ""
    return f"{len(rows)} rows; model {name}{header['model']}, texts {header['texts']}, seed {plan['seed']}."
