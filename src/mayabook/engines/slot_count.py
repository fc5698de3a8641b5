"""How many slots (rows of the batch) fit into memory."""

from dataclasses import dataclass

from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import EngineError

WIDTHS = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""Numbers of slots that are chosen automatically: matrix kernels are fastest at powers of two."""
SPARE = 1 << 30
"""Bytes that stay free for the recogniser, the codec and other programs."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Memory that a model needs, in bytes."""

    weights: int
    """Of the loaded weights."""
    per_slot: int
    """Of the KV cache and the logits of one slot."""


def slots_that_fit(free: int, need: MemoryNeed) -> int:
    """How many slots fit into `free` bytes of memory beside the weights."""
    return max(0, (free - SPARE - need.weights) // need.per_slot)


def choose_slots(asked: int, free: int, need: MemoryNeed, most: int) -> tuple[int, str]:
    """The number of slots to open, and a note for a person where it is smaller than the number asked for.

    asked: number of slots; 0 for as many as fit. free: bytes of free memory. most: the largest number that is chosen
    automatically. Raises EngineError where not even one slot fits.
    """
    fit = slots_that_fit(free, need)
    if fit < 1:
        short = need.weights + need.per_slot + SPARE
        raise EngineError(
            f"This model needs {format_bytes(short)} with one slot, and {format_bytes(free)} are free; "
            "use a smaller format (`mayabook models quantize`), a shorter --context, or free some memory."
        )
    if asked:
        slots = min(asked, fit)
        note = "" if slots == asked else f"{asked} slots do not fit into {format_bytes(free)} of memory: using {slots}."
        return slots, note
    return next(width for width in WIDTHS if width <= min(fit, most)), ""
