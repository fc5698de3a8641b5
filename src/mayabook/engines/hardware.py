"""What this machine computes on."""

import shutil
import subprocess
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Gpu:
    """total, free: bytes."""

    name: str
    total: int
    free: int


def gpus() -> list[Gpu]:
    """NVIDIA GPUs by their driver's own tool, whatever the installed libraries can use; empty where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return []
    return parse_gpus(answer)


def parse_gpus(answer: str) -> list[Gpu]:
    """From lines of name, total and free MiB, separated by commas."""
    found = []
    for line in answer.splitlines():
        name, *numbers = (part.strip() for part in line.rsplit(",", 2))
        if len(numbers) == 2 and all(number.isdigit() for number in numbers):
            found.append(Gpu(name, *(int(number) << 20 for number in numbers)))
    return found


def free_memory() -> int:
    """Bytes that a program may take without swapping."""
    return int(psutil.virtual_memory().available)
