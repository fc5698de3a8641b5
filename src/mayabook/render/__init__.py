"""Chunks become kept takes: the job folder, the ledger, retries, resume, and the proof of coverage."""

from mayabook.render.content_keys import content_key
from mayabook.render.coverage_report import Coverage, Status, by_sentence, cover, write_coverage
from mayabook.render.edits import Edits
from mayabook.render.job import Job
from mayabook.render.ledger import Ledger, PlannedChunk, Ruling, StoredTake
from mayabook.render.progress import Progress
from mayabook.render.renderer import Renderer

__all__ = [
    "Coverage",
    "Edits",
    "Job",
    "Ledger",
    "PlannedChunk",
    "Progress",
    "Renderer",
    "Ruling",
    "Status",
    "StoredTake",
    "by_sentence",
    "content_key",
    "cover",
    "write_coverage",
]
