"""Voice that no word accounts for, where one sentence ends and the next begins, and at both ends of a recording.

A recogniser stretches the words beside such voice over it, or makes words of it. So the words on either side are given
what their letters take here, whatever it says, and what voice is left is held against what is left between all
sentences of the recording.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.text_normalisation import TextUnit

N_WORDS = 2
"""On either side. Of one alone the time may begin amid the other sounds."""
SEARCH_UNITS = 8
"""Slots within which they must have been heard as written."""
EXTRA_LETTERS_PER_WORD = 3
"""A word takes as long as its letters and so many more."""
MIN_SPREAD_SECONDS, MAX_SPREADS = 0.12, 5.0
"""Seconds by which what is left differs at least from sentence to sentence, and how many times that is too much."""

Times = Mapping[int, tuple[float, float]]
"""By slot, of those that were heard as written: its start and end in seconds."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Two sentences meet. start, end: seconds, from the first word before to the last after that are counted.
    voice: seconds between. before, after: letters of the words there."""

    start: float
    end: float
    voiced_seconds: float
    letters_before: int
    letters_after: int


@dataclass(frozen=True, slots=True)
class BoundaryNorm:
    """pace: seconds of voice for a letter. most: seconds of voice that may be left."""

    seconds_per_letter: float
    max_unexplained_seconds: float

    def unexplained_seconds(self, joint: Boundary) -> float:
        """Seconds of voice for which its words do not account."""
        return joint.voiced_seconds - self.seconds_per_letter * (joint.letters_before + joint.letters_after)


def fit_norm(joints: Iterable[Boundary]) -> BoundaryNorm | None:
    """None where there is none to learn from."""
    counted = [(joint.voiced_seconds, joint.letters_before + joint.letters_after) for joint in joints]
    if not counted:
        return None
    pace = median(voice / n for voice, n in counted)
    spread = 1.4826 * median(abs(voice - pace * n) for voice, n in counted)
    return BoundaryNorm(pace, MAX_SPREADS * max(spread, MIN_SPREAD_SECONDS))


def measure_boundary(slots: Sequence[TextUnit], at: int, times: Times, voice: NDArray[np.bool_]) -> Boundary | None:
    """Before slot `at`. None where the words beside it were not heard; at the first and behind the last slot from or
    to the edge of the recording.

    voice: by frame, see `voiced_frames`.
    """
    before = [n for n in range(max(0, at - SEARCH_UNITS), at) if n in times][-N_WORDS:]
    after = [n for n in range(at, min(len(slots), at + SEARCH_UNITS)) if n in times][:N_WORDS]
    if (at > 0 and not before) or (at < len(slots) and not after):
        return None
    first, last = before[0] if before else 0, after[-1] if after else len(slots) - 1
    while first > 0 and before and times.get(first - 1) == times[first]:  # heard as one
        first -= 1
    while last + 1 < len(slots) and after and times.get(last + 1) == times[last]:
        last += 1
    start = times[first][0] if before else 0.0
    end = times[last][1] if after else len(voice) * FRAME_SECONDS
    return Boundary(
        start,
        end,
        voiced_seconds(voice, start, end),
        effective_letters(slots[first:at]),
        effective_letters(slots[at : last + 1]),
    )


def effective_letters(slots: Iterable[TextUnit]) -> int:
    """As many as the words last."""
    return sum(
        max(sum(len(token) + EXTRA_LETTERS_PER_WORD for token in reading) for reading in slot.verbalisations)
        for slot in slots
    )


def voiced_seconds(voice: NDArray[np.bool_], start: float, end: float) -> float:
    frames = voice[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]
    return float(np.count_nonzero(frames)) * FRAME_SECONDS


def unexplained_interval(joint: Boundary, pace: float, voice: NDArray[np.bool_]) -> tuple[float, float]:
    """From where the words before have had their time to where those after begin to need theirs, in seconds."""
    first, last = round(joint.start / FRAME_SECONDS), round(joint.end / FRAME_SECONDS)
    frames = first + np.flatnonzero(voice[first:last])
    left = frames[round(pace * joint.letters_before / FRAME_SECONDS) :]
    left = left[: max(0, len(left) - round(pace * joint.letters_after / FRAME_SECONDS))]
    if not len(left):
        return joint.start, joint.end
    return float(left[0]) * FRAME_SECONDS, float(left[-1] + 1) * FRAME_SECONDS
