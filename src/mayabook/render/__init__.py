"""Synthesises and checks every chunk of a book: job folder, ledger, retries, resume, and the coverage report.

Each name is imported when it is first used: the ledger can be read without the libraries that check takes.
"""

from typing import TYPE_CHECKING

from mayabook.core.lazy_imports import lazy_names

if TYPE_CHECKING:
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

_MODULES = {
    "CoverageReport": "mayabook.render.coverage_report",
    "Decision": "mayabook.render.ledger",
    "DecisionKind": "mayabook.render.ledger",
    "Edits": "mayabook.render.edits",
    "Executor": "mayabook.render.executor",
    "Job": "mayabook.render.job",
    "JobAnchor": "mayabook.render.job_anchor",
    "Ledger": "mayabook.render.ledger",
    "LocalExecutor": "mayabook.render.local_executor",
    "OpenExecutor": "mayabook.render.executor",
    "PlannedChunk": "mayabook.render.ledger",
    "Renderer": "mayabook.render.renderer",
    "ReviewDecision": "mayabook.render.ledger",
    "Status": "mayabook.render.coverage_report",
    "StoredTake": "mayabook.render.ledger",
    "best_take": "mayabook.render.ledger",
    "build_coverage_report": "mayabook.render.coverage_report",
    "content_key": "mayabook.render.content_keys",
    "former_keys": "mayabook.render.content_keys",
    "voice_of_job": "mayabook.render.job_anchor",
    "with_kept_voice": "mayabook.render.job_anchor",
    "words_by_sentence": "mayabook.render.coverage_report",
    "write_coverage": "mayabook.render.coverage_report",
}
"""Where each name is defined."""

__getattr__ = lazy_names(__name__, _MODULES)
