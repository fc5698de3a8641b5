"""Estimates duration and size of an audiobook and the time to make it, from the number of characters."""

import os
from dataclasses import dataclass

from mayabook.core.settings import Settings

CHARS_PER_SECOND = 14.0
"""Characters of text per second of audio of the narrator at speed 1, pauses included; measured by bench/narrate.py."""
TIMES_REAL_TIME = 10.0
"""Seconds of verified audiobook per second and core; measured on the sample book by bench/narrate.py."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """An estimate."""

    seconds: float
    """Duration of the audiobook."""
    megabytes: float
    """Size of its file, in a lossy format."""
    seconds_to_make: float
    """With the narrator on this machine."""


def forecast(n_chars: int, settings: Settings) -> Forecast:
    """The estimate for a text of that many characters."""
    seconds = n_chars / CHARS_PER_SECOND / settings.narrator.speed
    return Forecast(
        seconds=seconds,
        megabytes=seconds * settings.master.bitrate / 8000,
        seconds_to_make=seconds / (TIMES_REAL_TIME * (os.cpu_count() or 1)),
    )
