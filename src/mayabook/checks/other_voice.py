"""Detects takes, and parts of takes, in another voice than the book's, by their speaker embeddings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.scoring import Score
from mayabook.checks.speaker_embedding import WINDOW_SECONDS, Embedding, embed_windows, mean_embedding
from mayabook.checks.thresholds import SignalThresholds, SpeakerThresholds
from mayabook.core.take import Audio
from mayabook.core.verdict import FindingKind


def speaker_score(
    audio: Audio, sample_rate: int, reference: Embedding | None, signal: SignalThresholds, figures: SpeakerThresholds
) -> list[Score]:
    """How much further a take, or a part of it, is from the reference than the same speaker usually is.

    No score without a reference, or with less voice than the encoder's window.
    """
    if reference is None:
        return []
    starts, windows, seconds = embed_windows(audio, sample_rate, signal)
    if not len(windows):
        return []
    value, part = speaker_distance(windows, seconds, reference, figures)
    evidence = f"the distance from the voice of the other takes is {value:.2f} larger than usual"
    start, end = (None, None) if part is None else (starts[part], starts[part + figures.part_windows - 1])
    if end is not None:
        end += WINDOW_SECONDS
    return [Score("other_voice", FindingKind.OTHER_VOICE, value, evidence, start, end)]


def speaker_distance(
    windows: NDArray[np.float32], seconds: float, reference: Embedding, figures: SpeakerThresholds
) -> tuple[float, int | None]:
    """Cosine distance from the reference minus the usual one: of the whole take, or of the most distant `part_windows`
    consecutive windows, whichever is larger. Also returns the first window of that part, if it is more than twice as
    distant as the whole.

    windows: their embeddings, shape (n_windows, 256). seconds: of voice in them all; the usual distance is inversely
    proportional to it.
    """

    def beyond_usual(part: NDArray[np.float32]) -> float:
        usual = figures.distance_seconds / (seconds * len(part) / len(windows))
        return float(1 - mean_embedding(part) @ reference) - usual

    size = figures.part_windows
    parts = [(beyond_usual(windows[at : at + size]), at) for at in range(len(windows) - size + 1)]
    furthest, first = max(parts, default=(-np.inf, 0))
    whole = beyond_usual(windows)
    return max(furthest, whole), first if furthest > 2 * max(whole, 0.0) and len(windows) > size else None


def reference_embedding(
    takes: Sequence[Embedding], max_distance: float, figures: SpeakerThresholds
) -> Embedding | None:
    """The embedding of the speaker of most takes; None with fewer takes than `min_reference_takes`.

    It is the mean of the takes within `max_distance` of the medoid (least median distance to all), so of two speakers
    the one with more takes counts.
    """
    if len(takes) < figures.min_reference_takes:
        return None
    embeddings = np.stack(takes)
    distances = 1 - embeddings @ embeddings.T
    middle = distances[np.median(distances, axis=1).argmin()]
    return mean_embedding(embeddings[middle < max_distance])
