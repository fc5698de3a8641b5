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

WORDS = 2
"""On either side. Of one alone the time may begin amid the other sounds."""
REACH = 8
"""Slots within which they must have been heard as written."""
WORD_LETTERS = 3
"""A word takes as long as its letters and so many more."""
LEAST_SPREAD, MOST_SPREADS = 0.12, 5.0
"""Seconds by which what is left differs at least from sentence to sentence, and how many times that is too much."""

Times = Mapping[int, tuple[float, float]]
"""By slot, of those that were heard as written: its start and end in seconds."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Two sentences meet. start, end: seconds, from the first word before to the last after that are counted.
    voice: seconds between. before, after: letters of the words there."""

    start: float
    end: float
    voice: float
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Usual:
    """pace: seconds of voice for a letter. most: seconds of voice that may be left."""

    pace: float
    most: float

    def left(self, joint: Joint) -> float:
        """Seconds of voice for which its words do not account."""
        return joint.voice - self.pace * (joint.before + joint.after)


def usual(joints: Iterable[Joint]) -> Usual | None:
    """None where there is none to learn from."""
    counted = [(joint.voice, joint.before + joint.after) for joint in joints]
    if not counted:
        return None
    pace = median(voice / n for voice, n in counted)
    spread = 1.4826 * median(abs(voice - pace * n) for voice, n in counted)
    return Usual(pace, MOST_SPREADS * max(spread, LEAST_SPREAD))


def joint(slots: Sequence[TextUnit], at: int, times: Times, voice: NDArray[np.bool_]) -> Joint | None:
    """Before slot `at`. None where the words beside it were not heard; at the first and behind the last slot from or
    to the edge of the recording.

    voice: by frame, see `voiced_frames`.
    """
    before = [n for n in range(max(0, at - REACH), at) if n in times][-WORDS:]
    after = [n for n in range(at, min(len(slots), at + REACH)) if n in times][:WORDS]
    if (at > 0 and not before) or (at < len(slots) and not after):
        return None
    first, last = before[0] if before else 0, after[-1] if after else len(slots) - 1
    while first > 0 and before and times.get(first - 1) == times[first]:  # heard as one
        first -= 1
    while last + 1 < len(slots) and after and times.get(last + 1) == times[last]:
        last += 1
    start = times[first][0] if before else 0.0
    end = times[last][1] if after else len(voice) * FRAME_SECONDS
    return Joint(start, end, voiced_seconds(voice, start, end), letters(slots[first:at]), letters(slots[at : last + 1]))


def letters(slots: Iterable[TextUnit]) -> int:
    """As many as the words last."""
    return sum(
        max(sum(len(token) + WORD_LETTERS for token in reading) for reading in slot.verbalisations) for slot in slots
    )


def voiced_seconds(voice: NDArray[np.bool_], start: float, end: float) -> float:
    frames = voice[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]
    return float(np.count_nonzero(frames)) * FRAME_SECONDS


def between(joint: Joint, pace: float, voice: NDArray[np.bool_]) -> tuple[float, float]:
    """From where the words before have had their time to where those after begin to need theirs, in seconds."""
    first, last = round(joint.start / FRAME_SECONDS), round(joint.end / FRAME_SECONDS)
    frames = first + np.flatnonzero(voice[first:last])
    left = frames[round(pace * joint.before / FRAME_SECONDS) :]
    left = left[: max(0, len(left) - round(pace * joint.after / FRAME_SECONDS))]
    if not len(left):
        return joint.start, joint.end
    return float(left[0]) * FRAME_SECONDS, float(left[-1] + 1) * FRAME_SECONDS
