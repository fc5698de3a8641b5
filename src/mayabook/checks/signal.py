"""What the samples alone tell: silence, clipping, pauses, pace."""

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.thresholds import Pace, Signal
from mayabook.core.take import Audio
from mayabook.core.verdict import Finding, FindingKind

FRAME_SECONDS = 0.02
REJECT = 0.5
"""Weight at a threshold; beyond it the weight grows in proportion, up to 1."""


def silence(audio: Audio, thresholds: Signal) -> list[Finding]:
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if len(audio) else 0.0
    if rms >= thresholds.silent_rms:
        return []
    return [Finding(FindingKind.SILENT, f"RMS {rms:.1e}, below {thresholds.silent_rms:.0e}", 1.0)]


def clipping(audio: Audio, sample_rate: int, thresholds: Signal) -> list[Finding]:
    """Samples at full scale, counted where several stand in a row."""
    full = np.concatenate(([False], np.abs(audio) >= thresholds.full_scale, [False]))
    edges = np.flatnonzero(np.diff(full.astype(np.int8)))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    runs = lengths >= thresholds.clipped_run
    clipped = int(lengths[runs].sum())
    if not clipped:
        return []
    rate = clipped * sample_rate / len(audio)
    weight = min(1.0, REJECT * rate / thresholds.clipped_per_second)
    first = float(starts[runs][0]) / sample_rate
    return [Finding(FindingKind.CLIPPED, f"{clipped} samples at full scale ({rate:.0f} a second)", weight, first)]


def pauses(audio: Audio, sample_rate: int, thresholds: Signal) -> list[Finding]:
    """Silence inside the take and at its edges, beyond what speech has."""
    voice = _voice(audio, sample_rate, thresholds)
    frames = np.flatnonzero(voice)
    if not len(frames):
        return []
    found = []
    gaps = np.diff(frames)
    longest = int(np.argmax(gaps)) if len(gaps) else 0
    spans = [(0, int(frames[0]), "before the first word", thresholds.longest_edge)]
    if len(gaps):
        spans.append((int(frames[longest]) + 1, int(frames[longest + 1]), "inside", thresholds.longest_pause))
    spans.append((int(frames[-1]) + 1, len(voice), "after the last word", thresholds.longest_edge))
    for first, last, place, limit in spans:
        seconds = (last - first) * FRAME_SECONDS
        if seconds >= limit:
            weight = min(1.0, REJECT * seconds / limit)
            start, end = first * FRAME_SECONDS, last * FRAME_SECONDS
            found.append(Finding(FindingKind.SILENT, f"{seconds:.1f} s of silence {place}", weight, start, end))
    return found


def pace(audio: Audio, sample_rate: int, n_letters: int, n_tags: int, signal: Signal, limits: Pace) -> list[Finding]:
    """Seconds of voice against the letters to be said."""
    frames = np.flatnonzero(_voice(audio, sample_rate, signal))
    seconds = (frames[-1] - frames[0] + 1) * FRAME_SECONDS if len(frames) else 0.0
    least = n_letters * limits.fastest - limits.slack
    most = n_letters * limits.slowest + limits.slack + n_tags * limits.tag_seconds
    if least <= seconds <= most:
        return []
    return [
        Finding(FindingKind.OFF_PACE, f"{seconds:.1f} s for {n_letters} letters, not {least:.1f} to {most:.1f}", 0.6)
    ]


def voiced(audio: Audio, sample_rate: int, thresholds: Signal, within: Audio) -> float:
    """Seconds of voice in `audio`, a part of the take `within`, which says how loud voice is."""
    if len(audio) < FRAME_SECONDS * sample_rate:
        return 0.0
    level = _level(_frames(within, sample_rate), thresholds)
    return float(np.count_nonzero(_frames(audio, sample_rate) > level)) * FRAME_SECONDS


def quietest(audio: Audio, sample_rate: int) -> int:
    """Sample in the middle of the quietest fifth of a second."""
    frames = _frames(audio, sample_rate)
    width = round(0.2 / FRAME_SECONDS)
    smoothed = np.convolve(frames, np.ones(width), mode="valid")
    return round((int(np.argmin(smoothed)) + width / 2) * FRAME_SECONDS * sample_rate)


def _voice(audio: Audio, sample_rate: int, thresholds: Signal) -> NDArray[np.bool_]:
    frames = _frames(audio, sample_rate)
    voice: NDArray[np.bool_] = frames > _level(frames, thresholds)
    return voice


def _level(frames: NDArray[np.float64], thresholds: Signal) -> float:
    loud = float(np.percentile(frames, 95)) if len(frames) else 0.0
    return max(thresholds.voice_floor, thresholds.voice_share * loud)


def _frames(audio: Audio, sample_rate: int) -> NDArray[np.float64]:
    """RMS of each 20 ms."""
    size = round(FRAME_SECONDS * sample_rate)
    whole = audio[: len(audio) // size * size].reshape(-1, size)
    rms: NDArray[np.float64] = np.sqrt(np.mean(np.square(whole, dtype=np.float64), axis=1))
    return rms
