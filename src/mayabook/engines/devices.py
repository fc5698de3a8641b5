"""Chooses the device and the dtype that PyTorch computes with."""

from typing import Literal

import torch

from mayabook.core.errors import EngineError
from mayabook.engines.checkpoint import DType

Device = Literal["auto", "cpu", "cuda"]

_AMPERE = (8, 0)
"""First CUDA compute capability with native bfloat16; earlier devices emulate it."""
_ADA = (8, 9)
"""First CUDA compute capability with FP8: RTX 40, L4, H100."""


def choose_device(wanted: Device) -> torch.device:
    """CUDA if it is available, unless the CPU is wanted. Raises EngineError where CUDA is wanted and not available."""
    if wanted == "cuda" and not torch.cuda.is_available():
        built = "this PyTorch sees no GPU" if torch.version.cuda else "this PyTorch is built for the CPU"
        raise EngineError(f"CUDA was asked for, but {built}; use --device cpu, or install PyTorch with CUDA.")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def native_dtypes(device: torch.device | str) -> tuple[str, ...]:
    """Names of the dtypes that the device has instructions for."""
    device = torch.device(device)
    if device.type == "cuda":
        newer = torch.cuda.get_device_capability(device) >= _AMPERE
        return ("float32", "float16", "bfloat16") if newer else ("float32", "float16")
    can = torch.cpu.get_capabilities()
    names = {"float16": ("avx512_fp16", "amx_fp16", "fp16_arith"), "bfloat16": ("avx512_bf16", "amx_bf16", "bf16")}
    return ("float32", *(name for name, any_of in names.items() if any(can.get(flag) for flag in any_of)))


def computes_fp8(device: torch.device) -> bool:
    """Whether the device multiplies FP8 numbers."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= _ADA


def choose_dtype(wanted: DType, device: torch.device) -> str:
    """The dtype that is wanted; for `auto` float32 on a CPU, bfloat16 on a GPU that has it natively, else float16."""
    if wanted != "auto":
        return wanted
    if device.type == "cpu":
        return "float32"
    return "bfloat16" if "bfloat16" in native_dtypes(device) else "float16"


def device_name(device: torch.device) -> str:
    """Name of the device, for a person."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def kernels(device: torch.device) -> str:
    """What the rounding of sums depends on: the GPU; on a CPU its vector instructions and the number of threads."""
    if device.type == "cuda":
        return device_name(device)
    formats = "+".join(native_dtypes(device))
    return f"cpu {torch.backends.cpu.get_cpu_capability()} {formats} {torch.get_num_threads()} threads"
