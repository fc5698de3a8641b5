"""Decoding with llama.cpp through its C API: one sequence per slot, each with its own stream of the KV cache.

Every step computes all rows: the logits of a row change with the number of rows, because matrix kernels differ, but at
a fixed number of rows they do not depend on the other rows.
"""

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import EngineError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.hardware import decoding_threads
from mayabook.engines.slot_decoder import IDLE, Logits
from mayabook.maya.tag_tokens import TagEntry
from mayabook.models.gguf_formats import format_name
from mayabook.models.gguf_metadata import check_metadata
from mayabook.models.llama_api import LlamaVocabulary, load_model, messages, metadata, reason

KvType = Literal["f16", "f32", "q8_0"]
FlashAttention = Literal["auto", "on", "off"]

_KV_TYPES = {"f32": 0, "f16": 1, "q8_0": 8}
"""ggml's numbers of these types."""
_KV_BYTES = {"f32": 4.0, "f16": 2.0, "q8_0": 34 / 32}
_UBATCH = 512
"""Prompt tokens that are computed at once."""


class GgufDecoder:
    """Implements `SlotDecoder` on a GGUF file. Not thread-safe."""

    def __init__(
        self,
        file: Path,
        n_slots: int = 1,
        n_context: int = 4096,
        *,
        gpu_layers: int = -1,
        flash_attention: FlashAttention = "auto",
        kv_type: KvType = "f16",
        n_threads: int = 0,
        tags: Sequence[TagEntry] | None = None,
    ) -> None:
        """gpu_layers: layers to put on a GPU, -1 for all. n_threads: CPU threads; 0 lets the size of the
        model decide. tags: emotion tags with the flags of tokenizer.json, None for those that the file carries.

        Raises ModelError for files that cannot be used, EngineError where memory does not suffice.
        """
        self.n_slots, self.n_context = n_slots, -(-n_context // 256) * 256
        self._n_rows = n_rows(n_slots)
        self._context: Any = None
        self._memory: Any = None
        self._batch: Any = None
        self._model, said = load_model(file, gpu_layers=gpu_layers)
        try:
            self.tokenizer = LlamaVocabulary(self._model, tags)
            self.layout = check_metadata(self._model, self.tokenizer, file)
            offloaded = re.search(r"offloaded (\d+)/(\d+) layers", said)
            self.gpu_layers = int(offloaded.group(1)) if offloaded else 0
            """Layers that llama.cpp says are on a GPU, the output layer included."""
            self.n_layers = int(llama_cpp.llama_model_n_layer(self._model)) + 1
            self.format = format_name(int(llama_cpp.llama_model_ftype(self._model))) or "GGUF"
            flash = self._flash_attention(flash_attention, kv_type)
            self._open(flash, kv_type, n_threads or decoding_threads(file.stat().st_size))
        except BaseException:
            self.close()
            raise
        place = "CPU" if not self.gpu_layers else f"GPU ({self.gpu_layers} of {self.n_layers} layers)"
        self.device = f"{place}, {self.format}"
        weights, build = fingerprint([file]), f"llama.cpp {llama_cpp.__version__} {place}"
        self.identity = f"gguf {weights} slots {n_slots} kv {kv_type}"
        self.platform = f"{build} flash attention {flash}"
        self.former_identity = f"gguf {weights} {build} slots {n_slots} kv {kv_type} flash {flash}"
        self._logits = np.zeros((n_slots, self.layout.n_audio), np.float32)
        self._lengths = np.zeros(self._n_rows, np.int64)
        self._shared: tuple[tuple[int, ...], ctypes.Array[ctypes.c_uint8]] = (), (ctypes.c_uint8 * 0)()
        """Tokens that the last prompts began with, and the state of a slot after them."""

    def _flash_attention(self, wanted: FlashAttention, kv_type: KvType) -> int:
        """`auto` leaves it off on a CPU: there it is slower the longer the take (less than half the speed of plain
        attention after 800 tokens), and with one row its sums depend on the number of threads. A quantised cache needs
        it."""
        if wanted == "auto":
            wanted = "on" if self.gpu_layers or kv_type == "q8_0" else "off"
        names = {"on": llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED, "off": llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED}
        return int(names[wanted])

    def _open(self, flash: int, kv_type: KvType, n_threads: int) -> None:
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = self.n_context * self._n_rows
        parameters.n_batch = self.n_context
        parameters.n_ubatch = max(_UBATCH, self._n_rows)
        parameters.n_seq_max = self._n_rows
        parameters.n_outputs_max = self._n_rows
        parameters.n_threads = parameters.n_threads_batch = n_threads
        parameters.flash_attn_type = flash
        parameters.type_k = parameters.type_v = _KV_TYPES[kv_type]
        parameters.kv_unified = False
        parameters.no_perf = True
        with messages() as said:
            self._context = llama_cpp.llama_init_from_model(self._model, parameters)
            text = said()
        if not self._context:
            raise EngineError(
                f"llama.cpp cannot open {self.n_slots} slots of {self.n_context} tokens ({reason(text)}); "
                "use fewer with --slots, or a shorter --context."
            )
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(max(self.n_context, self._n_rows), 0, 1)

    @property
    def logits(self) -> Logits:
        return self._logits

    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        if not 0 < len(prompt) < self.n_context:
            raise EngineError(
                f"The prompt has {len(prompt)} tokens and a slot holds {self.n_context}; "
                "shorten the voice's description, or give a larger --context."
            )
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        if n_shared:
            self._begin_with(slot, tuple(prompt[:n_shared]))
        self._append(slot, prompt[n_shared:], n_shared)
        self._logits[slot] = self._rows(1)[0]
        self._lengths[slot] = len(prompt)

    def _begin_with(self, slot: int, tokens: tuple[int, ...]) -> None:
        """Fills an empty slot with the keys and values of these tokens, which are kept for the next call."""
        known, state = self._shared
        if tokens == known:
            done = llama_cpp.llama_state_seq_set_data(self._context, state, len(state), slot)
        else:
            self._append(slot, tokens, 0)
            state = (ctypes.c_uint8 * llama_cpp.llama_state_seq_get_size(self._context, slot))()
            done = llama_cpp.llama_state_seq_get_data(self._context, state, len(state), slot)
        if done != len(state):
            raise EngineError(f"llama.cpp could not copy a slot's cache on {self.device}; run the same command again.")
        self._shared = tokens, state

    def _append(self, slot: int, tokens: Sequence[int], first: int) -> None:
        """Computes tokens of a prompt at the positions from `first` on; logits are those of the last."""
        for at, token in enumerate(tokens):
            self._add_to_batch(at, token, first + at, slot, needs_logits=at == len(tokens) - 1)
        self._decode(len(tokens))

    def step(self, tokens: NDArray[np.int32]) -> None:
        for slot, token in enumerate(tokens.tolist() + [IDLE] * (self._n_rows - self.n_slots)):
            if token == IDLE:  # a row of its own all the same, that sees nothing but itself
                llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
                self._lengths[slot] = 0
                token = self.layout.pad
            self._add_to_batch(slot, token, int(self._lengths[slot]), slot, needs_logits=True)
        self._lengths += 1
        self._decode(self._n_rows)
        self._logits[:] = self._rows(self._n_rows)[: self.n_slots]

    def _add_to_batch(self, at: int, token: int, position: int, slot: int, *, needs_logits: bool) -> None:
        batch = self._batch
        batch.token[at] = token
        batch.pos[at] = position
        batch.n_seq_id[at] = 1
        batch.seq_id[at][0] = slot
        batch.logits[at] = needs_logits

    def _decode(self, n_tokens: int) -> None:
        self._batch.n_tokens = n_tokens
        status = llama_cpp.llama_decode(self._context, self._batch)
        if status:
            raise EngineError(
                f"llama.cpp could not decode (status {status}) on {self.device}; "
                "run the same command again, with fewer --slots if memory is short."
            )

    def _rows(self, n_rows: int) -> NDArray[np.float32]:
        """The audio columns of the last decode's logits, a view into llama.cpp's buffer."""
        pointer = llama_cpp.llama_get_logits(self._context)
        address = ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float))
        whole = np.ctypeslib.as_array(address, (n_rows, self.layout.vocab_size))
        return whole[:, self.layout.code_end : self.layout.last_code + 1]

    def close(self) -> None:
        if self._batch is not None:
            llama_cpp.llama_batch_free(self._batch)
        if self._context:
            llama_cpp.llama_free(self._context)
        if self._model:
            llama_cpp.llama_model_free(self._model)
        self._batch = self._context = self._model = None


def n_rows(n_slots: int) -> int:
    """Rows that are computed for so many slots: a multiple of four from four on. The CPU's matrix kernels take rows in
    fours, and compute a remainder with sums in another order."""
    return n_slots if n_slots < 4 else -(-n_slots // 4) * 4


def kv_bytes_per_slot(file: Path, n_context: int, kv_type: KvType = "f16") -> int:
    """Bytes of KV cache for one slot."""
    model, _ = load_model(file, vocab_only=True)
    try:
        numbers = [int(metadata(model, f"llama.{name}") or 0) for name in ("block_count", "attention.head_count_kv")]
        head = int(metadata(model, "llama.attention.key_length") or 0)
        if not head:
            width, heads = (
                int(metadata(model, f"llama.{n}") or 1) for n in ("embedding_length", "attention.head_count")
            )
            head = width // heads
    finally:
        llama_cpp.llama_model_free(model)
    return round(2 * numbers[0] * numbers[1] * head * n_context * _KV_BYTES[kv_type])
