"""Token sampling with NumPy: position mask, stages in a stated order, one uniform number per step.

A row of candidates has `codebook_size + 1` columns in the order of the token ids: CODE_END, then the codes of the
position within the frame whose turn it is. Logits, penalty and temperature are float32, probabilities float64, so that
the NumPy and the torch sampler draw the same tokens from the same logits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.slot_decoder import Logits
from mayabook.maya.token_layout import CODES_PER_FRAME, Layout

LIMIT = 1e30
"""Logits are clipped to this magnitude, so that no penalty or temperature that settings allow can overflow."""
NEGLIGIBLE = -700.0
"""A logit this far below the greatest counts as impossible: exp() is many times slower where it underflows."""
REMOVED = np.float32(-3e38)
"""Added to the logits that a stage removes; much faster than assignment through a mask."""


@dataclass(frozen=True, slots=True)
class DrawnTokens:
    """One token for each slot that was asked for, in that order; arrays of shape (n_drawn,).

    The traces (log_probability, entropy, removed, end_probability) are as in `mayabook.core.take.Codes`.
    """

    tokens: NDArray[np.int64]
    """Ids in the whole vocabulary."""
    log_probability: NDArray[np.float32]
    entropy: NDArray[np.float32]
    removed: NDArray[np.float32]
    end_probability: NDArray[np.float32]
    finite: NDArray[np.bool_]
    """False where a row of logits held NaN or infinity; its token and traces mean nothing."""


def uniforms(seed: int, n: int) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) for steps 0 to n - 1, from a counter-based generator: number `step` depends on nothing
    else.

    The top 53 bits of each output of Philox 4x64-10 (Salmon et al., 2011) with the seed as its key.
    """
    raw = np.random.Philox(key=seed).random_raw(n)
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53


@np.errstate(over="ignore")
def weights(logits: Logits, repeated: NDArray[np.bool_], settings: SamplerSettings) -> NDArray[np.float64]:
    """Probabilities after the stages, up to a factor: the greatest is 1. All shapes (n_rows, n_candidates).

    logits: -inf for what cannot be drawn, at least one finite in each row. repeated: ids that the penalty is for.
    Ties are kept: top_k and top_p keep every token whose logit equals the least one kept. Temperature 0 puts
    everything on the likeliest id that the stages left, the lowest where several are.
    """
    values = np.array(logits)
    arrays = [values]  # and, once a stage asks for them, the same in ascending order
    for stage in settings.active:
        if stage == "penalty":
            _penalise(values, repeated, np.float32(settings.repetition_penalty))
            del arrays[1:]
        elif stage == "temperature":
            for array in arrays:
                array /= np.float32(settings.temperature)
        else:
            if len(arrays) == 1:
                arrays.append(np.sort(values, axis=1))
            floor = _floor(stage, arrays[1], settings)
            for array in arrays:
                array += (array < floor) * REMOVED
    if settings.is_greedy:
        greedy = np.zeros(values.shape)
        greedy[np.arange(len(values)), values.argmax(axis=1)] = 1
        return greedy
    return _exp(values, values.max(axis=1, keepdims=True))


def _penalise(values: Logits, repeated: NDArray[np.bool_], penalty: np.float32) -> None:
    flat, at = values.reshape(-1), np.flatnonzero(repeated)
    found = flat[at]
    flat[at] = np.where(found > 0, found / penalty, found * penalty)


def _floor(stage: str, ascending: Logits, settings: SamplerSettings) -> Logits:
    """The least logit that a stage keeps, shape (n_rows, 1)."""
    n = ascending.shape[1]
    greatest = ascending[:, -1:]
    if stage == "top_k":
        return ascending[:, [max(0, n - settings.top_k)]]
    if stage == "min_p":
        return greatest + np.float32(math.log(settings.min_p))
    tail_end = pick(_exp(ascending, greatest), np.full(len(ascending), 1 - settings.top_p))
    return np.take_along_axis(ascending, tail_end[:, None], axis=1)


