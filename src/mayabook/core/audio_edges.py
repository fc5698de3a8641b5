"""Finds the audible part of a recording, and fades edges in and out."""

from enum import StrEnum

import numpy as np

from mayabook.core.take import Audio


class FadeShape(StrEnum):
    """How a fade-in rises from 0 to 1; a fade-out is its mirror image."""

    LINEAR = "linear"
    RAISED_COSINE = "raised cosine"


def sound_bounds(audio: Audio, frame_samples: int, threshold_db: float) -> tuple[int, int] | None:
    """Start and end (exclusive) of the audible part, in samples; None if there is nothing but digital silence.

    A frame of `frame_samples` is audible if its RMS is above `threshold_db` (dB, negative) relative to the loudest
    frame.
    """
    padded = np.append(audio, np.zeros(-len(audio) % frame_samples, np.float32)).reshape(-1, frame_samples)
    energy = np.mean(np.square(padded, dtype=np.float64), axis=1)
    loud = np.flatnonzero(energy > energy.max(initial=0.0) * 10 ** (threshold_db / 10))
    if not len(loud):
        return None
    return int(loud[0]) * frame_samples, min(len(audio), (int(loud[-1]) + 1) * frame_samples)


def fade_edges(audio: Audio, n_samples: int, shape: FadeShape) -> Audio:
    """A copy with a fade-in and a fade-out of `n_samples`, or of half the audio each where it is shorter than both."""
    n = min(n_samples, len(audio) // 2)
    if shape == FadeShape.LINEAR:
        ramp = np.linspace(0, 1, n, dtype=np.float32)
    else:
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / max(1, n))).astype(np.float32)
    faded = audio.copy()
    faded[:n] *= ramp
    faded[len(faded) - n :] *= ramp[::-1]
    return faded
