"""Synthesises and checks every chunk of a book: job folder, ledger, retries, resume, and the coverage report."""

from mayabook.render.content_keys import content_key, former_keys
from mayabook.render.coverage_report import (
    CoverageReport,
    Status,
    build_coverage_report,
    words_by_sentence,
    write_coverage,
)
from mayabook.render.edits import Edits
from mayabook.render.executor import Executor, OpenExecutor
from mayabook.render.job import Job
from mayabook.render.job_anchor import JobAnchor, voice_of_job, with_kept_voice
from mayabook.render.ledger import (
    Decision,
    DecisionKind,
    Ledger,
    PlannedChunk,
    ReviewDecision,
    StoredTake,
    best_take,
)
from mayabook.render.local_executor import LocalExecutor
from mayabook.render.renderer import Renderer

__all__ = [
    "CoverageReport",
    "Decision",
    "DecisionKind",
    "Edits",
    "Executor",
    "Job",
    "JobAnchor",
    "Ledger",
    "LocalExecutor",
    "OpenExecutor",
    "PlannedChunk",
    "Renderer",
    "ReviewDecision",
    "Status",
    "StoredTake",
    "best_take",
    "build_coverage_report",
    "content_key",
    "former_keys",
    "voice_of_job",
    "with_kept_voice",
    "words_by_sentence",
    "write_coverage",
]
