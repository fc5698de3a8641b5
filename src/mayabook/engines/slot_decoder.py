"""The smaller contract of engines that give logits: a model that decodes a fixed number of rows at once."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mayabook.maya.token_layout import Layout

Logits = NDArray[np.float32]
"""Raw logits of the audio ids (`Layout.code_end` to `Layout.last_code`), shape (n_slots, n_audio)."""

IDLE = -1
"""Stands for the token of a slot that has nothing to say."""


class SlotDecoder(Protocol):
    """Slots are rows of a batch, each with a key-value cache of its own.

    What a slot's logits are depends on the tokens of that slot alone: not on which slot it is, not on what the others
    hold, not on what was in it before.
    """

    layout: Layout
    n_slots: int
    n_context: int
    """Tokens, prompt included, that a slot can hold."""
    identity: str
    """Model fingerprint, weight format, dtype, versions and slot width: all that logits depend on besides tokens."""
    device: str
    """Device and dtype, for a person: `CPU, Q4_K_M`."""

    @property
    def logits(self) -> Any:
        """One row per slot, from the slot's last prefill or step; the same array throughout.

        `Logits`, or a torch tensor of that shape on the decoder's device: the sampler takes the same kind.
        """
        ...

    def prefill(self, slot: int, prompt: Sequence[int]) -> None:
        """Empties the slot, reads the prompt into it, apart from all other slots, and writes its row of `logits`."""
        ...

    def step(self, tokens: NDArray[np.int32]) -> None:
        """Appends one token to each slot, shape (n_slots,), IDLE for none, and writes the rows of `logits`.

        All rows are computed, whatever is idle, so that shapes never change.
        """
        ...

    def close(self) -> None: ...
