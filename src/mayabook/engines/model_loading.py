"""Loads a checkpoint with transformers; every failure becomes an error of one line."""

import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch
import transformers
from transformers.utils import logging as reports

from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import EngineError, ModelError
from mayabook.core.hardware import free_memory
from mayabook.engines.checkpoint import Checkpoint, Quantisation
from mayabook.engines.devices import computes_fp8, device_name

_METHODS = {
    "compressed-tensors": ("compressed_tensors",),
    "bitsandbytes": ("bitsandbytes", "accelerate"),
    "gptq": ("gptqmodel", "optimum"),
    "awq": ("gptqmodel", "accelerate"),
}
"""Quantisation method of a checkpoint -> the packages that loading it needs."""
_IN_NO_EXTRA = ("gptqmodel", "optimum")
"""Those of them that no extra of MayaBook installs: GPTQModel needs a newer PyTorch than the rest."""


def load_model(read: Checkpoint, dtype: str, quantisation: Quantisation, device: torch.device) -> Any:
    """A LlamaForCausalLM for inference. Raises EngineError where memory or a library is lacking, ModelError where the
    checkpoint does not hold every weight."""
    if read.config.quantised_by:
        quantisation = "none"
        _require_method(read, dtype, device)
    needed, free = read.weight_bytes(dtype, quantisation), free_on(device)
    if needed > free:
        raise EngineError(
            f"The model takes {format_bytes(needed)} in {dtype if quantisation == 'none' else quantisation} and "
            f"{format_bytes(free)} are free; {_smaller(read, dtype, quantisation, free)}"
        )
    with explain_memory("The model"), _quietly():
        options = _quantisation_options(read, quantisation, dtype)
        try:
            loaded: Any = transformers.LlamaForCausalLM.from_pretrained(
                str(read.folder),
                dtype=getattr(torch, dtype),
                attn_implementation="sdpa",
                device_map={"": str(device)},
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # reported below
                **options,
            )
        except ImportError as error:
            raise EngineError(
                f"{read.folder} is quantised by {read.config.quantised_by or quantisation}, which needs a library that "
                f"is not installed ({_line(error)}); install it, or choose another model with --model."
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"transformers cannot load {read.folder} ({_line(error)}); get the model again."
            ) from error
    model, report = loaded
    missing = sorted(report["missing_keys"]) + sorted(str(name) for name, *_ in report["mismatched_keys"])
    if missing:
        raise ModelError(
            f"{read.folder} lacks {len(missing)} of the model's tensors, {missing[0]} for one; get the model again."
        )
    return model.eval()


def computes_in_bfloat16(model: Any) -> bool:
    """Whether bitsandbytes computes this model's layers in bfloat16 on a CPU whatever dtype is set, as it does on CPUs
    with AVX512_BF16."""
    return any(getattr(module, "support_avx512bf16_for_cpu", False) for module in model.modules())


def require_memory(read: Checkpoint, dtype: str, n_slots: int, n_context: int, device: torch.device) -> None:
    """Raises EngineError that names the number that fits, where the KV cache of so many slots exceeds free memory."""
    each, free = read.kv_bytes(n_context, dtype), free_on(device)
    if each * n_slots <= free:
        return
    fits = f"{free // each} would fit with --slots" if free >= each else "not one fits: give a smaller --context"
    raise EngineError(
        f"{n_slots} slots of {n_context} tokens take {format_bytes(each * n_slots)} in {dtype} and "
        f"{format_bytes(free)} are free; {fits}."
    )


def free_on(device: torch.device) -> int:
    """Free memory of the device, in bytes."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else free_memory()


@contextmanager
def explain_memory(what: str) -> Iterator[None]:
    """Turns out-of-memory errors inside the block into EngineError. what: the thing that does not fit."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _full(what) from error
    except RuntimeError as error:  # PyTorch's allocator for CPUs
        if "can't allocate memory" not in str(error):
            raise
        raise _full(what) from error


def _full(what: str) -> EngineError:
    return EngineError(
        f"{what} did not fit into memory; use fewer --slots, a shorter --context or --quantisation nf4-double."
    )


def _smaller(read: Checkpoint, dtype: str, quantisation: Quantisation, free: int) -> str:
    """Advice on what would fit."""
    ways: list[tuple[str, Quantisation, str]] = [("float16", "none", "--dtype float16"), (dtype, "nf4-double", "")]
    for number, method, option in ways:
        needed = read.weight_bytes(number, method)
        is_plain = not read.config.quantised_by or read.is_unpacked_by_loading
        if is_plain and needed <= free and (number, method) != (dtype, quantisation):
            return f"{option or f'--quantisation {method}'} takes {format_bytes(needed)}."
    return "close other programs, or choose a smaller model with --model."


def _require_method(read: Checkpoint, dtype: str, device: torch.device) -> None:
    """Raises EngineError unless a checkpoint that is quantised already can be loaded and computed with here."""
    method = read.config.quantised_by
    if method not in _METHODS:
        raise EngineError(
            f"{read.folder} is quantised by {method!r}, which is not supported (known: {', '.join(_METHODS)}); choose "
            "another model with --model."
        )
    absent = [package for package in _METHODS[method] if find_spec(package) is None]
    if absent:
        install = dict.fromkeys(name if name in _IN_NO_EXTRA else "'mayabook[transformers]'" for name in absent)
        raise EngineError(
            f"{read.folder} is quantised by {method}, which needs {' and '.join(absent)}, and "
            f"{'that is' if len(absent) == 1 else 'those are'} not installed; run: pip install {' '.join(install)}, or "
            "choose another model with --model."
        )
    if read.config.is_fp8 and not computes_fp8(device):
        raise EngineError(
            f"{read.folder} is in FP8, which {device_name(device)} does not compute (RTX 40, L4, H100 and later GPUs "
            "do); choose another --format, or leave it out."
        )
    if read.config.is_fp8 and dtype != "bfloat16":
        raise EngineError(f"{read.folder} is in FP8, which goes with bfloat16, not with {dtype}; leave out --dtype.")


def _quantisation_options(read: Checkpoint, quantisation: Quantisation, dtype: str) -> dict[str, Any]:
    """What transformers is told of the quantisation; nothing where config.json says all of it."""
    if read.config.is_fp8:
        return {"quantization_config": transformers.CompressedTensorsConfig(use_optimized_inference=True)}
    if read.is_unpacked_by_loading:
        return {"quantization_config": transformers.CompressedTensorsConfig(dequantize=True)}
    return {} if quantisation == "none" else {"quantization_config": _bitsandbytes(quantisation, dtype)}


def _bitsandbytes(quantisation: Quantisation, dtype: str) -> Any:
    for package in _METHODS["bitsandbytes"]:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise EngineError(
                f"{package} is not installed, and --quantisation needs it; run: pip install 'mayabook[transformers]'"
            ) from error
    return transformers.BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type=quantisation.removesuffix("-double"),
        bnb_4bit_use_double_quant=quantisation.endswith("-double"),
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Silences the progress bars, messages and warnings of transformers and bitsandbytes while they load."""
    loggers = [logging.getLogger(name) for name in ("transformers", "bitsandbytes")]
    levels, bars = [logger.level for logger in loggers], reports.is_progress_bar_enabled()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    reports.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            reports.enable_progress_bar()  # type: ignore[no-untyped-call]


def _line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
