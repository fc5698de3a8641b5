"""Reports of jobs and of the lab, read from their files without loading the libraries that made them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mayabook.core.errors import JobError

LAB = "lab"
"""Folder of the library that holds the lab's runs, as `mayabook lab` names it."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A measure of the voice through the book, with one value for each chunk except the shortest."""

    label: str
    median: float
    lowest: float
    highest: float
    values: tuple[tuple[int, float], ...]
    """(number of the chunk, value)."""
    outliers: tuple[tuple[int, float], ...]
    """The outliers among `values`."""


@dataclass(frozen=True, slots=True)
class DoubtfulSentence:
    """A sentence that was perhaps not read as written."""

    chunk: int
    chapter: str
    text: str
    status: str
    heard: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoverageView:
    """The coverage report of an audiobook."""

    title: str
    n_sentences: int
    n_chunks: int
    by_status: Mapping[str, int]
    """Status of a sentence -> how many have it."""
    word_error_rate: float
    flagged: tuple[int, ...]
    """Numbers of chunks."""
    repaired: Mapping[str, int]
    """How a chunk was repaired -> how many were."""
    source: Mapping[str, Any]
    """Words of the file by where they went, as in coverage.json."""
    skipped: tuple[tuple[str, str], ...]
    """(title of a chapter, why it is skipped)."""
    doubtful: tuple[DoubtfulSentence, ...]
    plots: tuple[Plot, ...]


@dataclass(frozen=True, slots=True)
class LabRun:
    """A run of the lab, or of `mayabook tune`."""

    name: str
    report: Path


def read_coverage(job_folder: Path) -> CoverageView | None:
    """The report of a job; None if no run has finished. Raises JobError if its file is damaged."""
    file = job_folder / "coverage.json"
    return _read_coverage(file, file.stat().st_mtime_ns) if file.is_file() else None


@lru_cache(maxsize=8)
def _read_coverage(file: Path, version: int) -> CoverageView:
    """version: the file's modification time; part of the cache key, so that a changed file is read again."""
    try:
        return _coverage(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(f"The report {file} cannot be read ({error!r}); narrate the book again to renew it.") from error


def _coverage(body: Mapping[str, Any]) -> CoverageView:
    return CoverageView(
        title=body["title"],
        n_sentences=len(body["rows"]),
        n_chunks=body["n_chunks"],
        by_status=body["sentences"],
        word_error_rate=body["wer"],
        flagged=tuple(body["flagged"]),
        repaired=body.get("repaired", {}),
        source=body.get("source", {}),
        skipped=tuple((title, reason) for title, reason in body["skipped"]),
        doubtful=tuple(
            DoubtfulSentence(
                row["chunk"], row["chapter"], row["text"], row["status"], row["heard"], tuple(row["findings"])
            )
            for row in body["rows"]
            if row["status"] in ("in doubt", "missing")
        ),
        plots=tuple(_plot(plot) for plot in body.get("voice", ())),
    )


def _plot(plot: Mapping[str, Any]) -> Plot:
    return Plot(
        label=plot["label"],
        median=plot["median"],
        lowest=plot["lowest"],
        highest=plot["highest"],
        values=tuple((chunk, value) for chunk, value in plot["values"]),
        outliers=tuple((chunk, value) for chunk, value in plot["outliers"]),
    )


def lab_runs(library_folder: Path) -> list[LabRun]:
    """The runs in the folder `lab` of the library, by name."""
    found = sorted((library_folder / LAB).glob("*/report.html"))
    return [LabRun(file.parent.name, file) for file in found]


def lab_file(library_folder: Path, path: str) -> Path | None:
    """A file of a lab run, by its path below `lab`; None if there is no such file, or it is a link that leads out."""
    root = (library_folder / LAB).resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None
