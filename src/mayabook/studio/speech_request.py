"""A request to the speech service, and the result of its checks."""

from dataclasses import dataclass
from enum import StrEnum

from mayabook.core.settings import Settings


class CheckResult(StrEnum):
    """Result of the checks when the first audio is sent; the values of the header X-MayaBook-Check."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """The first of several chunks was accepted; the others are still to be made."""


@dataclass(frozen=True, slots=True)
class SpeechCheck:
    """Result of the checks, with the reasons for a rejection."""

    result: CheckResult
    defects: tuple[str, ...] = ()
    """Kinds of findings for which it was rejected."""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A text to speak. Each of its lines is a paragraph."""

    text: str
    settings: Settings
    """Used are engine, voice, script, checks and retry settings."""
    format: str = "mp3"
    """A key of `mayabook.studio.speech_formats.SPEECH_FORMATS`."""
    speed: float = 1.0
    """0.25 to 4; does not change the pitch."""
    verify: bool = False
    """Send nothing before the checks have accepted every chunk, and retry rejected takes as in a book."""
