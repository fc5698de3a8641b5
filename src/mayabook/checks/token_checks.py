"""Scores of the speech codes: loops, probability that the position mask removed, and low confidence at the end."""

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import TokenThresholds
from mayabook.core.take import Codes
from mayabook.core.verdict import FindingKind
from mayabook.maya.token_layout import SAMPLE_RATE, SAMPLES_PER_FRAME

FRAME_SECONDS = SAMPLES_PER_FRAME / SAMPLE_RATE


def off_grammar_score(codes: Codes) -> list[Score]:
    """Mean probability that the model gave to ids which the position in the frame does not allow."""
    if not len(codes.removed):
        return []
    share = float(np.mean(codes.removed, dtype=np.float64))
    return [Score("off_grammar", FindingKind.OFF_GRAMMAR, share, f"{share:.1%} of the probability was off the grammar")]


def code_loop_score(codes: Codes, figures: TokenThresholds) -> list[Score]:
    """Longest loop at any of the seven positions of a frame: seconds beyond its first turn.

    Loops of fewer than `min_distinct_codes` do not count: a held pause repeats a single code.
    """
    best = (0, 0, 0, 0)
    for position in range(codes.frames.shape[1]):
        column = codes.frames[:, position]
        for period in range(1, min(figures.max_loop_frames, len(column) // 2) + 1):
            start, length = longest_run(column[period:] == column[:-period])
            turn = column[start : start + period]
            if length >= period and len(np.unique(turn)) >= figures.min_distinct_codes and length > best[0]:
                best = (length, position, period, start)
    length, position, period, start = best
    if not length:
        return []
    seconds, begin = length * FRAME_SECONDS, start * FRAME_SECONDS
    evidence = f"position {position} repeats {period} frames for {seconds:.1f} s"
    return [Score("code_loop", FindingKind.LOOP, seconds, evidence, begin, begin + seconds + period * FRAME_SECONDS)]


def tail_confidence_scores(codes: Codes, figures: TokenThresholds) -> list[Score]:
    """Drop of the mean log-probability, and rise of the mean entropy, over the last seconds; in nats a token."""
    tail = round(figures.tail_seconds / FRAME_SECONDS) * codes.frames.shape[1]
    if len(codes.log_probability) < 2 * tail:
        return []
    found = []
    traces = (("unlikely_tail", -codes.log_probability, "less likely"), ("open_tail", codes.entropy, "more open"))
    for detector, trace, what in traces:
        values = trace.astype(np.float64)
        drop = float(values[-tail:].mean() - values[:-tail].mean())
        evidence = f"the codes of the last {figures.tail_seconds:.0f} s are {what} by {drop:.2f} nats"
        found.append(Score(detector, FindingKind.TAIL, drop, evidence))
    return found


def longest_run(same: NDArray[np.bool_]) -> tuple[int, int]:
    """Start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    if not len(edges):
        return 0, 0
    starts, lengths = edges[::2], np.diff(edges)[::2]
    at = int(np.argmax(lengths))
    return int(starts[at]), int(lengths[at])
