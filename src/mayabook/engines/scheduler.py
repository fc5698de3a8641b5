"""The slot scheduler: as many takes at once as a decoder has slots, each what it would be alone."""

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
    """`Sampler`, or its like for logits on another device."""

    def start(self, slot: int, settings: SamplerSettings, seed: int, prompt: Sequence[int], n_tokens: int) -> None: ...
    def draw(self, logits: Any, slots: Sequence[int]) -> DrawnTokens: ...


@dataclass(frozen=True, slots=True)
class DecodingRequest:
    """A request with what the decoder needs. n_tokens: the cap."""

    request: TakeRequest
    prompt: Sequence[int]
    settings: SamplerSettings
    n_tokens: int


@dataclass(frozen=True, slots=True)
class SampledCodes:
    """The codes of a finished take. seconds: from its prefill to its end. detail: as in `Take`."""

    request: TakeRequest
    codes: Codes
    stop: StopReason
    seconds: float
    detail: str


@dataclass(slots=True)
class _Sequence:
    """A take under way in a slot."""

    order: DecodingRequest
    started: float
    tokens: list[int] = field(default_factory=list)
    traces: list[tuple[float, float, float, float]] = field(default_factory=list)
    watch: LoopDetector = field(default_factory=LoopDetector)


class SlotScheduler:
    def __init__(self, decoder: SlotDecoder, sampler: TokenSampler) -> None:
        self._decoder, self._sampler = decoder, sampler

    def run(self, orders: Iterable[DecodingRequest]) -> Iterator[SampledCodes | None]:
        """Takes as they end; None after each step, so that the caller can look after other things.

        A slot is refilled the moment its take ends; orders are drawn only when a slot is free.
        """
        decoder = self._decoder
        waiting = iter(orders)
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
        """Begins takes in the free slots; returns these slots, whose first tokens are to be drawn."""
        fresh = []
        for slot in range(self._decoder.n_slots):
            if slot in under_way:
                continue
            order = next(waiting, None)
            if order is None:
                break
            under_way[slot] = _Sequence(order, time.perf_counter())
            self._decoder.prefill(slot, order.prompt)
            self._sampler.start(slot, order.settings, order.request.seed, order.prompt, order.n_tokens)
            fresh.append(slot)
        return fresh

    def _draw(self, slots: Sequence[int], under_way: dict[int, _Sequence], tokens: Any) -> Iterator[SampledCodes]:
        """Draws a token for each of these slots, and yields the takes that end with it."""
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
            period = take.watch.add(tuple(take.tokens[-CODES_PER_FRAME:]))
            if period is not None:
                return StopReason.LOOP, f"its codes repeat every {period} frames"
        if len(take.tokens) >= take.order.n_tokens:
            return StopReason.CAP, f"it did not end within {take.order.n_tokens} tokens"
        return None, ""


def _sampled(take: _Sequence, stop: StopReason, detail: str, layout: Layout) -> SampledCodes:
    whole = len(take.tokens) // CODES_PER_FRAME * CODES_PER_FRAME
    traces = np.asarray(take.traces, np.float32).reshape(-1, 4).astype(np.float16)
    codes = Codes(unpack(take.tokens[:whole], layout), *np.ascontiguousarray(traces.T))
    return SampledCodes(take.order.request, codes, stop, time.perf_counter() - take.started, detail)
