"""Checkpoints with 4-bit weights in the format of compressed-tensors, and what they must be unpacked to.

They are packed here with NumPy, so that the library's unpacking is compared with other code than its own.
"""

import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tests.tiny_models import edit_json

GROUP = 128
"""Weights of a row that share a scale."""


def quantisation_config(bits: int = 4, kind: str = "int") -> dict[str, object]:
    """`quantization_config` in config.json."""
    scheme = {
        "targets": ["Linear"],
        "weights": {"num_bits": bits, "type": kind, "symmetric": True, "strategy": "group", "group_size": GROUP},
        "format": "pack-quantized",
    }
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "config_groups": {"group_0": scheme},
        "ignore": ["lm_head"],
    }


def pack_checkpoint(source: Path, folder: Path) -> Path:
    """Writes `source` with its matrices rounded to 4 bits and packed; returns the folder."""
    _copy_without_weights(source, folder)
    tensors: dict[str, np.ndarray] = {}
    for name, weight in load_file(source / "model.safetensors").items():
        if not _is_packed(name):
            tensors[name] = weight
            continue
        numbers, scales = _rounded(weight)
        nibbles = (numbers + 8).astype(np.uint32).reshape(len(weight), -1, 8)
        packed = (nibbles << (4 * np.arange(8, dtype=np.uint32))).sum(axis=2, dtype=np.uint32)
        tensors |= {
            f"{name}_packed": packed.view(np.int32),
            f"{name}_scale": scales,
            f"{name}_shape": np.array(weight.shape, np.int64),
        }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    edit_json(folder / "config.json", quantization_config=quantisation_config())
    return folder


def round_checkpoint(source: Path, folder: Path) -> Path:
    """Writes `source` with the same rounding as plain weights; returns the folder."""
    _copy_without_weights(source, folder)
    tensors = load_file(source / "model.safetensors")
    for name, weight in tensors.items():
        if _is_packed(name):
            numbers, scales = _rounded(weight)
            tensors[name] = (numbers.reshape(*scales.shape, GROUP) * scales[..., None]).reshape(weight.shape)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def _rounded(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers from -8 to 7, and the scale of each group."""
    groups = weight.reshape(len(weight), -1, GROUP)
    scales = (np.abs(groups).max(axis=2) / 7).astype(np.float32)
    return np.clip(np.rint(groups / scales[..., None]), -8, 7).reshape(weight.shape).astype(np.float32), scales


def _is_packed(name: str) -> bool:
    return name.endswith("_proj.weight")


def _copy_without_weights(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors"))
