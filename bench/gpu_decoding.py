"""Decoding speed of the transformers engine on a GPU, with a model of Maya1's shape (3.3B) and random weights.

    python bench/gpu_decoding.py                    bf16, NF4 and FP8, with 1 to 256 batch rows; 12 minutes at most
    python bench/gpu_decoding.py --shape tiny       the same with a tiny model, as a smoke test

It times bare decoding steps of the whole batch (CUDA graphs on a GPU), and then whole takes with MayaBook's sampler,
which is the speed of a book. Each figure is written to the output file as soon as it is measured. A format whose
library is not installed, or that the device does not support, gets a row that says so. The model is written once, in
build/bench.
"""

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from mayabook.core.errors import MayaBookError
from mayabook.core.take import TakeRequest
from mayabook.engines.checkpoint import DType, Quantisation
from mayabook.engines.devices import choose_device, computes_fp8, device_name
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.scheduler import DecodingRequest, SlotScheduler, TokenSampler
from mayabook.engines.torch_sampler import TorchSampler
from mayabook.engines.transformers_decoder import TransformersDecoder
from mayabook.maya.token_layout import CODES_PER_FRAME, LAYOUT_FILE, TOKENS_PER_SECOND, Layout
from mayabook.models.llama_config import LlamaConfig
from tests.tiny_models import SMALL, Shape, config_of, write_tokenizer

ROOT = Path(__file__).parent.parent
SHAPES = {
    "maya1": (Shape(hidden=3072, n_layers=28, n_heads=24, n_kv_heads=8, head_dim=128, ffn=8192), Layout()),
    "tiny": (Shape(), SMALL),
}
FORMATS: dict[str, tuple[DType, Quantisation]] = {
    "bf16": ("bfloat16", "none"),
    "NF4": ("bfloat16", "nf4"),
    "FP8": ("bfloat16", "none"),
}
N_SLOTS = (1, 4, 16, 64, 128, 256)
CONTEXT = 1024
PROMPT_TOKENS = 120
STEPS, WARM_UP_STEPS = 64, 8
FRAMES_OF_A_TAKE = 24
FP8_MAX = float(torch.finfo(torch.float8_e4m3fn).max)


def write_model(folder: Path, shape: Shape, layout: Layout, *, fp8: bool) -> Path:
    """A checkpoint with random weights in bfloat16, or with the matrices of its layers in FP8."""
    if (folder / "model.safetensors").is_file():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_tokenizer(folder, layout)
    (folder / LAYOUT_FILE).write_text(layout.to_json())
    config = config_of(shape, layout)
    (folder / "config.json").write_text(json.dumps(config))
    shapes = LlamaConfig.read(folder).tensor_shapes()
    generator = torch.Generator(choose_device("auto")).manual_seed(0)
    tensors: dict[str, torch.Tensor] = {}
    for name, dimensions in shapes.items():
        if len(dimensions) == 1:
            tensors[name] = torch.ones(dimensions, dtype=torch.bfloat16)
            continue
        weight = torch.randn(dimensions, generator=generator, device=generator.device) * shape.scale
        if fp8 and name.startswith("model.layers."):
            scale = weight.abs().amax(dim=1, keepdim=True) / FP8_MAX
            tensors[name] = (weight / scale).to(torch.float8_e4m3fn).cpu()
            tensors[name.replace(".weight", ".weight_scale")] = scale.to(torch.bfloat16).cpu()
        else:
            tensors[name] = weight.to(torch.bfloat16).cpu()
    if fp8:
        (folder / "config.json").write_text(json.dumps({**config, "quantization_config": _fp8_config()}))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def _fp8_config() -> dict[str, Any]:
    """`quantization_config` of W8A8 with a scale for each row of the weights and for each token."""
    number = {"num_bits": 8, "type": "float", "symmetric": True}
    scheme = {
        "targets": ["Linear"],
        "weights": {**number, "strategy": "channel", "dynamic": False},
        "input_activations": {**number, "strategy": "token", "dynamic": True},
        "format": "float-quantized",
    }
    return {
        "quant_method": "compressed-tensors",
        "format": "float-quantized",
        "quantization_status": "compressed",
        "config_groups": {"group_0": scheme},
        "ignore": ["lm_head"],
    }


