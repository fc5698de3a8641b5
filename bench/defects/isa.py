"""Measures how verdicts depend on the processor: judges the corpus on emulated processors, in two number formats.

    python -m bench.defects build                  builds the corpus, once
    python -m bench.defects.isa judge              judges it as on each processor; resumes where it stopped
    python -m bench.defects.isa report             writes the table of docs/quality.md
    python -m bench.defects.isa cost               measures CPU time; run it on an idle machine

All processors judge the same audio. Takes that are rejected by their signal or codes alone are transcribed only for the
reference, because ASR does not decide their verdicts.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from bench.defects import scores, table
from bench.defects.corpus import CLEAN, Labelled, read_index, take_of
from bench.defects.scores import Examined
from bench.defects.thresholds import current_thresholds, rejections
from bench.processor import PROCESSORS, environment
from mayabook.lab.statistics import wilson_interval

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
WORK = Path("build/defects")
FORMATS = ("float32", "int8")
"""Number formats of the ASR. int8_float32 is the same as int8 here: CTranslate2 computes what is not quantised in
float32 anyway."""
ALL_FORMATS, ALL_PROCESSORS = ",".join(FORMATS), ",".join(PROCESSORS)
REFERENCE = "amx-intel"
ASR_DETECTORS = ("omitted", "garbled", "inserted", "truncated", "loop", "tail")
"""Detectors that need ASR."""
BEGIN, END = "<!-- processors -->", "<!-- end of processors -->"
GRADES = ("severe", "moderate", "other", "none")
TIMED = 24
"""Clean takes that the cost is measured on."""
Work = Annotated[Path, typer.Option("--work", help="Folder of takes and scores.")]
Names = Annotated[str, typer.Option(help="Separated by commas.")]


@app.command()
def judge(
    work: Work = WORK,
    processors: Names = ALL_PROCESSORS,
    formats: Names = ALL_FORMATS,
    every: Annotated[int, typer.Option(help="Only one take of so many.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Judge the takes as on each processor, in each number format."""
    for compute_type in formats.split(","):
        for processor in processors.split(","):
            command = [sys.executable, "-m", "bench.defects.isa", "judge-here", processor, compute_type]
            options = ["--work", str(work), "--every", str(every), "--workers", str(workers)]
            subprocess.run([*command, *options], env=environment(processor), check=True)


@app.command(hidden=True)
def judge_here(processor: str, compute_type: str, work: Work = WORK, every: int = 1, workers: int = 2) -> None:
    """Judge the takes as on the processor that this process emulates."""
    print(f"{compute_type}, {PROCESSORS[processor]}", flush=True)
    rows = read_index(work)[::every]
    if (processor, compute_type) != (REFERENCE, FORMATS[0]):
        thresholds = {name: threshold for name, threshold in current_thresholds().items() if name not in ASR_DETECTORS}
        known = _judged(work, REFERENCE, FORMATS[0])
        rejected_without_asr = rejections(rows, known, thresholds)
        rows = [row for row, rejected in zip(rows, rejected_without_asr, strict=True) if not rejected]
    scores.score(work, rows, workers, _file(work, processor, compute_type), compute_type)


@app.command()
def report(work: Work = WORK) -> None:
    """Write the table of docs/quality.md: each processor against the reference, in the same number format."""
    figures = "\n".join(_table(work))
    print(figures)
    table.write_between(BEGIN, END, figures)


@app.command()
def cost(work: Work = WORK) -> None:
    """Print the CPU time of the checks of clean takes, as on each processor and in each number format."""
    for processor in PROCESSORS:
        for compute_type in FORMATS:
            command = [sys.executable, "-m", "bench.defects.isa", "cost-here", compute_type, "--work", str(work)]
            cells = subprocess.run(command, env=environment(processor), check=True, stdout=subprocess.PIPE, text=True)
            print(f"{compute_type:8} {PROCESSORS[processor]}: {float(cells.stdout):.2%} of one core", flush=True)


@app.command(hidden=True)
def cost_here(compute_type: str, work: Work = WORK) -> None:
    """Print the CPU seconds per second of audio, as on the processor that this process emulates."""
    clean = [row for row in read_index(work) if row.label == CLEAN]
    takes = [(take_of(row, work), row.chunk) for row in clean[:: max(1, len(clean) // TIMED)]]
    checker = scores.checker(compute_type)
    checker.check(*takes[0])  # the first call loads what later ones share
    started = time.process_time()
    for take, chunk in takes:
        checker.check(take, chunk)
    print((time.process_time() - started) / sum(take.duration for take, _ in takes))


def _file(work: Path, processor: str, compute_type: str) -> Path:
    folder = work / "isa"
    folder.mkdir(exist_ok=True)
    return folder / f"{compute_type}-{processor}.jsonl"


def _judged(work: Path, processor: str, compute_type: str) -> dict[str, Examined]:
    return {row.id: row for row in scores.stored(_file(work, processor, compute_type))}


def _table(work: Path) -> Iterator[str]:
    thresholds, rows = current_thresholds(), read_index(work)
    yield "| number format | processor | takes | transcripts equal | words differ by, nats | verdicts that differ |"
    yield "|---|---|---|---|---|---|"
    for compute_type in FORMATS:
        reference = _judged(work, REFERENCE, compute_type)
        for processor in PROCESSORS:
            judged = _judged(work, processor, compute_type)
            both = [row for row in rows if row.id in judged and row.id in reference]
            if both and processor != REFERENCE:
                cells = " | ".join(_compared(both, reference, judged, thresholds))
                yield f"| {compute_type} | {PROCESSORS[processor]} | {len(both):,} | {cells} |"


def _compared(
    rows: Sequence[Labelled],
    ours: Mapping[str, Examined],
    theirs: Mapping[str, Examined],
    thresholds: Mapping[str, float],
) -> Iterator[str]:
    n_equal = sum(ours[row.id].transcript == theirs[row.id].transcript for row in rows)
    yield f"{n_equal / len(rows):.1%}"
    pairs = [(ours[row.id].log_probabilities, theirs[row.id].log_probabilities) for row in rows]
    differ = np.concatenate([np.abs(np.subtract(*pair)) for pair in pairs if len(pair[0]) == len(pair[1])])
    yield f"{differ.max():.1g} at most, in 1 % more than {np.quantile(differ, 0.99):.1g}"
    flipped = rejections(rows, ours, thresholds) != rejections(rows, theirs, thresholds)
    grades = [row.grade for row, differs in zip(rows, flipped, strict=True) if differs]
    cells = ", ".join(f"{grades.count(grade)} {grade}" for grade in GRADES if grade in grades)
    high = wilson_interval(len(grades), len(rows)).high
    yield f"{len(grades)} ({len(grades) / len(rows):.2%}, at most {high:.2%}){': ' if cells else ''}{cells}"


if __name__ == "__main__":
    app()
