"""What a back end of Maya1 provides: a language model that decodes a fixed number of batch rows, the slots."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mayabook.maya.token_layout import Layout

Logits = NDArray[np.float32]
"""Raw logits of the audio ids (`Layout.code_end` to `Layout.last_code`), shape (n_slots, n_audio)."""

IDLE = -1
"""Given in place of a token for a slot without a take."""


class SlotDecoder(Protocol):
    """A model that decodes all its slots at once. A slot is a batch row with a KV cache of its own.

    The logits of a slot depend on the tokens of that slot alone, bit for bit: not on its number, not on the other
    slots, not on the take that was in it before.
    """

    layout: Layout
    """Token ids of the model."""
    n_slots: int
    """Rows of the batch."""
    n_context: int
    """Most tokens in a slot, prompt included."""
    identity: str
    """The model as `Engine.identity` needs it: fingerprint, weight format, dtype, number of slots."""
    platform: str
    """As `Engine.platform`: versions of libraries, device, threads."""
    device: str
    """Device and dtype, for a person: `CPU, Q4_K_M`."""

    @property
    def logits(self) -> Any:
        """One row per slot, from the slot's last prefill or step; the same array throughout.

        `Logits`, or a torch tensor of that shape on the decoder's device: the sampler takes the same kind.
        """
        ...

    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        """Empties the slot, computes the KV cache of the prompt apart from other slots, and writes the slot's row of
        `logits`.

        n_shared: length of the prefix that many prompts share. It is prefilled once, by itself, and its KV cache is
        copied as long as further prompts begin with it. So logits depend on n_shared, by rounding, but not on the
        prompts before this one.
        """
        ...

    def step(self, tokens: NDArray[np.int32]) -> None:
        """Appends one token to each slot and writes all rows of `logits`.

        tokens: shape (n_slots,), IDLE for a slot without a take. Idle rows are computed too, so that shapes never
        change.
        """
        ...

    def close(self) -> None: ...
