"""What the training loops share: device, checkpoints, learning rate schedule, logging and clean interruption."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from mayabook.core.errors import ModelError
from mayabook.core.files import atomic_write

SAVE_SECONDS = 600.0
"""Seconds between checkpoints."""
LOG_SECONDS = 30.0
"""Seconds between lines of figures."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The device that training runs on."""

    device: torch.device
    """CPU or GPU."""
    compiled: bool
    """Whether to use torch.compile."""

    @classmethod
    def choose(cls, device: str, threads: int = 0, *, compile_: bool = False) -> "Machine":
        if threads:
            torch.set_num_threads(threads)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.allow_tf32 = True
        return cls(torch.device(device), compile_)

    def autocast(self) -> AbstractContextManager[object]:
        """Context that computes in bfloat16 on a GPU, and in float32 on a CPU."""
        return torch.autocast("cuda", torch.bfloat16) if self.device.type == "cuda" else nullcontext()

    def compile(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(function) if self.compiled else function


class Stop:
    """Signal handler: SIGTERM or Ctrl-C asks the loop to save and end; a second one raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def stoppable() -> Iterator[Stop]:
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Timer:
    """Tells when an interval has passed."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, time.monotonic()

    def due(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


class Means:
    """Means of figures since they were last printed."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._started = time.monotonic()

    def add(self, **figures: torch.Tensor | float) -> None:
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)
            self._counts[name] = self._counts.get(name, 0) + 1

    def describe(self) -> str:
        seconds = time.monotonic() - self._started
        steps = max(self._counts.values(), default=0)
        parts = [f"{name} {total / self._counts[name]:.4f}" for name, total in self._sums.items()]
        self.__init__()  # type: ignore[misc]
        return ", ".join([*parts, f"{seconds / max(1, steps):.2f} s a step"])


def save(file: Path, state: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as temporary:
        torch.save(state, temporary)


def load(file: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Loads a checkpoint. Raises ModelError if it is missing or damaged."""
    try:
        state: dict[str, Any] = torch.load(file, map_location=device, weights_only=True)
    except Exception as error:  # unpickling damaged bytes may raise anything
        raise ModelError(f"{file} cannot be loaded ({type(error).__name__}); run the stage before again.") from error
    return state


def learning_rate(step: int, steps: int, peak: float, warm_up: int = 200, cool_down: float = 0.3) -> float:
    """Learning rate of a step: warm-up, constant, then linear decay to a fiftieth over the last share of steps."""
    rising = min(1.0, (step + 1) / min(warm_up, max(1, steps // 4)))
    falling = min(1.0, (steps - step) / max(1.0, cool_down * steps))
    return peak * rising * max(0.02, falling)
