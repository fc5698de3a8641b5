"""Logits that were computed once are not computed again: takes of one prompt that draw the same tokens share them.

Logits depend on the tokens of their slot and on nothing else, which is what `isolate` shows. So a take whose settings
or seed differ is drawn from the logits that other takes of its prompt left behind, for as long as it draws the tokens
of one of them; if it draws others, it is made like any other take, from its beginning.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mayabook.core.take import StopReason
from mayabook.engines.hardware import free_memory
from mayabook.engines.sampler import Sampler
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.slot_decoder import IDLE, Logits, SlotDecoder
from mayabook.maya.token_layout import Layout

CACHED_SLOTS = 64
"""Takes that are drawn at once from remembered logits."""
MAX_BYTES = 8 << 30
"""Of logits that are remembered, and no more than half of the free memory."""

Prompt = tuple[int, ...]
Key = TypeVar("Key", Prompt, int)


@dataclass(slots=True)
class CachedNode:
    """What is known after the tokens that lead here: the logits, and where each next token leads."""

    logits: NDArray[np.float32]
    after: "dict[int, CachedNode]" = field(default_factory=dict)


CacheMisses = dict[int, tuple[CachedNode, int]]
"""Where takes left what is known, and by which token; each by the identity of its order's prompt."""


class CachingDecoder:
    """Fulfils `SlotDecoder` by another whose logits are in main memory, and remembers those of every token path."""

    def __init__(self, decoder: SlotDecoder) -> None:
        self._decoder = decoder
        self.layout, self.n_slots, self.n_context = decoder.layout, decoder.n_slots, decoder.n_context
        self.identity, self.device = decoder.identity, decoder.device
        self.roots: dict[Prompt, CachedNode] = {}
        self._at: dict[int, CachedNode] = {}
        """By slot, those that go on."""
        self._rows_left = min(MAX_BYTES, free_memory() // 2) // (4 * self.layout.n_audio)

    @property
    def logits(self) -> Logits:
        rows: Logits = self._decoder.logits
        return rows

    @property
    def is_full(self) -> bool:
        return self._rows_left <= 0

    def prefill(self, slot: int, prompt: Sequence[int]) -> None:
        self._decoder.prefill(slot, prompt)
        self._reach(slot, self.roots, tuple(prompt))

    def step(self, tokens: NDArray[np.int32]) -> None:
        self._decoder.step(tokens)
        for slot, at in list(self._at.items()):
            if tokens[slot] == IDLE:
                del self._at[slot]
            else:
                self._reach(slot, at.after, int(tokens[slot]))

    def _reach(self, slot: int, places: dict[Key, CachedNode], key: Key) -> None:
        """Remembers where a slot has come to. Once memory is full only what was there is followed."""
        self._at.pop(slot, None)
        if key not in places:
            if self.is_full:
                return
            self._rows_left -= 1
            places[key] = CachedNode(np.asarray(self._decoder.logits[slot]).copy())
        self._at[slot] = places[key]

    def close(self) -> None:
        self.roots.clear()
        self._at.clear()
        self._decoder.close()


class _CachedLogits:
    """Fulfils `SlotDecoder` from memory. The logits of a slot that leaves what is known are not numbers."""

    identity = device = "memory"

    def __init__(self, known: Mapping[Prompt, CachedNode], layout: Layout, n_context: int) -> None:
        self.layout, self.n_slots, self.n_context = layout, CACHED_SLOTS, n_context
        self.logits: Logits = np.full((CACHED_SLOTS, layout.n_audio), np.nan, np.float32)
        self.exits: CacheMisses = {}
        self._known = known
        self._at: dict[int, CachedNode] = {}
        self._prompts: dict[int, int] = {}

    def prefill(self, slot: int, prompt: Sequence[int]) -> None:
        self._prompts[slot] = id(prompt)
        self._at[slot] = self._known[tuple(prompt)]
        self.logits[slot] = self._at[slot].logits

    def step(self, tokens: NDArray[np.int32]) -> None:
        for slot, at in list(self._at.items()):
            reached = at.after.get(int(tokens[slot]))
            if reached is None:
                self.exits[self._prompts[slot]] = at, int(tokens[slot])
                del self._at[slot]
                self.logits[slot] = np.nan
            else:
                self._at[slot] = reached
                self.logits[slot] = reached.logits

    def close(self) -> None:
        pass


class CachedScheduler(SlotScheduler):
    """Draws what it can from memory; then makes a take of each prompt, or of each prompt and seed where takes of the
    prompt are known, since that is which takes are most alike; then draws from memory again."""

    def __init__(self, decoder: CachingDecoder, sampler: Sampler) -> None:
        super().__init__(decoder, sampler)
        self._memory = decoder

    def run(self, orders: Iterable[DecodingRequest]) -> Iterator[SampledCodes | None]:
        waiting = list(orders)
        exits: CacheMisses = {}
        while waiting := (yield from self._replay_cached(waiting, exits)):
            made = waiting if self._memory.is_full else self._one_of_each_prompt(waiting)
            for together in self._batches_by_length(made):
                yield from super().run(together)
            done = set(map(id, made))
            waiting = [order for order in waiting if id(order) not in done]

    def _one_of_each_prompt(self, orders: Sequence[DecodingRequest]) -> list[DecodingRequest]:
        first: dict[tuple[Prompt, int | None], DecodingRequest] = {}
        for order in orders:
            prompt = tuple(order.prompt)
            first.setdefault((prompt, order.request.seed if prompt in self._memory.roots else None), order)
        return list(first.values())

    def _batches_by_length(self, orders: Sequence[DecodingRequest]) -> Iterator[list[DecodingRequest]]:
        """As many as there are slots, the longest texts first: every row of a step pays for the longest take in it, so
        takes that begin and end together cost least."""
        ordered = sorted(orders, key=lambda order: len(order.prompt), reverse=True)
        for first in range(0, len(ordered), self._memory.n_slots):
            yield ordered[first : first + self._memory.n_slots]

    def _replay_cached(
        self, orders: Sequence[DecodingRequest], exits: CacheMisses
    ) -> Generator[SampledCodes | None, None, list[DecodingRequest]]:
        """The takes whose tokens were drawn before. Returns the orders of the others.

        A take that left what was known would leave it there again, unless its next token is known by now.
        """
        known, layout = self._memory.roots, self._memory.layout
        left = {id(order.request): order for order in orders}
        begun = []
        for order in orders:
            at, token = exits.get(id(order.prompt), (None, 0))
            if tuple(order.prompt) in known if at is None else token in at.after:
                begun.append(order)
        recalled = _CachedLogits(known, layout, self._memory.n_context)
        for sampled in SlotScheduler(recalled, Sampler(layout, CACHED_SLOTS)).run(begun):
            if sampled is not None and sampled.stop != StopReason.NOT_FINITE:
                del left[id(sampled.request)]
                yield sampled
        exits |= recalled.exits
        return list(left.values())
