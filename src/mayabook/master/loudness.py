"""One gain for the whole book, by EBU R128: measure, then reach the target below the true-peak limit."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from av import AudioFrame
from av.error import BlockingIOError, EOFError
from av.filter import Graph

from mayabook.core.settings import MasterSettings
from mayabook.core.take import Audio
from mayabook.master.limiter import limited
from mayabook.master.pcm_stream import watched
from mayabook.master.true_peak import PeakMeter

SILENCE = -70.0
"""LUFS; what is not above it does not count (ITU-R BS.1770-5, absolute gate)."""
CLOSE_ENOUGH = 0.1
"""LU by which the result may miss the target."""
MAX_LIMITED_PASSES = 8
"""Passes over the book with the limiter, at most; each corrects the gain."""
MAX_MAKE_UP = 6.0
"""dB of gain that may make up for the loudness that the limiter takes away; more would flatten the voice."""
LEAST_SLOPE = 0.2
"""LU that a further dB of gain is taken to bring at least, when the next gain is estimated."""
BELOW_LIMIT = 0.1
"""dB by which the limiter's ceiling lies below the limit: true-peak meters differ by about as much."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """integrated: LUFS, -70 for silence. true_peak: dBTP, -inf for digital silence."""

    integrated: float
    true_peak: float


@dataclass(frozen=True, slots=True)
class Level:
    """How the book is levelled. gain: dB, for all of it. ceiling: dBTP of the limiter, None if none is needed.

    result: the loudness after both.
    """

    gain: float
    ceiling: float | None
    result: Loudness


def levelled(blocks: Iterable[Audio], gain: float, ceiling: float | None, sample_rate: int) -> Iterator[Audio]:
    """As many samples as came in; gain and ceiling as in Level."""
    factor = np.float32(_amplitude(gain))
    louder = (block * factor for block in blocks)
    return louder if ceiling is None else limited(louder, _amplitude(ceiling), sample_rate)


def find_level(
    read: Callable[[], Iterable[Audio]],
    n_samples: int,
    sample_rate: int,
    settings: MasterSettings,
    progress: Callable[[float], None],
) -> Level:
    """Measures the book; if its peaks need the limiter, measures again with other gains until the target is met.

    read: the n_samples samples of the book, from the start at each call. progress: takes the fraction done.
    Silence is left as it is. Speech always reaches the target; a few clicks in silence may not, which `Level.result`
    shows.
    """
    done = 0.0

    def attempt(gain: float, ceiling: float | None) -> Level:
        nonlocal done
        share = (1 - done) / 2  # how many passes are to come is not known
        blocks = watched(levelled(read(), gain, ceiling, sample_rate), n_samples, done, share, progress)
        level = Level(gain, ceiling, measure(blocks, sample_rate))
        done += share
        return level

    level = attempt(0.0, None)
    if level.result.integrated <= SILENCE:
        return level
    gain = settings.loudness - level.result.integrated
    peak = level.result.true_peak + gain
    if peak <= settings.true_peak:
        return Level(gain, None, Loudness(settings.loudness, peak))
    most = gain + MAX_MAKE_UP
    ceiling = settings.true_peak - BELOW_LIMIT
    for _ in range(MAX_LIMITED_PASSES):
        before, level = level, attempt(gain, ceiling)
        missing = settings.loudness - level.result.integrated
        excess = level.result.true_peak - settings.true_peak
        if excess <= 0 and (abs(missing) <= CLOSE_ENOUGH or gain >= most):
            break
        slope = (level.result.integrated - before.result.integrated) / (gain - before.gain or 1.0)
        gain = min(most, gain + missing / min(1.0, max(LEAST_SLOPE, slope)))
        ceiling -= max(0.0, excess)
    return level


def measure(blocks: Iterable[Audio], sample_rate: int) -> Loudness:
    """Of a mono stream, by FFmpeg's ebur128 filter: a full-scale sine of 997 Hz reads -3.01 LUFS."""
    graph = Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono")
    graph.link_nodes(source, graph.add("ebur128", "metadata=1"), graph.add("abuffersink")).configure()
    peaks = PeakMeter()
    integrated = SILENCE
    position = 0
    window = np.zeros(sample_rate // 10, np.float32)  # the filter reports at the end of each 100 ms only
    for block in chain(blocks, [window]):
        peaks.add(block)
        frame = AudioFrame.from_ndarray(block[np.newaxis], format="flt", layout="mono")
        frame.sample_rate, frame.pts = sample_rate, position
        position += len(block)
        graph.push(frame)
        integrated = _latest(graph, integrated)
    graph.push(None)
    integrated = _latest(graph, integrated)
    return Loudness(max(integrated, SILENCE), _decibels(peaks.finish()))


def _latest(graph: Graph, integrated: float) -> float:
    """Integrated loudness so far, by the last of the frames that have come out of the meter."""
    try:
        while True:
            integrated = float(graph.pull().metadata.get("lavfi.r128.I", integrated))
    except (BlockingIOError, EOFError):
        return integrated


def _amplitude(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _decibels(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf
