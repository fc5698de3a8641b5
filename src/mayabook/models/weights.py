"""The tensors of a checkpoint, read in place from its safetensors files, whatever their number and precision.

The format: eight bytes of length, so many bytes of JSON (name -> dtype, shape, begin and end), then the data.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.models.config import LlamaConfig, read_json

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
_STORED: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}
"""What numpy reads a dtype as; it has no bf16, which is the upper half of an fp32."""
_BLOCK = 1 << 24
"""Elements that are widened at once: 64 MiB of fp32."""
_BUFFERS = "rotary_emb.inv_freq"
"""Older checkpoints store what follows from config.json."""


@dataclass(frozen=True, slots=True)
class Tensor:
    file: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int
    """Byte of the file at which the data begins."""

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The values in order, as flat fp32 arrays of some million elements."""
        stored = np.memmap(self.file, _STORED[self.dtype], "r", self.offset, (self.size,))
        for start in range(0, self.size, _BLOCK):
            part = stored[start : start + _BLOCK]
            if self.dtype == "BF16":
                yield (part.astype(np.uint32) << 16).view(np.float32)
            else:
                yield part.astype(np.float32)


class Weights:
    """Raises ModelError where a file is missing, cut short or damaged."""

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.files = weight_files(checkpoint)
        self.tensors = {name: tensor for file in self.files for name, tensor in _read_header(file).items()}

    def check(self, config: LlamaConfig) -> None:
        """Raises ModelError unless the tensors are those that config.json promises."""
        wanted = config.tensor_shapes()
        for name, shape in wanted.items():
            tensor = self.tensors.get(name)
            if tensor is None:
                raise ModelError(f"{self.checkpoint} has no tensor {name}; bring the whole model folder anew.")
            if tensor.shape != shape:
                raise ModelError(
                    f"Tensor {name} of {self.checkpoint} has the shape {tensor.shape} where config.json says {shape}: "
                    "they do not belong together; bring both from the same place."
                )
            if tensor.dtype not in _STORED:
                raise ModelError(
                    f"Tensor {name} of {self.checkpoint} is {tensor.dtype}; bring the model in bf16, fp16 or fp32."
                )
        strange = [
            name
            for name in self.tensors
            if name not in wanted
            and not name.endswith(_BUFFERS)
            and not (config.tied_head and name == "lm_head.weight")
        ]
        if strange:
            raise ModelError(f"{self.checkpoint} has a tensor no Llama has ({strange[0]}); choose a Maya1 model.")


def weight_files(checkpoint: Path) -> list[Path]:
    """The safetensors files of a checkpoint: its index names them. Raises ModelError for a missing one."""
    index = checkpoint / INDEX_FILE
    if index.is_file():
        names = sorted(set(read_json(index).get("weight_map", {}).values()))
        missing = [name for name in names if not (checkpoint / name).is_file()]
        if missing:
            raise ModelError(f"{checkpoint} lacks {', '.join(missing)}; bring the missing files.")
        return [checkpoint / name for name in names]
    if not (checkpoint / WEIGHTS_FILE).is_file():
        raise ModelError(f"{checkpoint} has no weights ({WEIGHTS_FILE}); bring the whole model folder.")
    return [checkpoint / WEIGHTS_FILE]


def _read_header(file: Path) -> dict[str, Tensor]:
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        text = opened.read(length) if 0 < length <= size - 8 else b""
    try:
        entries: dict[str, Any] = json.loads(text)
        entries.pop("__metadata__", None)
        begin = 8 + length
        ends = [begin + entry["data_offsets"][1] for entry in entries.values()]
        tensors = {
            name: Tensor(file, entry["dtype"], tuple(entry["shape"]), begin + entry["data_offsets"][0])
            for name, entry in entries.items()
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{file} is damaged or no safetensors file; bring the file anew.") from error
    if size < max(ends, default=begin):
        raise ModelError(f"{file} is cut short at {size:,} of {max(ends):,} bytes; bring the file anew.")
    return tensors
