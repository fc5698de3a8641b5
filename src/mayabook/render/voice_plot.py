"""Pitch, pace, level and speaker of each chunk over the book, as plots of the coverage report, and what stands out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.thresholds import load_thresholds
from mayabook.core.verdict import VoiceMeasures

WIDTH, HEIGHT = 900, 90
"""Of a plot, in pixels."""
LABELS = {
    "pitch": "Pitch, Hz",
    "pace": "Pace, phonemes a second",
    "level": "Level, dB",
    "speaker": "Distance of the speaker beyond the usual one",
}
"""By field of `VoiceMeasures`."""
LEAST_DEVIATION = {"pitch": 0.04, "pace": 0.06, "level": 0.5}
"""Standard deviation that is assumed at least: of pitch and pace as a share of the median, of the level in dB."""
OUTLIER_DEVIATIONS = 6.0
"""A value stands out if it is this many standard deviations from the median; one is 1.48 median absolute deviations."""


@dataclass(frozen=True, slots=True)
class VoicePlot:
    """One measure over the book."""

    label: str
    median: float
    lowest: float
    highest: float
    values: tuple[tuple[int, float], ...]
    """(number of the chunk, value), by number."""
    outliers: tuple[tuple[int, float], ...]
    """Those of `values` that stand out."""

    def x(self, chunk: int) -> float:
        """Pixels from the left."""
        return round(WIDTH * (chunk - 0.5) / self.values[-1][0], 1)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round(HEIGHT * (0.9 - 0.8 * (value - self.lowest) / (self.highest - self.lowest or 1)), 1)

    @property
    def path(self) -> str:
        """The values as points of an SVG path: lines without length, whose round ends are drawn."""
        return "".join(f"M{self.x(chunk)},{self.y(value)}h0" for chunk, value in self.values)


def plot_voice(chunks: Sequence[tuple[int, VoiceMeasures | None]]) -> tuple[VoicePlot, ...]:
    """A plot of each measure that has values. chunks: by number, from 1, with the measures of the kept take."""
    plots = []
    for name, label in LABELS.items():
        measured = [(chunk, getattr(voice, name)) for chunk, voice in chunks if voice is not None]
        values = tuple((chunk, float(value)) for chunk, value in measured if value is not None)
        if values:
            numbers = np.array([value for _, value in values])
            outliers = tuple(values[at] for at in np.flatnonzero(_standing_out(name, numbers)))
            plots.append(
                VoicePlot(
                    label, float(np.median(numbers)), float(numbers.min()), float(numbers.max()), values, outliers
                )
            )
    return tuple(plots)


def _standing_out(name: str, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    if name == "speaker":
        return values >= load_thresholds().rejection["other_voice"]
    median = float(np.median(values))
    least = LEAST_DEVIATION[name] * (1.0 if name == "level" else median)
    deviation = max(least, 1.48 * float(np.median(np.abs(values - median))))
    found: NDArray[np.bool_] = np.abs(values - median) >= OUTLIER_DEVIATIONS * deviation
    return found
