"""An audiobook of any make against its text: what is missing, doubled, extra, garbled or silent, and where."""

from mayabook.verify.expected_text import read_text
from mayabook.verify.recording import Place, Recording
from mayabook.verify.report import Defect, Heard, Kind, Verification
from mayabook.verify.verifier import verify

__all__ = ["Defect", "Heard", "Kind", "Place", "Recording", "Verification", "read_text", "verify"]