def measure_steps(decoder: TransformersDecoder) -> float:
    """Tokens per second of decoding steps of the whole batch, without sampling."""
    prompt = list(range(PROMPT_TOKENS))
    for slot in range(decoder.n_slots):
        decoder.prefill(slot, prompt, PROMPT_TOKENS - 1 if slot else 0)
    tokens = np.full(decoder.n_slots, decoder.layout.first_code, np.int32)
    for _ in range(WARM_UP_STEPS):
        decoder.step(tokens)
    _synchronise(decoder)
    started = time.perf_counter()
    for _ in range(STEPS):
        decoder.step(tokens)
    _synchronise(decoder)
    return decoder.n_slots * STEPS / (time.perf_counter() - started)


def measure_takes(decoder: TransformersDecoder) -> float:
    """Tokens per second of takes, two for each slot, prompts and sampler included."""
    device = decoder.logits.device
    sampler: TokenSampler = (
        Sampler(decoder.layout, decoder.n_slots)
        if device.type == "cpu"
        else TorchSampler(decoder.layout, decoder.n_slots, device)
    )
    n_tokens = FRAMES_OF_A_TAKE * CODES_PER_FRAME
    settings = SamplerSettings(min_tokens=n_tokens, max_tokens=n_tokens)
    prompt = list(range(PROMPT_TOKENS))
    requests = [
        DecodingRequest(TakeRequest(str(seed), "", "", seed), prompt, settings, n_tokens)
        for seed in range(2 * decoder.n_slots)
    ]
    started = time.perf_counter()
    total = sum(take.codes.frames.size for take in SlotScheduler(decoder, sampler).run(requests) if take is not None)
    return total / (time.perf_counter() - started)


def _synchronise(decoder: TransformersDecoder) -> None:
    if decoder.logits.device.type == "cuda":
        torch.cuda.synchronize()


def rows(
    folder: Path, formats: list[str], widths: list[int], shape_name: str, deadline: float
) -> Iterator[dict[str, Any]]:
    """A row for each format and number of slots, until the deadline (`time.monotonic`)."""
    shape, layout = SHAPES[shape_name]
    device = choose_device("auto")
    for name in formats:
        facts: dict[str, Any] = {"device": device_name(device), "shape": shape_name, "format": name}
        if name == "FP8" and not computes_fp8(device):
            yield {**facts, "error": f"{device_name(device)} does not compute FP8"}
            continue
        checkpoint = write_model(
            folder / f"{shape_name}-{'fp8' if name == 'FP8' else 'bf16'}", shape, layout, fp8=name == "FP8"
        )
        for n_slots in widths:
            if time.monotonic() > deadline:
                yield {**facts, "slots": n_slots, "error": "out of time"}
                return
            try:
                yield {**facts, "slots": n_slots, **_measured(checkpoint, name, n_slots)}
            except (MayaBookError, ImportError, torch.OutOfMemoryError) as error:
                yield {**facts, "slots": n_slots, "error": str(error).splitlines()[0]}
                if not isinstance(error, torch.OutOfMemoryError):
                    break


def _measured(checkpoint: Path, name: str, n_slots: int) -> dict[str, float]:
    dtype, quantisation = FORMATS[name]
    decoder = TransformersDecoder(checkpoint, n_slots, CONTEXT, dtype=dtype, quantisation=quantisation)
    try:
        steps, takes = measure_steps(decoder), measure_takes(decoder)
        return {
            "step tokens/s": round(steps),
            "take tokens/s": round(takes),
            "x real time": round(takes / TOKENS_PER_SECOND, 1),
            "GB": round(torch.cuda.max_memory_allocated() / 1e9, 1) if torch.cuda.is_available() else 0.0,
        }
    finally:
        decoder.close()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="maya1")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--slots", nargs="+", type=int, default=list(N_SLOTS), help="batch rows")
    parser.add_argument("--minutes", type=float, default=11, help="no new measurement begins after this time")
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu_decoding.jsonl"))
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    with options.output.open("a") as output:
        for row in rows(ROOT / "build" / "bench", options.formats, options.slots, options.shape, deadline):
            line = json.dumps(row)
            print(line, file=output, flush=True)
            print(line, flush=True)


if __name__ == "__main__":
    main()
