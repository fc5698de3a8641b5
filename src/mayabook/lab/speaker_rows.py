"""Speakers in rows: the embedding of each take, and which takes are in another voice than those of their cell.

`mayabook make` judges a take by its speaker once the reference takes of the book are there. An experiment has no book,
so its rows keep the embeddings, and the takes of a cell are compared afterwards.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mayabook.checks.other_voice import reference_embedding, speaker_distance
from mayabook.checks.speaker_embedding import Embedding, embed_windows, mean_embedding
from mayabook.checks.thresholds import Thresholds
from mayabook.core.take import Take
from mayabook.core.verdict import FindingKind
from mayabook.lab.rows import Row

_DECIMALS = 4


def speaker_entries(take: Take, figures: Thresholds) -> dict[str, Any]:
    """Entries of a take's row: speaker embedding and seconds of voice. There are none if the take is too short."""
    _, windows, seconds = embed_windows(take.audio, take.sample_rate, figures.signal)
    if not len(windows):
        return {}
    embedding = [round(float(value), _DECIMALS) for value in mean_embedding(windows)]
    return {"speaker": embedding, "voiced_seconds": round(seconds, 2)}


def reject_other_voices(rows: Sequence[Row], figures: Thresholds) -> list[Row]:
    """The rows of a cell, with those takes rejected that are in another voice than most.

    Whole takes are compared; `drift` finds changes within a take.
    """
    embeddings = [np.array(row["speaker"], np.float32) for row in rows if "speaker" in row]
    limit = figures.rejection["other_voice"]
    speaker = reference_embedding(embeddings, limit, figures.speaker)
    if speaker is None:
        return list(rows)
    return [_reject(row) if _distance(row, speaker, figures) >= limit else row for row in rows]


def _distance(row: Row, speaker: Embedding, figures: Thresholds) -> float:
    """How much farther than usual a take is from the speaker; 0 for a take without an embedding."""
    if "speaker" not in row:
        return 0.0
    embedding = np.array([row["speaker"]], np.float32)
    return speaker_distance(embedding, row["voiced_seconds"], speaker, figures.speaker)[0]


def _reject(row: Row) -> Row:
    return {**row, "accepted": False, "findings": [*row["findings"], FindingKind.OTHER_VOICE.value]}
