"""Runs a tuning in a folder: rows, report and profile."""

from datetime import date
from pathlib import Path

from mayabook.checks import Checker
from mayabook.core.files import make_folder
from mayabook.core.platform_info import processor
from mayabook.core.version import __version__
from mayabook.engines.registry import engine_settings
from mayabook.engines.tuning import TuningProfile
from mayabook.lab.report import ReportSection, artifact_rate, word_error_rate
from mayabook.lab.report_pages import write_html, write_markdown
from mayabook.lab.rows import Rows
from mayabook.lab.trial_runner import TakeChecker, TrialListener
from mayabook.lab.tuning import Tuner, TuningResult
from mayabook.lab.tuning_plan import TuningPlan
from mayabook.lab.tuning_report import race_evidence, screening_evidence, sections, speed_evidence, tokens_per_second

EXPERIMENT = "tune"
"""Name of the experiment in the header of the rows."""


def tune(
    plan: TuningPlan, folder: Path, listener: TrialListener, checker: TakeChecker | None = None
) -> tuple[TuningProfile, list[ReportSection]]:
    """Tunes a model, writes its profile and the report, and returns both. After Ctrl-C the same call goes on.

    checker: replaces that of the settings. Raises LabError if the folder has rows of another model, text or setting.
    """
    checker = checker or Checker(plan.settings.checks, plan.passages.language)
    header = {
        "experiment": EXPERIMENT,
        "settings": plan.settings.model_dump(mode="json"),
        "engine": plan.plugin.name,
        "model": plan.fingerprint(plan.default),
        "texts": f"{plan.passages.name} {plan.passages.digest}",
        "checks": checker.identity,
    }
    make_folder(folder)
    with Rows(folder, header) as rows, Tuner(plan, rows, checker, listener) as tuner:
        result = tuner.run()
    profile = _profile(result, checker.identity)
    file = profile_file(plan)
    profile.write(file)
    pages = sections(result, folder)
    facts = [
        profile.summary + ".",
        f"The profile is {file}. Measured on {profile.platform}, in {profile.seconds:.0f} s.",
    ]
    title = f"Tuning of {profile.model}"
    write_html(folder / "report.html", title, facts, pages)
    write_markdown(folder / "report.md", title, facts, pages)
    return profile, pages


def profile_file(plan: TuningPlan) -> Path:
    """Where the profile of a plan's model is written."""
    file = plan.plugin.profile_file(engine_settings(plan.plugin, plan.settings))
    assert file is not None
    return file


def _profile(result: TuningResult, checks: str) -> TuningProfile:
    plan, chosen = result.plan, result.chosen
    rows = [row for row in result.rows if row["cell"] == result.cell]
    rate = artifact_rate(rows)
    settings = {
        name: {table: dict(values) for table, values in level.changes.items()}
        for name, level in chosen.items()
        if level.changes
    }
    return TuningProfile(
        model=plan.model,
        engine=plan.engine(chosen),
        fingerprint=plan.fingerprint(chosen),
        chosen={name: level.name for name, level in chosen.items()},
        settings=settings,
        evidence=(
            *screening_evidence(result),
            *map(race_evidence, result.races),
            *map(speed_evidence, result.speeds),
        ),
        n_takes=rate.n,
        n_rejected=rate.events,
        at_most=round(rate.interval.high, 4),
        word_error_rate=round(word_error_rate(rows), 4),
        tokens_per_second=tokens_per_second(rows),
        real_time_factor=result.real_time_factor,
        created=date.today().isoformat(),
        seconds=round(result.seconds),
        platform=f"{result.platform}; {processor()}",
        checks=checks,
        texts=f"{plan.passages.name} {plan.passages.digest}",
        program=__version__,
    )
