"""Measures the CPU time of the checks, separately for one pass of the ASR encoder and for all the rest."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from bench.defects.corpus import Labelled, take_of
from bench.defects.scores import checker
from mayabook.checks.recogniser import Recogniser
from mayabook.checks.thresholds import load_thresholds


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU time of all threads per second of audio."""

    n_takes: int
    """Takes measured."""
    encoder: float
    """One encoder pass."""
    beyond: float
    """All that the checks need beyond that pass."""


def measure(rows: Sequence[Labelled], work: Path) -> Cost:
    takes = [(take_of(row, work), row.chunk) for row in rows]
    recogniser = Recogniser("tiny.en", "en", load_thresholds())
    resampled = [resample_poly(take.audio, 2, 3).astype(np.float32) for take, _ in takes]
    checker().check(*takes[0])  # the first call loads what later ones share
    seconds = sum(take.duration for take, _ in takes)
    start = time.process_time()
    for audio in resampled:
        recogniser._encode(audio)
    encoded = time.process_time()
    for take, chunk in takes:
        checker().check(take, chunk)
    checked = time.process_time()
    encoder = (encoded - start) / seconds
    return Cost(len(takes), encoder, (checked - encoded) / seconds - encoder)
