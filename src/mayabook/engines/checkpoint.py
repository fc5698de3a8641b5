"""A Llama checkpoint folder as transformers reads it: what its config and the headers of its weights say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from mayabook.core.errors import ModelError
from mayabook.maya.checkpoint_files import StoredTensor, read_json, stored_tensors, weight_files
from mayabook.maya.token_layout import LAYOUT_FILE

DType = Literal["auto", "float32", "float16", "bfloat16"]
Quantisation = Literal["none", "nf4", "nf4-double", "fp4", "fp4-double"]

ITEM_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
_BITS = {"double": 4 + 8 / 64 + 32 / (64 * 256), "single": 4 + 32 / 64}
"""Bits of a weight with bitsandbytes: blocks of 64 share a float32 scale, or a byte whose blocks of 256 share one."""
_SCALED_BY_LENGTH = ("dynamic", "longrope")
"""Rope variants that transformers rescales by the longest text of the batch."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """config: of config.json. tensors: by name. files: the weights'."""

    folder: Path
    config: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]
    files: Sequence[Path]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises ModelError for a folder that is missing, incomplete, damaged or of another architecture."""
        if not folder.is_dir():
            raise ModelError(f"There is no model folder {folder}; see `mayabook models list`.")
        config = read_json(folder / "config.json")
        kind = config.get("model_type")
        if kind != "llama":
            raise ModelError(f"{folder} is a model of type {kind!r}, not a Llama; choose a Maya1 model with --model.")
        files = weight_files(folder)
        tensors = {name: stored for file in files for name, stored in stored_tensors(file).items()}
        checkpoint = cls(folder, config, tensors, files)
        checkpoint._check_numbers()
        return checkpoint

    def _check_numbers(self) -> None:
        file = self.folder / "config.json"
        for name in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads"):
            if not isinstance(self.config.get(name), int) or self.config[name] < 1:
                raise ModelError(f"{file} gives no {name}; bring the file anew.")
        rope = self.config.get("rope_parameters") or self.config.get("rope_scaling") or {}
        kind = rope.get("rope_type", rope.get("type"))
        if kind in _SCALED_BY_LENGTH:
            raise ModelError(
                f"{file} asks for rope scaling {kind!r}, with which a chunk would depend on its neighbours; "
                "choose another model with --model."
            )

    @property
    def vocab_size(self) -> int:
        return int(self.config["vocab_size"])

    @property
    def n_layers(self) -> int:
        return int(self.config["num_hidden_layers"])

    @property
    def n_kv_heads(self) -> int:
        return int(self.config.get("num_key_value_heads") or self.config["num_attention_heads"])

    @property
    def head_dim(self) -> int:
        return int(self.config.get("head_dim") or self.config["hidden_size"] // self.config["num_attention_heads"])

    @property
    def quantised_by(self) -> str | None:
        """The method that the checkpoint was quantised with before it came here (`gptq`), None for a plain one."""
        own = self.config.get("quantization_config")
        return str(own.get("quant_method", "its maker")) if isinstance(own, Mapping) else None

    def identifying(self) -> list[Path]:
        """The files that logits and prompts depend on."""
        names = ("config.json", "tokenizer.json", "tokenizer/tokenizer.json", LAYOUT_FILE)
        return [*self.files, *(self.folder / name for name in names if (self.folder / name).is_file())]

    def kv_bytes(self, n_context: int, dtype: str) -> int:
        """Bytes of key-value cache for one slot."""
        return 2 * self.n_layers * self.n_kv_heads * self.head_dim * n_context * ITEM_BYTES[dtype]

    def weight_bytes(self, dtype: str, quantisation: Quantisation) -> int:
        """Bytes of the weights once loaded. bitsandbytes quantises the layers' matrices, not embedding and head."""
        if self.quantised_by:
            return sum(stored.n_bytes for stored in self.tensors.values())
        bits = 8.0 * ITEM_BYTES[dtype]
        quantised = bits if quantisation == "none" else _BITS["double" if quantisation.endswith("double") else "single"]
        total = 0.0
        for name, stored in self.tensors.items():
            in_layer = name.startswith("model.layers.") and len(stored.shape) == 2
            total += stored.size * (quantised if in_layer else bits) / 8
        return round(total)
