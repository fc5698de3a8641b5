"""A Llama checkpoint folder as transformers loads it: its config, its tensors, and the memory they take."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from mayabook.core.errors import ModelError
from mayabook.maya.token_layout import LAYOUT_FILE
from mayabook.models import checkpoint_formats
from mayabook.models.checkpoint_tensors import Weights
from mayabook.models.llama_config import CONFIG_FILE, LlamaConfig

DType = Literal["auto", "float32", "float16", "bfloat16"]
Quantisation = Literal["none", "nf4", "nf4-double", "fp4", "fp4-double"]

ITEM_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_BITS = {"double": 4 + 8 / 64 + 32 / (64 * 256), "single": 4 + 32 / 64}
"""Bits of a weight with bitsandbytes: blocks of 64 share a float32 scale, or a byte whose blocks of 256 share one."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the headers of a checkpoint say; no weight is read."""

    folder: Path
    config: LlamaConfig
    weights: Weights

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises ModelError for a folder that is missing, incomplete, damaged or of another architecture."""
        if not folder.is_dir():
            raise ModelError(f"There is no model folder {folder}; list the models with `mayabook models list`.")
        return cls(folder, LlamaConfig.read(folder), Weights(folder))

    @property
    def is_unpacked_by_loading(self) -> bool:
        """Whether packed weights become full ones when they are loaded: transformers computes with packed weights of
        compressed-tensors in FP8 only."""
        return self.config.quantised_by == checkpoint_formats.METHOD and not self.config.is_fp8

    def identifying(self) -> list[Path]:
        """The files that logits and prompts depend on."""
        names = (CONFIG_FILE, "tokenizer.json", "tokenizer/tokenizer.json", LAYOUT_FILE)
        return [*self.weights.files, *(self.folder / name for name in names if (self.folder / name).is_file())]

    def kv_bytes(self, n_context: int, dtype: str) -> int:
        """Bytes of KV cache for one slot."""
        config = self.config
        return 2 * config.n_layers * config.n_kv_heads * config.head_dim * n_context * ITEM_BYTES[dtype]

    def weight_bytes(self, dtype: str, quantisation: Quantisation) -> int:
        """Bytes of the weights in memory. bitsandbytes quantises the layers' matrices, not embedding and head."""
        tensors = self.weights.tensors
        if self.is_unpacked_by_loading:
            return sum(math.prod(shape) for shape in self.config.tensor_shapes().values()) * ITEM_BYTES[dtype]
        if self.config.quantised_by:
            return sum(stored.n_bytes for stored in tensors.values())
        bits = 8.0 * ITEM_BYTES[dtype]
        quantised = bits if quantisation == "none" else _BITS["double" if quantisation.endswith("double") else "single"]
        total = 0.0
        for name, stored in tensors.items():
            in_layer = name.startswith("model.layers.") and len(stored.shape) == 2
            total += stored.size * (quantised if in_layer else bits) / 8
        return round(total)
