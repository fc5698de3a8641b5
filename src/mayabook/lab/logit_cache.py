"""A logit cache: takes of one prompt that sample the same tokens share the logits, which are computed once.

Logits depend only on the tokens of their own batch row, which the experiment `isolate` verifies. So a take with another
seed or other settings can be sampled from the cached logits of earlier takes of its prompt, as long as it samples the
same tokens as one of them. Once it samples another token, it is decoded from its beginning like an uncached take.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mayabook.core.hardware import free_memory
from mayabook.core.take import StopReason
from mayabook.engines.sampler import Sampler
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.slot_decoder import IDLE, Logits, SlotDecoder
from mayabook.maya.token_layout import Layout

REPLAY_SLOTS = 64
"""Batch rows of the replay: takes that are sampled at once from cached logits."""
MAX_BYTES = 8 << 30
"""Most bytes of cached logits, unless half of the free memory is less."""

PromptIds = tuple[int, ...]
"""Token ids of a prompt."""
Key = TypeVar("Key", PromptIds, int)


@dataclass(slots=True)
class CachedNode:
    """A node of the prefix tree: a prompt and the tokens sampled after it."""

    logits: NDArray[np.float32]
    """Logits after these tokens, shape (n_audio,)."""
    children: "dict[int, CachedNode]" = field(default_factory=dict)
    """Children by the next token."""


CacheMisses = dict[int, tuple[CachedNode, int]]
"""By `id` of a request's prompt: the node at which its take left the cache, and the uncached token that it sampled."""


class CachingDecoder:
    """A `SlotDecoder` that wraps another and caches the logits of every token path.

    The wrapped decoder's logits must be in main memory.
    """

    def __init__(self, decoder: SlotDecoder) -> None:
        self._decoder = decoder
        self.layout, self.n_slots, self.n_context = decoder.layout, decoder.n_slots, decoder.n_context
        self.identity, self.platform, self.device = decoder.identity, decoder.platform, decoder.device
        self.roots: dict[PromptIds, CachedNode] = {}
        self._at: dict[int, CachedNode] = {}
        """Batch row -> the node that it has reached; rows that left the cache are missing."""
        self._nodes_left = min(MAX_BYTES, free_memory() // 2) // (4 * self.layout.n_audio)

    @property
    def logits(self) -> Logits:
        rows: Logits = self._decoder.logits
        return rows

    @property
    def is_full(self) -> bool:
        """Whether the cache has no room for further logits."""
        return self._nodes_left <= 0

    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        self._decoder.prefill(slot, prompt, n_shared)
        self._reach(slot, self.roots, tuple(prompt))

    def step(self, tokens: NDArray[np.int32]) -> None:
        self._decoder.step(tokens)
        for slot, at in list(self._at.items()):
            if tokens[slot] == IDLE:
                del self._at[slot]
            else:
                self._reach(slot, at.children, int(tokens[slot]))

    def _reach(self, slot: int, nodes: dict[Key, CachedNode], key: Key) -> None:
        """Moves a slot to the child `key`, and caches its logits if that is new.

        When the cache is full, slots only follow nodes that exist; a slot that leaves them is no longer tracked.
        """
        self._at.pop(slot, None)
        if key not in nodes:
            if self.is_full:
                return
            self._nodes_left -= 1
            nodes[key] = CachedNode(np.asarray(self._decoder.logits[slot]).copy())
        self._at[slot] = nodes[key]

    def close(self) -> None:
        self.roots.clear()
        self._at.clear()
        self._decoder.close()


class _CachedLogits:
    """A `SlotDecoder` that replays cached logits. The logits of a slot that leaves the cache become NaN."""

    identity = platform = device = "memory"

    def __init__(self, known: Mapping[PromptIds, CachedNode], layout: Layout, n_context: int) -> None:
        self.layout, self.n_slots, self.n_context = layout, REPLAY_SLOTS, n_context
        self.logits: Logits = np.full((REPLAY_SLOTS, layout.n_audio), np.nan, np.float32)
        self.misses: CacheMisses = {}
        self._known = known
        self._at: dict[int, CachedNode] = {}
        self._prompts: dict[int, int] = {}

    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        self._prompts[slot] = id(prompt)
        self._at[slot] = self._known[tuple(prompt)]
        self.logits[slot] = self._at[slot].logits

    def step(self, tokens: NDArray[np.int32]) -> None:
        for slot, at in list(self._at.items()):
            reached = at.children.get(int(tokens[slot]))
            if reached is None:
                self.misses[self._prompts[slot]] = at, int(tokens[slot])
                del self._at[slot]
                self.logits[slot] = np.nan
            else:
                self._at[slot] = reached
                self.logits[slot] = reached.logits

    def close(self) -> None:
        pass


class CachedScheduler(SlotScheduler):
    """Replays cached logits; decodes one take per uncached prompt, and one per seed of a cached prompt; then repeats.

    Takes of the same prompt and seed are the most alike, so one of them often serves the others.
    """

    def __init__(self, decoder: CachingDecoder, sampler: Sampler) -> None:
        super().__init__(decoder, sampler)
        self._cache = decoder

    def run(self, requests: Iterable[DecodingRequest]) -> Generator[SampledCodes | None, None, None]:
        """Yields the codes of all requests, in any order; None as in `SlotScheduler.run`."""
        waiting = list(requests)
        misses: CacheMisses = {}
        while waiting := (yield from self._replay_cached(waiting, misses)):
            to_decode = waiting if self._cache.is_full else self._one_of_each_prompt(waiting)
            for batch in self._batches_by_length(to_decode):
                yield from super().run(batch)
            done = set(map(id, to_decode))
            waiting = [request for request in waiting if id(request) not in done]

    def _one_of_each_prompt(self, requests: Sequence[DecodingRequest]) -> list[DecodingRequest]:
        """The first request of each uncached prompt, and of each seed of a cached prompt."""
        first: dict[tuple[PromptIds, int | None], DecodingRequest] = {}
        for request in requests:
            prompt = tuple(request.prompt)
            first.setdefault((prompt, request.request.seed if prompt in self._cache.roots else None), request)
        return list(first.values())

    def _batches_by_length(self, requests: Sequence[DecodingRequest]) -> Iterator[list[DecodingRequest]]:
        """Batches of at most n_slots requests, longest prompts first.

        Every batch row runs until the longest take of the batch ends, so takes of similar length cost least together.
        """
        ordered = sorted(requests, key=lambda request: len(request.prompt), reverse=True)
        for first in range(0, len(ordered), self._cache.n_slots):
            yield ordered[first : first + self._cache.n_slots]

    def _replay_cached(
        self, requests: Sequence[DecodingRequest], misses: CacheMisses
    ) -> Generator[SampledCodes | None, None, list[DecodingRequest]]:
        """Yields the takes that can be sampled from cached logits alone, and returns the requests of the others.

        misses: cache misses of earlier calls, updated in place. A take that missed is replayed again only if the token
        that it missed has been cached since; otherwise it would miss at the same token.
        """
        known, layout = self._cache.roots, self._cache.layout
        left = {id(request.request): request for request in requests}
        begun = []
        for request in requests:
            at, token = misses.get(id(request.prompt), (None, 0))
            if tuple(request.prompt) in known if at is None else token in at.children:
                begun.append(request)
        replay = _CachedLogits(known, layout, self._cache.n_context)
        for sampled in SlotScheduler(replay, Sampler(layout, REPLAY_SLOTS)).run(begun):
            if sampled is not None and sampled.stop != StopReason.NOT_FINITE:
                del left[id(sampled.request)]
                yield sampled
        misses |= replay.misses
        return list(left.values())
