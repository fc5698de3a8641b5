"""How many slots a machine can hold."""

from dataclasses import dataclass

from mayabook.core.errors import EngineError

WIDTHS = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""Slot counts that are chosen by themselves; matrix kernels like these."""
SPARE = 1 << 30
"""Bytes left for the recogniser, the codec and everyone else."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes. weights: of the loaded model. per_slot: key-value cache and logits of one slot."""

    weights: int
    per_slot: int


def choose_slots(asked: int, free: int, need: MemoryNeed, most: int) -> tuple[int, str]:
    """Slots to open, and a line for a person where they are fewer than asked for.

    asked: 0 takes as many as fit, `most` at most. free: bytes. Raises EngineError where not even one fits.
    """
    room = free - SPARE - need.weights
    fit = max(0, room // need.per_slot)
    if fit < 1:
        short = need.weights + need.per_slot + SPARE
        raise EngineError(
            f"This model needs {short / 1e9:.1f} GB with one slot, and {free / 1e9:.1f} GB are free; "
            "use a smaller format (`mayabook models quantize`), a shorter --context, or free some memory."
        )
    if asked:
        slots = min(asked, fit)
        note = "" if slots == asked else f"{asked} slots do not fit into {free / 1e9:.1f} GB: using {slots}."
        return slots, note
    return next(width for width in WIDTHS if width <= min(fit, most)), ""
