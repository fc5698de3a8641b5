"""Logits that were computed once are not computed again: takes of one prompt that draw the same tokens share them.

Logits depend on the tokens of their slot and on nothing else, which is what `isolate` shows. So a take whose settings
or seed differ is drawn from the logits that another take of its prompt left behind, for as long as it draws the same
tokens; if it draws others, it is made like any other take, from its beginning.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mayabook.core.take import StopReason
from mayabook.engines.batch import Order, Sampled, SlotScheduler
from mayabook.engines.decoder import IDLE, Logits, SlotDecoder
from mayabook.engines.hardware import free_memory
from mayabook.engines.sampler import Sampler
from mayabook.maya.layout import Layout

SLOTS = 64
"""Takes that are drawn at once from remembered logits."""
MOST_BYTES = 4 << 30
"""Of logits that are remembered, and no more than a quarter of the free memory."""

Prompt = tuple[int, ...]


@dataclass(slots=True)
class Trace:
    """logits: a row before the first token and one after each."""

    logits: list[NDArray[np.float32]]
    tokens: list[int] = field(default_factory=list)


class RememberingDecoder:
    """Fulfils `SlotDecoder` by another whose logits are in main memory, and keeps the first trace of every prompt."""

    def __init__(self, decoder: SlotDecoder) -> None:
        self._decoder = decoder
        self.layout, self.n_slots, self.n_context = decoder.layout, decoder.n_slots, decoder.n_context
        self.identity, self.device = decoder.identity, decoder.device
        self.traces: dict[Prompt, Trace] = {}
        self._open: dict[int, Trace] = {}
        """By slot, those that go on."""
        self._rows_left = min(MOST_BYTES, free_memory() // 4) // (4 * self.layout.n_audio)

    @property
    def logits(self) -> Logits:
        rows: Logits = self._decoder.logits
        return rows

    def prefill(self, slot: int, prompt: Sequence[int]) -> None:
        self._open.pop(slot, None)
        self._decoder.prefill(slot, prompt)
        if self._rows_left > 0 and tuple(prompt) not in self.traces:
            self._open[slot] = self.traces[tuple(prompt)] = Trace([self._row(slot)])

    def step(self, tokens: NDArray[np.int32]) -> None:
        self._decoder.step(tokens)
        for slot, trace in list(self._open.items()):
            if tokens[slot] == IDLE or self._rows_left <= 0:
                del self._open[slot]
            else:
                trace.tokens.append(int(tokens[slot]))
                trace.logits.append(self._row(slot))

    def _row(self, slot: int) -> NDArray[np.float32]:
        self._rows_left -= 1
        return np.asarray(self._decoder.logits[slot]).copy()

    def close(self) -> None:
        self.traces.clear()
        self._open.clear()
        self._decoder.close()


class _RecalledLogits:
    """Fulfils `SlotDecoder` from traces. The logits of a slot that leaves its trace are not numbers."""

    identity = device = "memory"

    def __init__(self, traces: Mapping[Prompt, Trace], layout: Layout, n_context: int) -> None:
        self.layout, self.n_slots, self.n_context = layout, SLOTS, n_context
        self.logits: Logits = np.full((SLOTS, layout.n_audio), np.nan, np.float32)
        self._traces = traces
        self._at: dict[int, tuple[Trace, int]] = {}
        """Trace of each slot, and how many of its tokens were drawn again."""

    def prefill(self, slot: int, prompt: Sequence[int]) -> None:
        trace = self._traces[tuple(prompt)]
        self._at[slot] = trace, 0
        self.logits[slot] = trace.logits[0]

    def step(self, tokens: NDArray[np.int32]) -> None:
        for slot, (trace, n_drawn) in list(self._at.items()):
            if n_drawn < len(trace.tokens) and tokens[slot] == trace.tokens[n_drawn]:
                self._at[slot] = trace, n_drawn + 1
                self.logits[slot] = trace.logits[n_drawn + 1]
            else:
                del self._at[slot]
                self.logits[slot] = np.nan

    def close(self) -> None:
        pass


class RecallingScheduler(SlotScheduler):
    """First a take of each prompt; then the others, as far as they follow it; then those that left it."""

    def __init__(self, decoder: RememberingDecoder, sampler: Sampler) -> None:
        super().__init__(decoder, sampler)
        self._memory = decoder

    def run(self, orders: Iterable[Order]) -> Iterator[Sampled | None]:
        first: list[Order] = []
        others: list[Order] = []
        begun = set(self._memory.traces)
        for order in orders:
            (others if tuple(order.prompt) in begun else first).append(order)
            begun.add(tuple(order.prompt))
        yield from super().run(first)
        astray = yield from self._recalled(others)
        yield from super().run(astray)

    def _recalled(self, orders: Sequence[Order]) -> Generator[Sampled | None, None, list[Order]]:
        """The takes that follow the trace of their prompt. Returns the orders of the others."""
        traces, layout = self._memory.traces, self._memory.layout
        left = {id(order.request): order for order in orders}
        known = [order for order in orders if tuple(order.prompt) in traces]
        recalled = _RecalledLogits(traces, layout, self._memory.n_context)
        for sampled in SlotScheduler(recalled, Sampler(layout, SLOTS)).run(known):
            if sampled is not None and sampled.stop != StopReason.NOT_FINITE:
                del left[id(sampled.request)]
                yield sampled
        return list(left.values())
