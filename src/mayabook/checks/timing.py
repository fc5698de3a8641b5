"""Voice that the words do not account for: more of it than their speech sounds take, at the pace of the take."""

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.signal import FRAME_SECONDS
from mayabook.checks.thresholds import Pace


def voice_after(voice: NDArray[np.bool_], start: float, n_before: int, n_last: int, figures: Pace) -> float:
    """Seconds of voice from the start of the last word on, beyond what that word takes.

    voice: by frame, see `signal.voiced_frames`. start: seconds at which the last word begins. n_before, n_last: speech
    sounds of the words before it, and of it.
    """
    at = round(start / FRAME_SECONDS)
    before, rest = (float(np.count_nonzero(part)) * FRAME_SECONDS for part in (voice[:at], voice[at:]))
    pace = before / n_before if n_before >= figures.least_sounds else figures.sound
    return rest - pace * n_last
