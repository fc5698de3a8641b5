"""Replays the investigation of 2025-11-17: runs every experiment and writes a document that judges its claims."""

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from mayabook.core.files import make_folder, write_text
from mayabook.core.version import __version__
from mayabook.lab.claims import judge
from mayabook.lab.experiments import EXPERIMENTS, FORMATS_FOLDER, rows_summary, run
from mayabook.lab.format_comparison import ComparePlan
from mayabook.lab.report import ReportSection, ReportTable
from mayabook.lab.report_pages import markdown, write_figures, write_html
from mayabook.lab.rows import Row, read_rows, result_folder
from mayabook.lab.trial_runner import TrialListener

DOCUMENT = "investigation.md"
"""Default name of the document."""
ADDITIONS = "<!-- The replay does not write what follows. -->"
"""A line of the document; the text after it is kept when the document is rewritten."""
SLOTS = 16
"""Takes that every experiment of the replay decodes at once by default."""
FORMATS = tuple(name for name in ComparePlan().formats if name != "FP4-double")
"""Formats of the `compare` experiment. Double quantisation is compared for NF4 only."""
PLANS: Mapping[str, Mapping[str, Any]] = {
    "compare": {"takes": 200, "forced": 12, "formats": FORMATS},
    "stress": {"takes": 100},
    "isolate": {"takes": 57, "rounds": 10, "originals": 30, "cap": 105},
    "ablation": {"takes": 342, "chunks": 57, "alike_takes": 12, "ladder": False, "libraries": 12},
    "sweep": {"takes": 200},
}
"""Settings of the full replay by experiment, in the order of the runs.

Timed experiments come first, while this process uses little memory. maya1-tiny has memorised 57 chunks, so 342 takes
are six seeds of each."""
QUICK: Mapping[str, Mapping[str, Any]] = {
    "compare": {"takes": 6, "forced": 1, "cost": 1, "formats": ("fp32", "NF4-bf16", "Q4_K_M")},
    "stress": {"takes": 12},
    "isolate": {"takes": 4, "rounds": 2, "after": (10,), "few": 1, "originals": 2, "cap": 105, "formats": ("Q4_K_M",)},
    "ablation": {
        "takes": 6,
        "chunks": 3,
        "alike_takes": 2,
        "factors": ("penalty", "mask", "order", "min_p"),
        "ladder": False,
        "libraries": 2,
    },
    "sweep": {
        "takes": 4,
        "temperatures": (0.3, 0.6, 0.95),
        "top_ps": (0.92,),
        "presets": ("mayabook", "maya-official"),
    },
}
"""Settings of a smoke test of the whole replay, with too few takes to decide anything."""


def replay(
    given: Mapping[str, Any], folder: Path, document: Path, listener: TrialListener, *, quick: bool = False
) -> list[ReportSection]:
    """Runs all experiments, resuming interrupted ones, and writes the document; returns its sections.

    Each experiment has a folder of its own in `folder`. The document's figures are written to a folder beside it, and
    the same report with audio to `report.html` in `folder`. given: settings for all plans, such as model, book, truth,
    voice, seed and slots.
    """
    for name, sizes in (QUICK if quick else PLANS).items():
        experiment = EXPERIMENTS[name]
        overrides = {key: value for key, value in given.items() if value is not None}
        plan = experiment.plan.load(None, {"slots": SLOTS, **sizes, **overrides})
        run(experiment, plan, result_folder(folder, name), listener, gguf_folder=folder / FORMATS_FOLDER)
    return write_document(folder, document, quick=quick)


def write_document(folder: Path, document: Path, *, quick: bool = False) -> list[ReportSection]:
    """Writes the document and the HTML page from the stored rows alone, and returns their sections."""
    results: dict[str, Sequence[Row]] = {}
    sections: list[ReportSection] = []
    ran = []
    for name in EXPERIMENTS:
        experiment_folder = result_folder(folder, name)
        header, rows = read_rows(experiment_folder)
        results[name] = rows
        ran.append(f"{name}: {rows_summary(header, rows)}")
        sections += EXPERIMENTS[name].report(experiment_folder, rows)
    claims = [
        (judged.claim, judged.verdict, judged.figures, judged.experiment, judged.consequence)
        for judged in judge(results)
    ]
    counts = [judged[1] for judged in claims]
    summary = ReportSection(
        "The report's claims",
        "; ".join(f"{counts.count(verdict)} {verdict}" for verdict in dict.fromkeys(counts)) + ".",
        (),
        [ReportTable(("claim", "verdict", "figures", "experiment", "what follows"), claims)],
    )
    title = "The investigation of 2025-11-17, done again"
    facts = [_introduction(quick), *ran]
    make_folder(document.parent)
    write_figures(document.with_suffix(""), sections)
    write_text(document, markdown(title, facts, [summary, *sections], document.stem) + _additions(document))
    write_html(folder / "report.html", title, facts, [summary, *sections])
    return [summary, *sections]


def _additions(document: Path) -> str:
    """The text that was added to the document by hand, with the line `ADDITIONS`; empty if there is none."""
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    return f"\n{ADDITIONS}{text.split(ADDITIONS, 1)[1]}" if ADDITIONS in text else ""


def _introduction(quick: bool) -> str:
    """The paragraph on how the document was created and how to read it."""
    command = "mayabook lab replay-investigation" + (" --quick" if quick else "")
    few = " It is the quick look, with too few takes to decide much." if quick else ""
    return (
        f"Written by `{command}`, mayabook {__version__}, Python {platform.python_version()}, {psutil.cpu_count()} "
        f"cores.{few} An artifact is a take that the checks reject and that has not the true codes; intervals are of "
        "95 %, by chunk; p-values are exact, and adjusted for their number where a table compares several "
        "(docs/lab.md)."
    )


def default_model() -> str | None:
    """Path of maya1-tiny in a checkout of MayaBook, or None elsewhere."""
    place = Path("training/maya1_tiny/weights/maya1-tiny")
    return str(place) if place.is_dir() else None
