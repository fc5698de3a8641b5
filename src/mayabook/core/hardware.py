"""GPUs, free memory and CPU threads of this machine."""

import os
import shutil
import subprocess
from dataclasses import dataclass

import psutil

THREAD_BYTES = 32 << 20
"""Bytes of weights for each CPU thread: with less work than this, a further thread costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU; memory in bytes."""

    name: str
    total: int
    free: int


def gpus() -> list[Gpu]:
    """NVIDIA GPUs as nvidia-smi lists them, whether the installed libraries can use them or not; empty if there is
    none. Of several, those that CUDA_VISIBLE_DEVICES names."""
    tool, visible = shutil.which("nvidia-smi"), os.environ.get("CUDA_VISIBLE_DEVICES")
    if tool is None or visible == "":
        return []
    query = [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    if visible is not None and not visible.startswith("MIG-"):  # parts of a GPU, which this query does not know
        query.append(f"--id={visible}")
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return []
    return parse_gpus(answer)


def parse_gpus(answer: str) -> list[Gpu]:
    """Parses lines of name, total and free MiB, separated by commas."""
    found = []
    for line in answer.splitlines():
        name, *numbers = (part.strip() for part in line.rsplit(",", 2))
        if len(numbers) == 2 and all(number.isdigit() for number in numbers):
            found.append(Gpu(name, *(int(number) << 20 for number in numbers)))
    return found


def free_memory() -> int:
    """Bytes that a program may take without swapping."""
    return int(psutil.virtual_memory().available)


def decoding_threads(weight_bytes: int) -> int:
    """CPU threads for decoding with a model of that size, at most one per core.

    The threads wait for each other in every layer of a step. With a small model, waiting is most of the time: while the
    checks compete for the cores, it decodes many times slower with two threads than with one.
    """
    return max(1, min(os.cpu_count() or 1, weight_bytes // THREAD_BYTES))
