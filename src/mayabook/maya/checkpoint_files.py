"""Reads the files of a checkpoint folder: JSON, and the headers of safetensors files.

The format: eight bytes of length, so many bytes of JSON (name -> dtype, shape, begin and end), then the data.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mayabook.core.errors import ModelError

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a safetensors file, whose values are not read."""

    file: Path
    dtype: str
    """As the file names it, `BF16`."""
    shape: tuple[int, ...]
    offset: int
    """Byte of the file at which the values begin."""
    n_bytes: int
    """Bytes of the values."""

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)


def read_json(file: Path) -> dict[str, Any]:
    """Raises ModelError where the file is missing or holds no JSON object."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{file.parent} has no readable {file.name}; copy the whole model folder.") from error
    except ValueError as error:
        raise ModelError(f"{file} is damaged ({error}); get the file again.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{file} is damaged (no JSON object); get the file again.")
    return values


def weight_files(checkpoint: Path) -> list[Path]:
    """The safetensors files of a checkpoint: its index names them. Raises ModelError for a missing one."""
    index = checkpoint / INDEX_FILE
    if index.is_file():
        shards = read_json(index).get("weight_map")
        if not isinstance(shards, dict):
            raise ModelError(f"{index} lists no weights; get the file again.")
        names = sorted(set(shards.values()))
        missing = [name for name in names if not (checkpoint / name).is_file()]
        if missing:
            raise ModelError(f"{checkpoint} lacks {', '.join(missing)}; copy the missing files.")
        return [checkpoint / name for name in names]
    if not (checkpoint / WEIGHTS_FILE).is_file():
        raise ModelError(f"{checkpoint} has no weights ({WEIGHTS_FILE}); copy the whole model folder.")
    return [checkpoint / WEIGHTS_FILE]


def stored_tensors(file: Path) -> dict[str, StoredTensor]:
    """The tensors of a safetensors file by name. Raises ModelError for one that is damaged or cut short."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        text = opened.read(length) if 0 < length <= size - 8 else b""
    begin = 8 + length
    try:
        entries: dict[str, Any] = json.loads(text)
        entries.pop("__metadata__", None)
        tensors = {name: _tensor(file, begin, entry) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ModelError(f"{file} is damaged or not a safetensors file; get the file again.") from error
    end = max((tensor.offset + tensor.n_bytes for tensor in tensors.values()), default=begin)
    if size < end:
        raise ModelError(f"{file} is cut short at {size:,} of {end:,} bytes; get the file again.")
    return tensors


def _tensor(file: Path, begin: int, entry: dict[str, Any]) -> StoredTensor:
    first, last = entry["data_offsets"]
    return StoredTensor(file, entry["dtype"], tuple(entry["shape"]), begin + first, last - first)
