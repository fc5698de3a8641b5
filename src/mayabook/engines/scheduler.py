"""Continuous batching: keeps the slots of a decoder filled with takes until each has ended."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from mayabook.core.take import Codes, StopReason, TakeRequest
from mayabook.engines.loop_detection import LoopDetector
from mayabook.engines.sampler import DrawnTokens
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.slot_decoder import IDLE, SlotDecoder
from mayabook.maya.frames import unpack
from mayabook.maya.token_layout import CODES_PER_FRAME, Layout


class TokenSampler(Protocol):
    """What `Sampler` and `TorchSampler` have in common."""

    def start(self, slot: int, settings: SamplerSettings, seed: int, prompt: Sequence[int], n_tokens: int) -> None: ...
    def draw(self, logits: Any, slots: Sequence[int]) -> DrawnTokens: ...


@dataclass(frozen=True, slots=True)
class DecodingRequest:
    """A request in tokens."""

    request: TakeRequest
    prompt: Sequence[int]
    """Token ids."""
    settings: SamplerSettings
    n_tokens: int
    """The cap: most tokens of the take."""
    budget: int | None = None
    """Tokens after which the take is aborted as runaway speech, even below its cap; None to wait for the cap."""
    n_shared: int = 0
    """As in `SlotDecoder.prefill`."""


@dataclass(frozen=True, slots=True)
class SampledCodes:
    """The codes of a finished take."""

    request: TakeRequest
    codes: Codes
    stop: StopReason
    seconds: float
    """Wall time from its prefill to its end."""
    detail: str
    """As in `Take`."""


@dataclass(slots=True)
class _Sequence:
    """A take that is being generated in a slot."""

    request: DecodingRequest
    started: float
    tokens: list[int] = field(default_factory=list)
    traces: list[tuple[float, float, float, float]] = field(default_factory=list)
    loops: LoopDetector = field(default_factory=LoopDetector)


class SlotScheduler:
    """Generates as many takes at once as the decoder has slots; each is the same as if it were alone."""

    def __init__(self, decoder: SlotDecoder, sampler: TokenSampler) -> None:
        self._decoder, self._sampler = decoder, sampler

    def run(self, requests: Iterable[DecodingRequest]) -> Iterator[SampledCodes | None]:
        """Yields takes as they end, and None after each step, so that the caller can do other work.

        A slot is refilled as soon as its take ends; a request is consumed only when a slot is free.
        """
        decoder = self._decoder
        waiting = iter(requests)
        under_way: dict[int, _Sequence] = {}
        tokens = np.full(decoder.n_slots, IDLE, np.int32)
        while True:
            while fresh := self._refill(waiting, under_way):
                yield from self._draw(fresh, under_way, tokens)
            if not under_way:
                return
            decoder.step(tokens)
            yield from self._draw(list(under_way), under_way, tokens)
            yield None

    def _refill(self, waiting: Iterator[DecodingRequest], under_way: dict[int, _Sequence]) -> list[int]:
        """Prefills the free slots with new takes; returns these slots, whose first tokens must be drawn next."""
        fresh = []
        for slot in range(self._decoder.n_slots):
            if slot in under_way:
                continue
            new = next(waiting, None)
            if new is None:
                break
            under_way[slot] = _Sequence(new, time.perf_counter())
            self._decoder.prefill(slot, new.prompt, new.n_shared)
            self._sampler.start(slot, new.settings, new.request.seed, new.prompt, new.n_tokens)
            fresh.append(slot)
        return fresh

    def _draw(self, slots: Sequence[int], under_way: dict[int, _Sequence], tokens: Any) -> Iterator[SampledCodes]:
        """Draws a token for each of these slots; yields the takes that end with it."""
        layout = self._decoder.layout
        draw = self._sampler.draw(self._decoder.logits, slots)
        traces = np.stack([draw.log_probability, draw.entropy, draw.removed, draw.end_probability], axis=1).tolist()
        ended = []
        for at, (slot, token, finite) in enumerate(zip(slots, draw.tokens.tolist(), draw.finite.tolist(), strict=True)):
            take = under_way[slot]
            stop, detail = self._add(take, token, traces[at]) if finite else self._not_finite()
            tokens[slot] = token if stop is None else IDLE
            if stop is not None:
                del under_way[slot]
                ended.append(_sampled(take, stop, detail, layout))
        yield from ended

    def _not_finite(self) -> tuple[StopReason, str]:
        return StopReason.NOT_FINITE, f"the model's logits were not finite on {self._decoder.device}"

    def _add(
        self, take: _Sequence, token: int, trace: tuple[float, float, float, float]
    ) -> tuple[StopReason | None, str]:
        take.traces.append(trace)
        if token == self._decoder.layout.code_end:
            return StopReason.END, ""
        take.tokens.append(token)
        if len(take.tokens) % CODES_PER_FRAME == 0:
            period = take.loops.add(tuple(take.tokens[-CODES_PER_FRAME:]))
            if period is not None:
                return StopReason.LOOP, f"its codes repeat every {period} frames"
        if len(take.tokens) >= take.request.n_tokens:
            return StopReason.CAP, f"it did not end within {take.request.n_tokens} tokens"
        if take.request.budget is not None and len(take.tokens) >= take.request.budget:
            return StopReason.BUDGET, f"it did not end within {take.request.budget} tokens"
        return None, ""


def _sampled(take: _Sequence, stop: StopReason, detail: str, layout: Layout) -> SampledCodes:
    whole = len(take.tokens) // CODES_PER_FRAME * CODES_PER_FRAME
    traces = np.asarray(take.traces, np.float32).reshape(-1, 4).astype(np.float16)
    codes = Codes(unpack(take.tokens[:whole], layout), *np.ascontiguousarray(traces.T))
    return SampledCodes(take.request.request, codes, stop, time.perf_counter() - take.started, detail)
