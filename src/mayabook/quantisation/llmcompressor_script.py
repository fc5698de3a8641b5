"""Quantises a checkpoint with llmcompressor. Runs by itself in the tool environment `quantisation`, whose libraries
clash with MayaBook's: it imports nothing of MayaBook.

    python llmcompressor_script.py METHOD CHECKPOINT OUTPUT GROUP_SIZE [SEQUENCES]

METHOD: GPTQ, AWQ, RTN (plain round-to-nearest) or FP8. GROUP_SIZE: weights of a row that share a scale; FP8 has one
scale for each row and ignores it. SEQUENCES: an .npz file with `ids`, the token ids of all calibration sequences
joined, and `lengths`. Writes config.json and *.safetensors in the format of compressed-tensors to the folder OUTPUT.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from llmcompressor import oneshot
from llmcompressor.modifiers.gptq import GPTQModifier
from llmcompressor.modifiers.quantization import QuantizationModifier
from llmcompressor.modifiers.transform.awq import AWQModifier
from llmcompressor.pipelines.cache import IntermediatesCache
from torch.utils.data import DataLoader
from transformers import AutoModelForCausalLM

HEAD = ["lm_head"]
"""Left as it is: the engine takes the audio rows out of it."""


def recipe(method: str, group_size: int) -> list[Any]:
    """The modifiers of a method. GPTQ, AWQ and RTN give the same format, so that only the numbers differ."""
    if method == "FP8":
        return [QuantizationModifier(targets="Linear", scheme="FP8_DYNAMIC", ignore=HEAD)]
    weights = QuantizationArgs(
        num_bits=4, type="int", strategy="group", group_size=group_size, symmetric=True, observer="minmax"
    )
    groups = {"group_0": QuantizationScheme(targets=["Linear"], weights=weights)}
    if method == "GPTQ":
        return [GPTQModifier(config_groups=groups, ignore=HEAD)]
    rounding = QuantizationModifier(config_groups=groups, ignore=HEAD)
    return [AWQModifier(), rounding] if method == "AWQ" else [rounding]


def read_sequences(file: Path) -> list[dict[str, torch.Tensor]]:
    """The calibration sequences as batches of one."""
    with np.load(file) as arrays:
        sequences = np.split(arrays["ids"].astype(np.int64), np.cumsum(arrays["lengths"])[:-1])
    tensors = [torch.from_numpy(sequence)[None] for sequence in sequences]
    return [{"input_ids": ids, "attention_mask": torch.ones_like(ids)} for ids in tensors]


def work_around_pinning() -> None:
    """AWQ in llmcompressor 0.14.0.1 pins its activations in memory for copies to an accelerator, which fails where
    there is none ("Cannot access accelerator device when none is available"); there, nothing needs to be pinned."""
    if not torch.accelerator.is_available():
        IntermediatesCache.pin_memory = lambda self, batch_index, input_names=None: None


def main(arguments: Sequence[str]) -> None:
    method, checkpoint, output, group_size, *sequences = arguments
    work_around_pinning()
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype="auto")
    options: dict[str, Any] = {}
    if sequences:
        batches: Any = read_sequences(Path(sequences[0]))
        options = {
            "dataset": DataLoader(batches, batch_size=None, shuffle=False),
            "num_calibration_samples": len(batches),
        }
    oneshot(model=model, recipe=recipe(method, int(group_size)), **options)
    model.save_pretrained(output, save_compressed=True)


if __name__ == "__main__":
    main(sys.argv[1:])
