"""Detects repeating codes during generation, so that a take in a loop is stopped before its cap."""

import numpy as np

MAX_PERIOD = 64
"""Longest period that is detected, in frames: 5.5 seconds."""
MIN_FRAMES = 24
"""Shortest repetition that counts as a loop, in frames: 2 seconds. A held pause repeats its frame for less."""
MIN_REPEATS = 2
"""Times that the period must repeat after its first occurrence."""


class LoopDetector:
    """Detects a loop in one take: a run of frames that equal, in all their codes, the frame one period earlier."""

    def __init__(self) -> None:
        self._recent = np.full(MAX_PERIOD, -1, np.int64)
        self._runs = np.zeros(MAX_PERIOD, np.int64)
        self._needed = np.maximum(MIN_FRAMES, MIN_REPEATS * np.arange(1, MAX_PERIOD + 1))
        self._names: dict[tuple[int, ...], int] = {}

    def add(self, frame: tuple[int, ...]) -> int | None:
        """Adds a frame. The period in frames of the loop that it completes; None where there is none."""
        name = self._names.setdefault(frame, len(self._names))
        self._runs = np.where(self._recent == name, self._runs + 1, 0)
        self._recent = np.concatenate(([name], self._recent[:-1]))
        found = np.flatnonzero(self._runs >= self._needed)
        return int(found[0]) + 1 if len(found) else None
