"""The first frame of a decoded take: whether it is speech, or a noise that the codec's decoder makes as it starts.

Maya1's own server cuts off the first frame of every take, 85 ms, and with it the onset of takes that begin at once.
Here it is cut off only if its sound cannot be speech: it has no pitch, and is followed by a silence longer than any
within a word. No speech sound so short stands alone like that.
"""

from typing import Literal

import numpy as np

from mayabook.core.take import Audio
from mayabook.maya.token_layout import SAMPLE_RATE, SAMPLES_PER_FRAME

WarmUp = Literal["auto", "keep", "trim"]
"""What is done with the first frame: cut off where it is no speech, never, or always."""
MIN_SILENCE_SECONDS = 0.11
"""No word has a longer silence inside."""
MAX_SILENT_SHARE = 0.03
"""A stretch is silent whose RMS is below this share of the take's loud moments (95th percentile)."""
MIN_AUTOCORRELATION = 0.5
"""A sound has a pitch if the peak of its normalised autocorrelation exceeds this."""
PITCHES = (60.0, 400.0)
"""Lowest and highest pitch of a voice in Hz."""
_STRETCH = 120
"""Samples of a stretch, 5 ms: a click fills one."""


def without_warm_up(audio: Audio, mode: WarmUp) -> Audio:
    """The take without its first frame, if that is cut off. audio: a whole take at SAMPLE_RATE."""
    if mode == "trim" or (mode == "auto" and has_warm_up_noise(audio)):
        return audio[SAMPLES_PER_FRAME:]
    return audio


def has_warm_up_noise(audio: Audio) -> bool:
    """Whether the first frame has a sound in it that is no speech. False where there is none, or where it goes on."""
    n_silent = round(MIN_SILENCE_SECONDS * SAMPLE_RATE)
    if len(audio) < SAMPLES_PER_FRAME + n_silent:
        return False
    stretches = audio[: len(audio) // _STRETCH * _STRETCH].astype(np.float64).reshape(-1, _STRETCH)
    levels = np.sqrt(np.mean(np.square(stretches), axis=1))
    silent = MAX_SILENT_SHARE * float(np.percentile(levels, 95))
    first = -(-SAMPLES_PER_FRAME // _STRETCH)
    sounds, goes_on = levels[:first].max() > silent, levels[first : first + n_silent // _STRETCH].max() > silent
    return bool(sounds and not goes_on and not _has_pitch(audio[:SAMPLES_PER_FRAME]))


def _has_pitch(audio: Audio) -> bool:
    bare = audio.astype(np.float64) - audio.mean(dtype=np.float64)
    shortest, longest = (round(SAMPLE_RATE / pitch) for pitch in reversed(PITCHES))
    total = np.concatenate(([0.0], np.cumsum(np.square(bare))))
    for lag in range(shortest, longest + 1):
        norm = np.sqrt((total[-1] - total[lag]) * total[len(bare) - lag])
        if norm > 0 and float(np.dot(bare[lag:], bare[:-lag])) > MIN_AUTOCORRELATION * norm:
            return True
    return False
