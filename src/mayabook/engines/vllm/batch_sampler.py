"""Draws tokens inside vLLM: MayaBook's sampler behind the interface of vLLM's logits processors.

vLLM moves requests between the rows of its batch and tells its logits processors about it; a take keeps one slot of the
sampler from its first token to its last. The token is drawn here, with the take's own seed, and every other logit of
the row becomes -inf, so that vLLM's greedy choice is that token. So the stages, the order of the ids and the uniform
numbers are those of the other engines, and the traces are of the raw logits.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch

from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.scheduler import DecodingRequest, TokenSampler
from mayabook.engines.torch_sampler import TorchSampler
from mayabook.maya.token_layout import Layout


class BatchUpdate(Protocol):
    """`vllm.v1.sample.logits_processor.BatchUpdate`: changes of the rows, to be made in this order."""

    @property
    def removed(self) -> Sequence[int]: ...

    @property
    def added(self) -> Sequence[tuple[int, Any, Any, Any]]:
        """Row, sampling parameters, prompt, generated tokens."""
        ...

    @property
    def moved(self) -> Sequence[tuple[int, int, Any]]:
        """From row, to row, and an enum that says whether the two change places (SWAP)."""
        ...


def extra_args(key: str, request: DecodingRequest) -> dict[str, Any]:
    """The part of a request's sampling parameters that vLLM passes on to `BatchSampler`."""
    return {
        "key": key,
        "seed": request.request.seed,
        "settings": request.settings.as_sampling(),
        "n_tokens": request.n_tokens,
    }


class Draw(NamedTuple):
    """The token of a take at one step."""

    key: str
    token: int
    trace: tuple[float, float, float, float]
    """As in `Codes`, in the order of its fields."""
    is_finite: bool
    """False where the logits held NaN or infinity; the token means nothing then."""


class BatchSampler:
    """Keeps a slot of a `TokenSampler` for each take, whichever row it is in."""

    def __init__(self, layout: Layout, n_slots: int, device: torch.device) -> None:
        self._layout = layout
        on_cpu = device.type == "cpu"
        self._sampler: TokenSampler = Sampler(layout, n_slots) if on_cpu else TorchSampler(layout, n_slots, device)
        self._logits = torch.zeros((n_slots, layout.n_audio), dtype=torch.float32, device=device)
        self._view: Any = self._logits.numpy() if on_cpu else self._logits
        self._free = list(range(n_slots))
        self._slots: dict[str, int] = {}
        self._rows: dict[int, str] = {}
        self.draws: list[Draw] = []
        """Of the last step."""

    def update_state(self, update: BatchUpdate | None) -> None:
        if update is None:
            return
        for row in update.removed:
            self._rows.pop(row, None)
        for row, params, prompt, _ in update.added:
            self._rows[row] = self._start(prompt, **params.extra_args)
        for origin, target, direction in update.moved:
            moving, staying = self._rows.pop(origin, None), self._rows.pop(target, None)
            if moving is not None:
                self._rows[target] = moving
            if staying is not None and direction.name == "SWAP":
                self._rows[origin] = staying

    def _start(self, prompt: Sequence[int], key: str, seed: int, settings: Mapping[str, Any], n_tokens: int) -> str:
        """Gives a take a slot. A take that vLLM had preempted returns with the same key, and keeps its slot."""
        if key not in self._slots:
            self._slots[key] = slot = self._free.pop()
            self._sampler.start(slot, SamplerSettings.of(settings), seed, prompt, n_tokens)
        return key

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """logits: shape (n_rows, vocabulary). Leaves one finite logit in each row, that of the token drawn."""
        if not self._rows:
            return logits
        rows = list(self._rows)
        slots = [self._slots[self._rows[row]] for row in rows]
        columns = slice(self._layout.code_end, self._layout.last_code + 1)
        self._logits[slots] = logits[rows, columns].float()
        drawn = self._sampler.draw(self._view, slots)
        logits.fill_(-torch.inf)
        logits[rows, drawn.tokens.tolist()] = 0
        traces = zip(
            *(each.tolist() for each in (drawn.log_probability, drawn.entropy, drawn.removed, drawn.end_probability)),
            strict=True,
        )
        self.draws = [
            Draw(self._rows[row], token, trace, finite)
            for row, token, trace, finite in zip(
                rows, drawn.tokens.tolist(), traces, drawn.finite.tolist(), strict=True
            )
        ]
        return logits

    def finish(self, key: str) -> None:
        """Frees the slot of a take that has ended or was abandoned."""
        if key in self._slots:
            self._free.append(self._slots.pop(key))
