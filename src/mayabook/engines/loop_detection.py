"""Codes that repeat, told while they are being written, so that a take in a loop does not run to its cap."""

import numpy as np

MAX_PERIOD = 64
"""Longest loop that is looked for, in frames: five and a half seconds."""
LEAST_FRAMES = 24
"""A repetition counts from so many frames, two seconds: a held pause repeats frames for shorter."""
LEAST_TURNS = 2
"""... and from so many turns beyond the first."""


class LoopDetector:
    """Watches one take. A loop is a stretch of frames, each equal in all its codes to the one a period earlier."""

    def __init__(self) -> None:
        self._recent = np.full(MAX_PERIOD, -1, np.int64)
        self._runs = np.zeros(MAX_PERIOD, np.int64)
        self._needed = np.maximum(LEAST_FRAMES, LEAST_TURNS * np.arange(1, MAX_PERIOD + 1))
        self._names: dict[tuple[int, ...], int] = {}

    def add(self, frame: tuple[int, ...]) -> int | None:
        """The period, in frames, of the loop that this frame completes, None where there is none."""
        name = self._names.setdefault(frame, len(self._names))
        self._runs = np.where(self._recent == name, self._runs + 1, 0)
        self._recent = np.concatenate(([name], self._recent[:-1]))
        found = np.flatnonzero(self._runs >= self._needed)
        return int(found[0]) + 1 if len(found) else None
