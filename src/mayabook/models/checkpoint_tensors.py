"""The tensors of a checkpoint, memory-mapped, in any number of files and any float format."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.maya.checkpoint_files import StoredTensor, stored_tensors, weight_files
from mayabook.models import checkpoint_formats
from mayabook.models.llama_config import LlamaConfig

_STORED: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}
"""NumPy dtype of each stored dtype. NumPy has no bf16: it is the upper half of an fp32."""
_BLOCK = 1 << 24
"""Elements that are converted to fp32 at once: 64 MiB."""
_BUFFERS = "rotary_emb.inv_freq"
"""Buffers that older checkpoints store although they follow from config.json."""


def blocks(tensor: StoredTensor) -> Iterator[NDArray[np.float32]]:
    """Yields the values in order, as flat fp32 arrays of at most `_BLOCK` elements."""
    stored = np.memmap(tensor.file, _STORED[tensor.dtype], "r", tensor.offset, (tensor.size,))
    for start in range(0, tensor.size, _BLOCK):
        part = stored[start : start + _BLOCK]
        if tensor.dtype == "BF16":
            yield (part.astype(np.uint32) << 16).view(np.float32)
        else:
            yield part.astype(np.float32)


class Weights:
    """The tensors of a checkpoint folder by name. Raises ModelError where a file is missing, cut short or damaged."""

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.files = weight_files(checkpoint)
        self.tensors = {name: tensor for file in self.files for name, tensor in stored_tensors(file).items()}

    def check(self, config: LlamaConfig) -> None:
        """Raises ModelError unless names, shapes and dtypes are those that config.json implies.

        Of weights that compressed-tensors packed, only the number of rows is compared; weights that another method
        quantised are not checked.
        """
        if config.quantised_by == checkpoint_formats.METHOD:
            self._check_packed(config)
        elif not config.quantised_by:
            self._check_plain(config)

    def _check_packed(self, config: LlamaConfig) -> None:
        for name, shape in config.tensor_shapes().items():
            tensor = self.tensors.get(name) or self.tensors.get(f"{name}_packed")
            scale = self.tensors.get(f"{name}_scale")
            if tensor is None or (name not in self.tensors and scale is None):
                raise ModelError(f"{self.checkpoint} has no tensor {name}, packed or not; quantise the model again.")
            found = tensor.shape if name in self.tensors else (tensor.shape[0], *shape[1:])
            if found != shape or (scale is not None and scale.shape[0] != shape[0]):
                raise ModelError(
                    f"Tensor {name} of {self.checkpoint} does not have the shape {shape} that config.json implies: "
                    "they do not belong together; quantise the model again."
                )

    def _check_plain(self, config: LlamaConfig) -> None:
        wanted = config.tensor_shapes()
        for name, shape in wanted.items():
            tensor = self.tensors.get(name)
            if tensor is None:
                raise ModelError(f"{self.checkpoint} has no tensor {name}; copy the whole model folder again.")
            if tensor.shape != shape:
                raise ModelError(
                    f"Tensor {name} of {self.checkpoint} has the shape {tensor.shape} where config.json says {shape}: "
                    "they do not belong together; take both from the same place."
                )
            if tensor.dtype not in _STORED:
                raise ModelError(
                    f"Tensor {name} of {self.checkpoint} is {tensor.dtype}; use the model in bf16, fp16 or fp32."
                )
        strange = [
            name
            for name in self.tensors
            if name not in wanted
            and not name.endswith(_BUFFERS)
            and not (config.tied_head and name == "lm_head.weight")
        ]
        if strange:
            raise ModelError(
                f"{self.checkpoint} has a tensor that is not part of a Llama ({strange[0]}); choose a Maya1 model."
            )
