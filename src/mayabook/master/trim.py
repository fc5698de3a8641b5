"""Where the sound of a take begins and ends."""

import numpy as np

from mayabook.core.take import Audio

FRAME_SECONDS = 0.005
THRESHOLD_DB = -50.0
"""A frame sounds if its RMS is above this, relative to the loudest frame of the take. Speech fades below it only
in the onset of soft consonants and in the last decay, which the margins keep."""
LEAD_SECONDS = 0.06
TAIL_SECONDS = 0.1
FADE_SECONDS = 0.008


def sounding(audio: Audio, sample_rate: int) -> tuple[int, int]:
    """First and past-the-last sample of the frames that sound; all of a take that is silent throughout."""
    hop = max(1, round(FRAME_SECONDS * sample_rate))
    frames = np.append(audio, np.zeros(-len(audio) % hop, np.float32)).reshape(-1, hop)
    energy = np.mean(np.square(frames, dtype=np.float64), axis=1)
    loud = np.flatnonzero(energy > energy.max(initial=0.0) * 10 ** (THRESHOLD_DB / 10))
    if not len(loud):
        return 0, len(audio)
    return int(loud[0]) * hop, min(len(audio), (int(loud[-1]) + 1) * hop)


def faded(audio: Audio, sample_rate: int) -> Audio:
    """A copy that rises from and falls to zero in a raised cosine, so that it joins silence without a click."""
    n = min(round(FADE_SECONDS * sample_rate), len(audio) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / max(1, n))).astype(np.float32)
    out = audio.copy()
    out[:n] *= ramp
    out[len(out) - n :] *= ramp[::-1]
    return out
