"""Finds the description of the voice in what was spoken: Maya1 sometimes reads it aloud, whole or in part.

The transcript is aligned locally with the words of the description (Smith-Waterman). Words that the alignment with the
text accounts for add no weight, so a text that shares words with the description is no leak. Nor do they end a leak,
for the text may contain some of its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.mismatches import MATCHED
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.scoring import Score
from mayabook.checks.text_normalisation import text_units
from mayabook.checks.thresholds import PromptLeakThresholds
from mayabook.checks.word_checks import FUNCTION_WORDS
from mayabook.core.verdict import AlignedWord, FindingKind


@dataclass(frozen=True, slots=True)
class _HeardWord:
    """A token of the transcript. row: of the alignment, by its number. in_text: whether the text accounts for it."""

    token: str
    row: int
    in_text: bool


def description_in(voice: str) -> str:
    """The description in a request's `voice`; empty for the name of a voice, a single word."""
    return voice if len(voice.split()) > 1 else ""


def prompt_leak_scores(
    rows: Sequence[AlignedWord], description: str, phonetics: Phonetics, figures: PromptLeakThresholds
) -> list[Score]:
    """The weight of the longest part of the description that was spoken beside the text, in nats.

    rows: alignment of text and transcript.
    """
    wanted = _tokens(description, phonetics)
    heard = [
        _HeardWord(token, number, row.match in MATCHED)
        for number, row in enumerate(rows)
        for token in _tokens(row.heard, phonetics)
    ]
    if not wanted or all(word.in_text for word in heard):
        return []
    of_text = {token for row in rows for token in _tokens(row.expected, phonetics)}
    weights = [_weight(token, figures) * (figures.shared_word_factor if token in of_text else 1.0) for token in wanted]
    alike = _alike([word.token for word in heard], wanted, phonetics, figures.max_unlike_share)
    value, found = _best_local_alignment(alike, weights, [word.in_text for word in heard], figures.skipped_word_nats)
    numbers = [word.row for word in heard[found.start : found.stop] if not word.in_text]
    if not numbers:
        return []
    spoken = rows[numbers[0] : numbers[-1] + 1]
    said = " ".join(row.heard for row in spoken if row.heard)
    evidence = f"“{said}” is from the description of the voice"
    return [Score("prompt_leak", FindingKind.PROMPT_LEAK, value, evidence, spoken[0].start, spoken[-1].end)]


def _weight(token: str, figures: PromptLeakThresholds) -> float:
    return figures.function_word_nats if token in FUNCTION_WORDS else figures.content_word_nats


def _tokens(text: str, phonetics: Phonetics) -> list[str]:
    units = text_units(text.split(), phonetics.language)
    return [token for unit in units for token in unit.verbalisations[0]]


def _alike(heard: Sequence[str], wanted: Sequence[str], phonetics: Phonetics, most: float) -> NDArray[np.bool_]:
    """Whether words sound nearly the same, shape (heard, wanted)."""
    left, right = ([phonetics.phonemes(token) for token in side] for side in (heard, wanted))
    longer = np.maximum.outer([len(sound) for sound in left], [len(sound) for sound in right])
    found: NDArray[np.bool_] = phonetics.distances(left, right) <= most * longer
    return found


def _best_local_alignment(
    alike: NDArray[np.bool_], weights: Sequence[float], in_text: Sequence[bool], skip: float
) -> tuple[float, range]:
    """The best local alignment: its value, and the heard words in it.

    weights: of each word of the description; a heard word that the text accounts for adds nothing. skip: cost of a word
    of either side without a partner.
    """
    n_heard, n_wanted = alike.shape
    best = (0.0, range(0))
    before = [(0.0, 0)] * (n_wanted + 1)  # value of the alignments that end at a heard word, and where they begin
    for at in range(n_heard):
        row = [(0.0, at + 1)]
        for column, weight in enumerate(weights):
            gain = (0.0 if in_text[at] else weight) if alike[at, column] else -skip
            steps = ((before[column], gain), (before[column + 1], -skip), (row[column], -skip))
            value, begin = max(((value + more, begin) for (value, begin), more in steps), key=lambda step: step[0])
            row.append((value, begin) if value > 0 else (0.0, at + 1))
            if value > best[0]:
                best = value, range(begin, at + 1)
        before = row
    return best
