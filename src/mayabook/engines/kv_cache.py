"""A static KV cache for transformers: the keys and values of all slots in one preallocated tensor for each layer."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache


class SlotCache(Cache):
    """keys, values: one tensor a layer, shape (n_slots, n_kv_heads, n_context, head_dim).

    It has two modes. After `prefill_slot(slot, first)`, tokens of batch size 1 are stored in the slot's row from
    position `first` on, and attend to each other and to what stands before them. After `append_at(positions, n_kv)`,
    one token of every row is stored at that row's position, and the first n_kv positions of all rows are attended; the
    attention mask says which of them a row has.
    """

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        n_layers: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        super().__init__(layers=[])
        self.keys = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(n_layers)]
        self.values = [torch.zeros(shape, dtype=dtype, device=device) for _ in range(n_layers)]
        self._rows = torch.arange(shape[0], device=device)
        self._slot: int | None = None
        self._first = 0
        self._positions = torch.zeros_like(self._rows)
        self._n_kv = 0

    def prefill_slot(self, slot: int, first: int = 0) -> None:
        self._slot, self._first = slot, first

    def append_at(self, positions: torch.Tensor, n_kv: int) -> None:
        """positions: shape (n_slots,)."""
        self._slot, self._positions, self._n_kv = None, positions, n_kv

    def clear(self, slot: int, n_positions: int) -> None:
        """Zeroes the first positions of a slot: a masked position is multiplied by zero, and zero times NaN is NaN."""
        for tensor in (*self.keys, *self.values):
            tensor[slot, :, :n_positions].zero_()

    def copy(self, slot: int, n_positions: int) -> list[torch.Tensor]:
        """Copies of the first positions of a slot, for `paste`."""
        return [tensor[slot, :, :n_positions].clone() for tensor in (*self.keys, *self.values)]

    def paste(self, slot: int, copies: Sequence[torch.Tensor]) -> None:
        """Writes copies that `copy` made to the first positions of a slot."""
        for tensor, part in zip((*self.keys, *self.values), copies, strict=True):
            tensor[slot, :, : part.shape[1]] = part

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """key_states, value_states: shape (batch, n_kv_heads, n_tokens, head_dim)."""
        keys, values = self.keys[layer_idx], self.values[layer_idx]
        if self._slot is not None:
            first, end = self._first, self._first + key_states.shape[2]
            keys[self._slot, :, first:end] = key_states[0]
            values[self._slot, :, first:end] = value_states[0]
            if not first:
                return key_states, value_states
            return keys[None, self._slot, :, :end], values[None, self._slot, :, :end]
        keys[self._rows, :, self._positions] = key_states[:, :, 0]
        values[self._rows, :, self._positions] = value_states[:, :, 0]
        return keys[:, :, : self._n_kv], values[:, :, : self._n_kv]
