"""Teacher forcing: feeds the same tokens to two formats and compares their next-token distributions at each step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mayabook.engines.slot_decoder import IDLE, Logits, SlotDecoder
from mayabook.maya.frames import Frames, pack
from mayabook.maya.token_layout import CODEBOOK_LEVELS, CODES_PER_FRAME, Layout

N_LEVELS = max(CODEBOOK_LEVELS) + 1
"""Levels of the codec."""
LEVEL_NAMES = tuple(f"L{level + 1}" for level in range(N_LEVELS))
"""Names of the levels, for reports."""


@dataclass(frozen=True, slots=True)
class TeacherForced:
    """Comparison of two formats on one take: sums by level of the codec, shape (3,) each.

    The step after the last frame, which predicts CODE_END, counts towards the first level.
    """

    n_steps: NDArray[np.int64]
    """Decoding steps."""
    kl_divergence: NDArray[np.float64]
    """KL(reference || other) over the audio ids, in nats."""
    n_agreed: NDArray[np.int64]
    """Steps at which both formats give the same most likely token of those that the frame position allows."""
    nll: NDArray[np.float64]
    """Negative log-likelihood of the true tokens under the reference, over the audio ids, in nats."""
    other_nll: NDArray[np.float64]
    """The same under the other format."""


def compare_decoders(
    reference: SlotDecoder, other: SlotDecoder, prompt_ids: Sequence[Sequence[int]], takes: Sequence[Frames]
) -> Iterator[TeacherForced]:
    """Compares two decoders of the same token layout on takes; yields a result per take, in order.

    Takes are processed in batches of as many as both decoders have slots. prompts: token ids, one prompt per take.
    """
    n_slots = min(reference.n_slots, other.n_slots)
    for first in range(0, len(takes), n_slots):
        last = first + n_slots
        yield from _compare_batch(reference, other, prompt_ids[first:last], takes[first:last])


def _compare_batch(
    reference: SlotDecoder, other: SlotDecoder, prompt_ids: Sequence[Sequence[int]], takes: Sequence[Frames]
) -> Iterator[TeacherForced]:
    """Compares the decoders on one batch of takes."""
    layout = reference.layout
    tokens = [[*pack(frames, layout), layout.code_end] for frames in takes]
    sums = [
        TeacherForced(*(np.zeros(N_LEVELS, kind) for kind in (np.int64, float, np.int64, float, float))) for _ in takes
    ]
    for decoder in (reference, other):
        for slot, prompt in enumerate(prompt_ids):
            decoder.prefill(slot, prompt)
    for step in range(max(len(line) for line in tokens)):
        busy = [slot for slot, line in enumerate(tokens) if step < len(line)]
        ours, theirs = (log_softmax(logits_array(decoder)[busy]) for decoder in (reference, other))
        for at, slot in enumerate(busy):
            _add_step(sums[slot], step, tokens[slot][step], ours[at], theirs[at], layout)
        for decoder in (reference, other):
            given = np.full(decoder.n_slots, IDLE, np.int32)
            for slot in busy:
                if step + 1 < len(tokens[slot]):
                    given[slot] = tokens[slot][step]
            decoder.step(given)
    yield from sums


def _add_step(
    sums: TeacherForced, step: int, token: int, ours: NDArray[np.float64], theirs: NDArray[np.float64], layout: Layout
) -> None:
    """Adds one step to a take's sums. ours, theirs: log-probabilities of reference and other, shape (n_audio,)."""
    slot = step % CODES_PER_FRAME
    level = CODEBOOK_LEVELS[slot]
    sums.n_steps[level] += 1
    sums.kl_divergence[level] += float((np.exp(ours) * (ours - theirs)).sum())
    allowed = _allowed_columns(slot, layout)
    sums.n_agreed[level] += int(ours[allowed].argmax() == theirs[allowed].argmax())
    sums.nll[level] -= float(ours[token - layout.code_end])
    sums.other_nll[level] -= float(theirs[token - layout.code_end])


def _allowed_columns(slot: int, layout: Layout) -> NDArray[np.int64]:
    """Columns of the logits that are allowed at a position of a frame: its codes, and CODE_END at the first."""
    first = layout.first_column + slot * layout.codebook_size
    codes = np.arange(first, first + layout.codebook_size)
    return np.concatenate([[0], codes]) if slot == 0 else codes


def logits_array(decoder: SlotDecoder) -> Logits:
    """A copy of the decoder's logits as a float32 NumPy array, shape (n_slots, n_audio)."""
    logits: Any = decoder.logits
    if not isinstance(logits, np.ndarray):
        logits = logits.detach().float().cpu().numpy()
    return np.array(logits, np.float32)


def log_softmax(logits: Logits) -> NDArray[np.float64]:
    """Log-softmax of each row, in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    result: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))
    return result


def forced_logits(
    decoder: SlotDecoder, slot: int, prompt: Sequence[int], frames: Frames, neighbours: Sequence[Sequence[int]] = ()
) -> Logits:
    """Logits of a slot while it is fed a take's codes, shape (n_tokens + 1, n_audio).

    neighbours: prompts for the slots after it, cyclically; these are then fed the same codes.
    """
    decoder.prefill(slot, prompt)
    beside = [(slot + 1 + at) % decoder.n_slots for at in range(min(len(neighbours), decoder.n_slots - 1))]
    for other, theirs in zip(beside, neighbours, strict=False):
        decoder.prefill(other, theirs)
    found = [logits_array(decoder)[slot]]
    for token in pack(frames, decoder.layout):
        given = np.full(decoder.n_slots, IDLE, np.int32)
        given[[slot, *beside]] = token
        decoder.step(given)
        found.append(logits_array(decoder)[slot])
    return np.stack(found)
