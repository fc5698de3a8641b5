"""Verifies an audiobook of any origin against its text: reports what is missing, doubled, misplaced, extra, garbled or
silent, and when."""

from mayabook.verify.recording import Recording, RecordingPosition
from mayabook.verify.report import Defect, DefectKind, HeardSentence, Verification
from mayabook.verify.verifier import verify_audiobook

__all__ = [
    "Defect",
    "DefectKind",
    "HeardSentence",
    "Recording",
    "RecordingPosition",
    "Verification",
    "verify_audiobook",
]
