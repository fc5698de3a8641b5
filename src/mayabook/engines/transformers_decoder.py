"""Decoding with transformers: its Llama, a KV cache with one row per slot, and only the audio rows of its head.

Every step computes all rows and every prompt is prefilled alone, so that the shapes, which choose the kernels, never
depend on other slots. Attention covers as much of the cache as the longest slot needs. Positions beyond the end of a
shorter slot are masked, weigh nothing and are added last: on a CPU, PyTorch's attention gives a row the same bits
whatever the span, and on a GPU the span is always the whole cache.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import EngineError, ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.engines.checkpoint import Checkpoint, DType, Quantisation
from mayabook.engines.slot_decoder import IDLE
from mayabook.maya.token_layout import Layout
from mayabook.maya.tokenizer import CheckpointTokenizer

try:
    import torch
    import transformers
    from torch.nn import functional
except ImportError as error:
    raise EngineError(f"{error.name} is not installed; run: pip install 'mayabook[transformers]'") from error

from mayabook.core.hardware import decoding_threads
from mayabook.engines.devices import Device, choose_device, choose_dtype, device_name, kernels, native_dtypes
from mayabook.engines.kv_cache import SlotCache
from mayabook.engines.model_loading import computes_in_bfloat16, explain_memory, load_model, require_memory

_FLOATS = (torch.float32, torch.float16, torch.bfloat16)
_SPAN = 256
"""On a CPU, attention covers a multiple of this many positions."""


class TransformersDecoder:
    """Implements `SlotDecoder` on a checkpoint folder. Not thread-safe."""

    def __init__(
        self,
        checkpoint: Path,
        n_slots: int = 1,
        n_context: int = 4096,
        *,
        dtype: DType = "auto",
        quantisation: Quantisation = "none",
        device: Device = "auto",
    ) -> None:
        """dtype: of weights, arithmetic and cache; of quantised layers, the arithmetic's. A checkpoint that is already
        quantised keeps its own quantisation.

        Raises ModelError for files that cannot be used, EngineError where the device, a library or memory is lacking.
        """
        self.n_slots, self.n_context = n_slots, -(-n_context // _SPAN) * _SPAN
        read = Checkpoint.read(checkpoint)
        self.layout = Layout.read(checkpoint)
        self.tokenizer = CheckpointTokenizer(checkpoint)
        self.layout.check(self.tokenizer, str(checkpoint))
        if read.config.vocab_size < max(self.tokenizer.vocab_size, self.layout.last_code + 1):
            raise ModelError(
                f"{checkpoint} has weights for {read.config.vocab_size:,} tokens and a tokenizer of "
                f"{self.tokenizer.vocab_size:,}: they do not belong together; take both from the same place."
            )
        self._device = choose_device(device)
        chosen = choose_dtype(dtype, self._device)
        if self._device.type == "cpu":  # of the whole process: PyTorch has no threads for a model
            torch.set_num_threads(decoding_threads(read.weight_bytes(chosen, quantisation)))
        self.model = load_model(read, chosen, quantisation, self._device)
        """The whole model, for `reference_generate`."""
        self._head = self._audio_head(read)
        self._dtype = self._head.dtype
        self._open_cache(read, chosen)
        self.logits = torch.zeros((n_slots, self.layout.n_audio), dtype=torch.float32, device=self._device)
        """One row per slot, shape (n_slots, n_audio); the same tensor throughout."""
        self._tokens = torch.zeros((n_slots, 1), dtype=torch.int64, device=self._device)
        self._positions = torch.zeros(n_slots, dtype=torch.int64, device=self._device)
        self._columns = torch.arange(self.n_context, device=self._device)
        self._seen, self._unseen = torch.tensor([0.0, -torch.inf], dtype=self._dtype, device=self._device)
        self._lengths = np.zeros(n_slots, np.int64)
        self._written = np.zeros(n_slots, np.int64)
        self._shared: tuple[tuple[int, ...], list[torch.Tensor]] = (), []
        """Tokens that the last prompts began with, and their keys and values."""
        self._graph: Callable[[], None] | None = None
        self._describe(read, quantisation)

    def _audio_head(self, read: Checkpoint) -> torch.Tensor:
        """The head's rows of the audio ids, a view of its weight."""
        weight = getattr(self.model.get_output_embeddings(), "weight", None)
        if weight is None or weight.dtype not in _FLOATS:
            raise ModelError(
                f"The head of {read.folder} is quantised by {read.config.quantised_by}, so its audio rows cannot be "
                "taken out; choose another model with --model."
            )
        rows: torch.Tensor = weight.detach()[self.layout.code_end : self.layout.last_code + 1]
        return rows

    def _open_cache(self, read: Checkpoint, dtype: str) -> None:
        require_memory(read, dtype, self.n_slots, self.n_context, self._device)
        shape = (self.n_slots, read.config.n_kv_heads, self.n_context, read.config.head_dim)
        with explain_memory(f"{self.n_slots} slots of {self.n_context} tokens"):
            self._cache = SlotCache(shape, read.config.n_layers, self._dtype, self._device)

    def _describe(self, read: Checkpoint, quantisation: Quantisation) -> None:
        number = str(self._dtype).removeprefix("torch.")
        own = read.config.quantised_by
        weights = f"{own} (its own)" if own else number if quantisation == "none" else quantisation
        self.device = f"{device_name(self._device)}, {weights}"
        computed = "bfloat16" if computes_in_bfloat16(self.model) and self._device.type == "cpu" else number
        notes = [f"weights in {weights}, computed in {computed}; head and cache in {number}"]
        if read.is_unpacked_by_loading:
            memory = format_bytes(read.weight_bytes(number, "none"))
            notes.append(
                f"transformers unpacks these weights to {number}: they take {memory} of memory and are no faster than "
                "plain ones"
            )
        if own and quantisation != "none":
            notes.append(f"this checkpoint is already quantised by {own}; --quantisation {quantisation} is ignored")
        if number not in native_dtypes(self._device):
            notes.append(f"{device_name(self._device)} does not compute {number} natively; --dtype auto is faster")
        self.notes = tuple(notes)
        checkpoint, slots = fingerprint(read.identifying()), f"slots {self.n_slots}"
        quantised = [weights] if weights != number else []
        versions = [f"torch {torch.__version__}", f"transformers {transformers.__version__}"]
        used = (own or "bitsandbytes") if quantised else ""
        library = [f"{used} {version(used)}"] if used in ("bitsandbytes", "compressed-tensors") else []
        self.identity = " ".join(["transformers", checkpoint, number, *quantised, slots])
        self.platform = " ".join([*versions, *library, kernels(self._device)])
        self.former_identity = " ".join(
            ["transformers", checkpoint, number, *versions, *quantised, *library, kernels(self._device), slots]
        )

    @torch.inference_mode()
    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        n_tokens = len(prompt)
        if not 0 < n_tokens < self.n_context:
            raise EngineError(
                f"The prompt has {n_tokens} tokens and a slot holds {self.n_context}; "
                "shorten the voice's description, or give a larger --context."
            )
        self._cache.clear(slot, int(self._written[slot]))
        if n_shared:
            self._begin_with(slot, tuple(prompt[:n_shared]))
        hidden = self._append(slot, prompt[n_shared:], n_shared)
        self.logits[slot] = functional.linear(hidden[:, -1], self._head)[0]
        self._lengths[slot] = self._written[slot] = n_tokens

    def _begin_with(self, slot: int, tokens: tuple[int, ...]) -> None:
        """Fills an empty slot with the keys and values of these tokens, which are kept for the next call."""
        known, copies = self._shared
        if tokens == known:
            self._cache.paste(slot, copies)
        else:
            self._append(slot, tokens, 0)
            self._shared = tokens, self._cache.copy(slot, len(tokens))

    def _append(self, slot: int, tokens: Sequence[int], first: int) -> torch.Tensor:
        """Computes tokens of a prompt at the positions from `first` on; returns their hidden states as `_body` does."""
        self._cache.prefill_slot(slot, first)
        places = self._columns[: first + len(tokens)]
        own = places[first:]
        return self._body(torch.tensor([list(tokens)], device=self._device), own[None], own[:, None] >= places)

    @torch.inference_mode()
    def step(self, tokens: NDArray[np.int32]) -> None:
        busy = tokens != IDLE
        self._lengths[~busy] = 0  # a row of its own all the same, that sees nothing but itself
        longest = int(self._lengths.max()) + 1
        if longest > self.n_context:
            raise EngineError(f"A slot of {self.n_context} tokens is full; give a larger --context, or a lower cap.")
        self._tokens[:, 0] = torch.from_numpy(np.where(busy, tokens, self.layout.pad))
        self._positions.copy_(torch.from_numpy(self._lengths))
        if self._device.type == "cuda":
            self._replay()
        else:
            self._advance(-(-longest // _SPAN) * _SPAN)
        self._written = np.maximum(self._written, self._lengths + 1)
        self._lengths += busy

    def _advance(self, n_kv: int) -> None:
        """Appends `_tokens` at `_positions` and writes `logits`."""
        self._cache.append_at(self._positions, n_kv)
        positions = self._positions[:, None]
        hidden = self._body(self._tokens, positions, (self._columns[:n_kv] <= positions)[:, None])
        self.logits.copy_(functional.linear(hidden[:, 0], self._head))

    def _replay(self) -> None:
        """Runs the step as a CUDA graph, which is captured once, after a warm-up in which libraries allocate their
        buffers."""
        if self._graph is None:
            aside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
            aside.wait_stream(torch.cuda.current_stream(self._device))
            with torch.cuda.stream(aside):
                self._advance(self.n_context)
            torch.cuda.current_stream(self._device).wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._advance(self.n_context)
            self._graph = graph.replay
        self._graph()

    def _body(self, tokens: torch.Tensor, positions: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Last hidden states, shape (batch, n_tokens, hidden).

        seen: which keys each token attends to, shape (batch, n_tokens, n_kv) or (n_tokens, n_kv).
        """
        mask = torch.where(seen, self._seen, self._unseen)
        output: Any = self.model.model(
            input_ids=tokens,
            attention_mask=mask.view(-1, 1, *mask.shape[-2:]),
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
        )
        hidden: torch.Tensor = output.last_hidden_state
        return hidden

    def close(self) -> None:
        """Frees weights and cache; the decoder cannot be used afterwards."""
        self._graph = None
        for name in ("model", "_head", "_cache", "_shared"):
            self.__dict__.pop(name, None)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def weight_bytes(
    checkpoint: Path, dtype: DType = "auto", quantisation: Quantisation = "none", device: Device = "auto"
) -> int:
    """Bytes of the weights in memory."""
    return Checkpoint.read(checkpoint).weight_bytes(choose_dtype(dtype, choose_device(device)), quantisation)


def kv_bytes_per_slot(checkpoint: Path, n_context: int, dtype: DType = "auto", device: Device = "auto") -> int:
    """Bytes of KV cache for one slot."""
    return Checkpoint.read(checkpoint).kv_bytes(n_context, choose_dtype(dtype, choose_device(device)))
