"""Detects repeating codes during generation, so that a take in a loop is stopped before its cap."""

import numpy as np

from mayabook.maya.token_layout import CODES_PER_FRAME

MAX_PERIOD = 64
"""Longest period that is detected, in frames: 5.5 seconds."""
MIN_FRAMES = 24
"""Shortest repetition that counts as a loop, in frames: 2 seconds. A held pause repeats its frame for less."""
MIN_REPEATS = 2
"""Times that the period must repeat after its first occurrence."""
MIN_EQUAL_SHARE = 0.5
"""A loop is inexact if at least this share of the codes equal those one period earlier, in every `SMOOTHED_FRAMES`; of
speech it is a few per cent. A held sound is no loop: its frames equal their neighbours at least half as often."""
SMOOTHED_FRAMES = 8


class LoopDetector:
    """Detects a loop in one take: frames that equal the frame one period earlier, in all codes or in most."""

    def __init__(self) -> None:
        self._recent = np.full((MAX_PERIOD, CODES_PER_FRAME), -1, np.int64)
        self._equal = np.zeros((SMOOTHED_FRAMES, MAX_PERIOD), np.int64)
        self._exact_runs = np.zeros(MAX_PERIOD, np.int64)
        self._inexact_runs = np.zeros(MAX_PERIOD, np.int64)
        self._needed = np.maximum(MIN_FRAMES, MIN_REPEATS * np.arange(1, MAX_PERIOD + 1))

    def add(self, frame: tuple[int, ...]) -> int | None:
        """Adds a frame. The period in frames of the loop that it completes; None where there is none."""
        equal = np.count_nonzero(self._recent == frame, axis=1)
        self._recent = np.concatenate(([frame], self._recent[:-1]))
        self._equal = np.concatenate(([equal], self._equal[:-1]))
        n_equal = self._equal.sum(axis=0)
        is_alike = n_equal >= MIN_EQUAL_SHARE * SMOOTHED_FRAMES * CODES_PER_FRAME
        is_held = 2 * n_equal[0] > n_equal
        self._exact_runs = np.where(equal == CODES_PER_FRAME, self._exact_runs + 1, 0)
        self._inexact_runs = np.where(is_alike & ~is_held, self._inexact_runs + 1, 0)
        found = np.flatnonzero(np.maximum(self._exact_runs, self._inexact_runs) >= self._needed)
        return int(found[0]) + 1 if len(found) else None
