"""Chunks become kept takes: the job folder, the ledger, retries, resume, and the proof of coverage."""

from mayabook.render.content_keys import content_key
from mayabook.render.coverage_report import CoverageReport, Status, build_coverage_report, by_sentence, write_coverage
from mayabook.render.edits import Edits
from mayabook.render.job import Job
from mayabook.render.ledger import Ledger, PlannedChunk, ReviewDecision, StoredTake
from mayabook.render.renderer import Renderer

__all__ = [
    "CoverageReport",
    "Edits",
    "Job",
    "Ledger",
    "PlannedChunk",
    "Renderer",
    "ReviewDecision",
    "Status",
    "StoredTake",
    "build_coverage_report",
    "by_sentence",
    "content_key",
    "write_coverage",
]
