"""What the speech service is asked for, and what the checks say of it."""

from dataclasses import dataclass
from enum import StrEnum

from mayabook.core.settings import Settings


class CheckResult(StrEnum):
    """What the checks say of a speech before it is sent. The values are those of a header."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    """Of several chunks, which are sent as they come, only the first one is checked yet."""


@dataclass(frozen=True, slots=True)
class SpeechCheck:
    """What the checks say of a speech."""

    result: CheckResult
    defects: tuple[str, ...] = ()
    """Kinds of findings for which it was rejected."""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A text to speak. Each of its lines is a paragraph."""

    text: str
    settings: Settings
    """Of these, engine, voice, script, checks and retries apply."""
    format: str = "mp3"
    """A key of `mayabook.studio.speech_formats.SPEECH_FORMATS`."""
    speed: float = 1.0
    """0.25 to 4; the pitch stays."""
    verify: bool = False
    """Send nothing before the checks have accepted all of it, and retry until they do."""
