"""Continuous batching: keeps the slots of a decoder filled with takes until each has ended."""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
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


class CodeGenerator(Protocol):
    """Generates the codes of many takes at once."""

    @property
    def layout(self) -> Layout:
        """Token ids of the model."""
        ...

    @property
    def n_slots(self) -> int:
        """Most takes at once."""
        ...

    @property
    def n_context(self) -> int:
        """Most tokens of a take, prompt included."""
        ...

    @property
    def identity(self) -> str:
        """The model as `Engine.identity` needs it."""
        ...

    @property
    def former_identity(self) -> str:
        """`identity` as earlier versions of MayaBook had it."""
        ...

    @property
    def platform(self) -> str:
        """As `Engine.platform`."""
        ...

    @property
    def device(self) -> str:
        """Device and dtype, for a person."""
        ...

    def run(self, requests: Iterable[DecodingRequest]) -> Generator[SampledCodes | None, None, None]:
        """Yields takes as they end, in any order, and now and then None, so that the caller can do other work.

        Requests are consumed as slots become free. Closing the generator abandons the takes in progress.
        """
        ...

    def close(self) -> None: ...


@dataclass(slots=True)
class RunningTake:
    """A take that is being generated."""

    request: DecodingRequest
    started: float = field(default_factory=time.perf_counter)
    tokens: list[int] = field(default_factory=list)
    traces: list[tuple[float, float, float, float]] = field(default_factory=list)
    loops: LoopDetector = field(default_factory=LoopDetector)

    def add(
        self, token: int, trace: tuple[float, float, float, float], layout: Layout
    ) -> tuple[StopReason | None, str]:
        """Adds a token. Returns why the take ends with it, and a detail for a person; None and "" if it goes on.

        trace: as in `Codes`, in the order of its fields.
        """
        self.traces.append(trace)
        if token == layout.code_end:
            return StopReason.END, ""
        self.tokens.append(token)
        if len(self.tokens) % CODES_PER_FRAME == 0:
            period = self.loops.add(tuple(self.tokens[-CODES_PER_FRAME:]))
            if period is not None:
                return StopReason.LOOP, f"its codes repeat every {period} frames"
        if len(self.tokens) >= self.request.n_tokens:
            return StopReason.CAP, f"it did not end within {self.request.n_tokens} tokens"
        if self.request.budget is not None and len(self.tokens) >= self.request.budget:
            return StopReason.BUDGET, f"it did not end within {self.request.budget} tokens"
        return None, ""

    def sampled(self, stop: StopReason, detail: str, layout: Layout) -> SampledCodes:
        """The finished take; an incomplete last frame is left out."""
        whole = len(self.tokens) // CODES_PER_FRAME * CODES_PER_FRAME
        traces = np.asarray(self.traces, np.float32).reshape(-1, 4).astype(np.float16)
        codes = Codes(unpack(self.tokens[:whole], layout), *np.ascontiguousarray(traces.T))
        return SampledCodes(self.request.request, codes, stop, time.perf_counter() - self.started, detail)


class SlotScheduler:
    """Implements `CodeGenerator`: as many takes at once as the decoder has slots, each the same as if it were alone."""

    def __init__(self, decoder: SlotDecoder, sampler: TokenSampler) -> None:
        self.decoder, self._sampler = decoder, sampler
        self.layout, self.n_slots, self.n_context = decoder.layout, decoder.n_slots, decoder.n_context
        self.identity, self.platform, self.device = decoder.identity, decoder.platform, decoder.device
        self.former_identity: str = getattr(decoder, "former_identity", decoder.identity)

    def run(self, requests: Iterable[DecodingRequest]) -> Generator[SampledCodes | None, None, None]:
        """Yields takes as they end, and None after each step.

        A slot is refilled as soon as its take ends; a request is consumed only when a slot is free.
        """
        decoder = self.decoder
        waiting = iter(requests)
        under_way: dict[int, RunningTake] = {}
        tokens = np.full(decoder.n_slots, IDLE, np.int32)
        while True:
            while fresh := self._refill(waiting, under_way):
                yield from self._draw(fresh, under_way, tokens)
            if not under_way:
                return
            decoder.step(tokens)
            yield from self._draw(list(under_way), under_way, tokens)
            yield None

    def _refill(self, waiting: Iterator[DecodingRequest], under_way: dict[int, RunningTake]) -> list[int]:
        """Prefills the free slots with new takes; returns these slots, whose first tokens must be drawn next."""
        fresh = []
        for slot in range(self.decoder.n_slots):
            if slot in under_way:
                continue
            new = next(waiting, None)
            if new is None:
                break
            under_way[slot] = RunningTake(new)
            self.decoder.prefill(slot, new.prompt, new.n_shared)
            self._sampler.start(slot, new.settings, new.request.seed, new.prompt, new.n_tokens)
            fresh.append(slot)
        return fresh

    def _draw(self, slots: Sequence[int], under_way: dict[int, RunningTake], tokens: Any) -> Iterator[SampledCodes]:
        """Draws a token for each of these slots; yields the takes that end with it."""
        layout = self.layout
        draw = self._sampler.draw(self.decoder.logits, slots)
        traces = np.stack([draw.log_probability, draw.entropy, draw.removed, draw.end_probability], axis=1).tolist()
        ended = []
        for at, (slot, token, finite) in enumerate(zip(slots, draw.tokens.tolist(), draw.finite.tolist(), strict=True)):
            take = under_way[slot]
            stop, detail = take.add(token, traces[at], layout) if finite else self._not_finite()
            tokens[slot] = token if stop is None else IDLE
            if stop is not None:
                del under_way[slot]
                ended.append(take.sampled(stop, detail, layout))
        yield from ended

    def _not_finite(self) -> tuple[StopReason, str]:
        return StopReason.NOT_FINITE, f"the model's logits were not finite on {self.device}"

    def close(self) -> None:
        self.decoder.close()
