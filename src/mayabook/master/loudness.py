"""One gain for the whole book, by EBU R128: measure, then reach the target below the true-peak limit."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.filter import Graph

from mayabook.core.settings import MasterSettings
from mayabook.core.take import Audio
from mayabook.master.limiter import limited
from mayabook.master.peaks import PeakMeter

SILENCE = -70.0
"""LUFS; nothing at or below it counts (ITU-R BS.1770-5, absolute gate)."""
CLOSE_ENOUGH = 0.1
"""LU."""
MAX_PASSES = 8
"""Each pass makes up for what the limiter took away in the one before, which is less each time."""
BELOW_LIMIT = 0.1
"""dB by which the limiter stays below the limit, as meters differ by about as much."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """integrated: LUFS, -70 for silence. true_peak: dBTP, -inf for digital silence."""

    integrated: float
    true_peak: float


@dataclass(frozen=True, slots=True)
class Level:
    """What is done to every sample, and the loudness that comes of it.

    gain: factor. ceiling: amplitude that the limiter keeps to, None if gain alone stays below the limit.
    """

    gain: float
    ceiling: float | None
    result: Loudness


def levelled(blocks: Iterable[Audio], gain: float, ceiling: float | None, sample_rate: int) -> Iterator[Audio]:
    """gain and ceiling: as in Level."""
    louder = (block * np.float32(gain) for block in blocks)
    return louder if ceiling is None else limited(louder, ceiling, sample_rate)


def find_level(
    read: Callable[[], Iterable[Audio]], sample_rate: int, settings: MasterSettings, passed: Callable[[], None]
) -> Level:
    """Measures the book once and, where its peaks have to be limited, again until it is as loud as wanted.

    read: the samples of the book, from the start at each call. passed: called after each pass.
    Silence is left as it is. Speech cannot miss the target; a few clicks in silence can: see the result.
    """
    before = measure(read(), sample_rate)
    passed()
    if before.integrated <= SILENCE:
        return Level(1.0, None, before)
    gain = settings.loudness - before.integrated
    peak = before.true_peak + gain
    if peak <= settings.true_peak:
        return Level(_factor(gain), None, Loudness(settings.loudness, peak))
    ceiling = settings.true_peak - BELOW_LIMIT
    for _ in range(MAX_PASSES):
        level = Level(
            _factor(gain),
            _factor(ceiling),
            measure(levelled(read(), _factor(gain), _factor(ceiling), sample_rate), sample_rate),
        )
        passed()
        short = settings.loudness - level.result.integrated
        over = level.result.true_peak - settings.true_peak
        if abs(short) <= CLOSE_ENOUGH and over <= 0:
            break
        gain += short
        ceiling -= max(0.0, over)
    return level


def measure(blocks: Iterable[Audio], sample_rate: int) -> Loudness:
    """Loudness of a mono stream by FFmpeg's ebur128 filter: a full-scale sine of 997 Hz reads -3.01 LUFS."""
    meter = Graph()
    meter.link_nodes(
        meter.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono"),
        meter.add("ebur128", "metadata=1"),
        meter.add("abuffersink"),
    ).configure()
    peaks = PeakMeter()
    integrated = SILENCE
    position = 0
    last_window = np.zeros(sample_rate // 5, np.float32)  # completes the filter's step of 100 ms
    for block in (*blocks, last_window): ...