def _exp(values: Logits, greatest: Logits) -> NDArray[np.float64]:
    """exp(values - greatest), exactly 0 for what was removed."""
    difference = values.astype(np.float64)
    difference -= greatest
    np.maximum(difference, NEGLIGIBLE, out=difference)
    np.exp(difference, out=difference)
    difference -= np.exp(NEGLIGIBLE)
    return difference


def pick(weights: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first candidate of each row at which the cumulative probability exceeds the row's uniform number.

    weights: shape (n_rows, n_candidates), any positive sum. A candidate of weight 0 is never picked.
    """
    mass = weights.cumsum(axis=1)
    total = mass[:, -1]
    target = np.minimum(uniform * total, np.nextafter(total, 0))
    first: NDArray[np.int64] = (mass > target[:, None]).argmax(axis=1).astype(np.int64)
    return first


class SlotStates:
    """Sampling state of the take in each slot; columns are those of the logits (`Layout`)."""

    def __init__(self, n_slots: int) -> None:
        self.settings = [SamplerSettings()] * n_slots
        self.steps = np.zeros(n_slots, np.int64)
        self._min_tokens = np.zeros(n_slots, np.int64)
        self._uniforms = [np.empty(0)] * n_slots
        self._columns = [np.empty(0, np.int64)] * n_slots

    def start(self, slot: int, settings: SamplerSettings, seed: int, n_tokens: int) -> None:
        self.settings[slot] = settings
        self.steps[slot] = 0
        self._min_tokens[slot] = settings.min_tokens
        self._uniforms[slot] = uniforms(seed, n_tokens)
        self._columns[slot] = np.empty(n_tokens, np.int64)

    def may_end(self, slots: NDArray[np.intp]) -> NDArray[np.bool_]:
        steps = self.steps[slots]
        return np.asarray((steps % CODES_PER_FRAME == 0) & (steps >= self._min_tokens[slots]))

    def uniform(self, slots: Sequence[int]) -> NDArray[np.float64]:
        return np.array([self._uniforms[slot][self.steps[slot]] for slot in slots])

    def advance(self, slots: Sequence[int], columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Records what was drawn; returns the column that leaves each penalty window, or -1 for none."""
        leaving = np.full(len(slots), -1)
        for at, slot in enumerate(slots):
            step, window = int(self.steps[slot]), self.settings[slot].penalty_window
            self._columns[slot][step] = columns[at]
            if isinstance(window, int) and step >= window:
                leaving[at] = self._columns[slot][step - window]
            self.steps[slot] = step + 1
        return leaving


def prompt_columns(settings: SamplerSettings, prompt: Sequence[int], layout: Layout) -> NDArray[np.int64]:
    """Columns of the prompt's ids, which the penalty applies to throughout the take."""
    if not settings.penalty_prompt:
        return np.empty(0, np.int64)
    ids = np.unique(np.asarray(prompt, np.int64))
    return ids[(ids >= layout.code_end) & (ids <= layout.last_code)] - layout.code_end


class Sampler:
    """Draws tokens for the slots of a decoder. The tokens of a slot depend, bit for bit, on its own take alone."""

    def __init__(self, layout: Layout, n_slots: int) -> None:
        self._layout = layout
        self._takes = SlotStates(n_slots)
        self._counts = np.zeros((n_slots, layout.n_audio), np.int32)
        """Of each column, in the penalty's window and prompt."""
        self._raw = np.empty((n_slots, layout.n_audio), np.float32)

    def start(self, slot: int, settings: SamplerSettings, seed: int, prompt: Sequence[int], n_tokens: int) -> None:
        """A new take of at most n_tokens tokens in that slot; forgets the one that was there."""
        self._takes.start(slot, settings, seed, n_tokens)
        self._counts[slot] = 0
        self._counts[slot, prompt_columns(settings, prompt, self._layout)] = 1

    @np.errstate(over="ignore")
    def draw(self, logits: Logits, slots: Sequence[int]) -> DrawnTokens:
        """One token for each of the slots, which move on by one step.

        logits: shape (n_slots, n_audio), rows of all slots. slots: no slot twice.
        """
        rows = np.asarray(slots, np.intp)
        positions, may_end = self._takes.steps[rows] % CODES_PER_FRAME, self._takes.may_end(rows)
        raw = self._raw[: len(rows)]
        for at, slot in enumerate(slots):
            raw[at] = logits[slot]
        greatest = raw.max(axis=1)
        finite = np.isfinite(greatest) & np.isfinite(raw.min(axis=1))
        raw[~finite], greatest[~finite] = 0, 0

        candidates = self._candidates(raw, np.arange(len(rows)), positions).clip(-LIMIT, LIMIT)
        candidates[~may_end, 0] = -np.inf
        drawn = pick(self._weights(candidates, rows, positions), self._takes.uniform(slots))
        log_probability, entropy = _confidence(candidates, drawn)
        removed, end_probability = self._mask_traces(raw, greatest, positions, may_end)

        first = self._layout.first_column + self._layout.codebook_size * positions
        columns = np.where(drawn == 0, 0, first + drawn - 1)
        self._count(slots, rows, columns)
        tokens = columns + self._layout.code_end
        return DrawnTokens(tokens, log_probability, entropy, removed, end_probability, finite)

    def _candidates(self, columns: NDArray[Any], rows: NDArray[np.intp], positions: NDArray[np.int64]) -> NDArray[Any]:
        """The columns of CODE_END and of the codes allowed at each row's position, from those rows of `columns`."""
        chosen = np.empty((len(rows), self._layout.codebook_size + 1), columns.dtype)
        chosen[:, 0] = columns[rows, 0]
        chosen[:, 1:] = self._codes(columns)[rows, positions]
        return chosen

    def _codes(self, columns: NDArray[Any]) -> NDArray[Any]:
        """The codes' columns as a view of shape (n_rows, 7, codebook_size)."""
        return columns[:, self._layout.first_column :].reshape(
            len(columns), CODES_PER_FRAME, self._layout.codebook_size
        )

    def _weights(self, candidates: Logits, rows: NDArray[np.intp], positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights of the candidates (`weights`), computed together for rows that share their settings."""
        repeated = self._candidates(self._counts, rows, positions) > 0
        groups: dict[SamplerSettings, list[int]] = {}
        for at, slot in enumerate(rows):
            groups.setdefault(self._takes.settings[slot], []).append(at)
        if len(groups) == 1:
            return weights(candidates, repeated, *groups)
        result = np.empty(candidates.shape)
        for settings, members in groups.items():
            result[members] = weights(candidates[members], repeated[members], settings)
        return result

    def _mask_traces(
        self, raw: Logits, greatest: Logits, positions: NDArray[np.int64], may_end: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Removed mass and probability of CODE_END. The removed mass is summed, not computed as 1 minus the rest:
        it may be tiny.

        raw is overwritten.
        """
        np.subtract(raw, greatest[:, None], out=raw)
        mass = np.exp(raw, out=raw)
        codes = self._codes(mass).sum(axis=2)
        own = np.arange(CODES_PER_FRAME) == positions[:, None]
        end, others = mass[:, 0], mass[:, 1 : self._layout.first_column].sum(axis=1)
        allowed = np.where(own, codes, 0).sum(axis=1) + np.where(may_end, end, 0)
        removed = np.where(own, 0, codes).sum(axis=1) + np.where(may_end, 0, end) + others
        total = allowed + removed
        return removed / total, end / total

    def _count(self, slots: Sequence[int], rows: NDArray[np.intp], columns: NDArray[np.int64]) -> None:
        leaving = self._takes.advance(slots, columns)
        self._counts[rows, columns] += 1
        left = leaving >= 0
        self._counts[rows[left], leaving[left]] -= 1


def _confidence(candidates: Logits, drawn: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log-probability of the candidate drawn, and the entropy of all of them, both in nats."""
    difference = candidates - candidates.max(axis=1, keepdims=True)
    chosen = difference[np.arange(len(drawn)), drawn]
    np.maximum(difference, NEGLIGIBLE, out=difference)
    mass = np.exp(difference)
    total = mass.sum(axis=1)
    entropy = np.log(total) - (mass * difference).sum(axis=1) / total
    return chosen - np.log(total), entropy
