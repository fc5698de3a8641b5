"""Measures voice that no word accounts for at sentence boundaries and at both ends of a recording.

ASR stretches neighbouring words over such voice, or hallucinates words in it. So word timestamps are ignored: the words
on either side get what their letters take in this recording, and the rest is compared with all other boundaries.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.text_normalisation import TextUnit

N_WORDS = 2
"""Words counted on either side. The timestamp of a single one may lie within the unexplained voice."""
SEARCH_UNITS = 8
"""The words must be matched within so many text units of the boundary."""
EXTRA_LETTERS_PER_WORD = 3
"""A word takes as long as its letters plus so many more."""
MIN_SPREAD_SECONDS, MAX_SPREADS = 0.12, 5.0
"""Unexplained voice is too much from MAX_SPREADS times its spread (scaled median absolute deviation) on; the spread is
at least MIN_SPREAD_SECONDS."""

Times = Mapping[int, tuple[float, float]]
"""Start and end in seconds of each matched text unit, by index."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where two sentences meet.

    start, end: seconds, from the first counted word before to the last counted word after. voiced_seconds: voice in
    between. letters_before, letters_after: effective letters of the counted words.
    """

    start: float
    end: float
    voiced_seconds: float
    letters_before: int
    letters_after: int


@dataclass(frozen=True, slots=True)
class BoundaryNorm:
    """What is normal at the boundaries of a recording.

    seconds_per_letter: of voice, median. max_unexplained_seconds: more voice than this is a defect.
    """

    seconds_per_letter: float
    max_unexplained_seconds: float

    def unexplained_seconds(self, boundary: Boundary) -> float:
        """Seconds of voice that the words at a boundary do not account for."""
        return boundary.voiced_seconds - self.seconds_per_letter * (boundary.letters_before + boundary.letters_after)


def fit_norm(boundaries: Iterable[Boundary]) -> BoundaryNorm | None:
    """Norm of a recording, from all its boundaries; None without any."""
    counted = [(boundary.voiced_seconds, boundary.letters_before + boundary.letters_after) for boundary in boundaries]
    if not counted:
        return None
    pace = median(voice / n for voice, n in counted)
    spread = 1.4826 * median(abs(voice - pace * n) for voice, n in counted)
    return BoundaryNorm(pace, MAX_SPREADS * max(spread, MIN_SPREAD_SECONDS))


def measure_boundary(units: Sequence[TextUnit], at: int, times: Times, voice: NDArray[np.bool_]) -> Boundary | None:
    """Boundary before text unit `at`; None if the words beside it were not matched.

    At 0 it starts with the recording; at `len(units)` it ends with it. voice: by frame, see `voiced_frames`.
    """
    before = [n for n in range(max(0, at - SEARCH_UNITS), at) if n in times][-N_WORDS:]
    after = [n for n in range(at, min(len(units), at + SEARCH_UNITS)) if n in times][:N_WORDS]
    if (at > 0 and not before) or (at < len(units) and not after):
        return None
    first, last = before[0] if before else 0, after[-1] if after else len(units) - 1
    while first > 0 and before and times.get(first - 1) == times[first]:  # heard as one
        first -= 1
    while last + 1 < len(units) and after and times.get(last + 1) == times[last]:
        last += 1
    start = times[first][0] if before else 0.0
    end = times[last][1] if after else len(voice) * FRAME_SECONDS
    return Boundary(
        start,
        end,
        voiced_seconds(voice, start, end),
        effective_letters(units[first:at]),
        effective_letters(units[at : last + 1]),
    )


def effective_letters(units: Iterable[TextUnit]) -> int:
    """Letters of the longest verbalisations, plus EXTRA_LETTERS_PER_WORD for each word: a measure of duration."""
    return sum(
        max(sum(len(token) + EXTRA_LETTERS_PER_WORD for token in reading) for reading in unit.verbalisations)
        for unit in units
    )


def voiced_seconds(voice: NDArray[np.bool_], start: float, end: float) -> float:
    frames = voice[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]
    return float(np.count_nonzero(frames)) * FRAME_SECONDS


def unexplained_interval(boundary: Boundary, pace: float, voice: NDArray[np.bool_]) -> tuple[float, float]:
    """Start and end in seconds of the voice that remains when the words on either side got their time."""
    first, last = round(boundary.start / FRAME_SECONDS), round(boundary.end / FRAME_SECONDS)
    frames = first + np.flatnonzero(voice[first:last])
    left = frames[round(pace * boundary.letters_before / FRAME_SECONDS) :]
    left = left[: max(0, len(left) - round(pace * boundary.letters_after / FRAME_SECONDS))]
    if not len(left):
        return boundary.start, boundary.end
    return float(left[0]) * FRAME_SECONDS, float(left[-1] + 1) * FRAME_SECONDS
