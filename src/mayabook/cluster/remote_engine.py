"""An engine that runs on the workers of a cluster, as the driver sees it."""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from mayabook.cluster.messages import CodecFacts, EngineFacts
from mayabook.core.take import Audio, Sampling, Take, TakeRequest
from mayabook.maya.anchor import Anchor
from mayabook.maya.frames import Frames

AskWorker = Callable[..., Any]
"""Calls a method of a worker, by name, with the engine's state and further arguments; raises MayaBookError."""
MakeTakes = Callable[[Iterable[TakeRequest]], Generator[Take, None, None]]


class RemoteEngine:
    """Implements `mayabook.engines.Engine`. It has `fixed_speaker` and `former_identities` only where the engine on the
    workers has them: the driver asks for these by `isinstance`."""

    def __init__(self, facts: EngineFacts, ask: AskWorker, make_takes: MakeTakes) -> None:
        self._ask, self._make_takes, self._samplings = ask, make_takes, facts.samplings
        self.name, self.sample_rate, self.voice, self.credit = facts.name, facts.sample_rate, facts.voice, facts.credit
        self.platform = facts.platform
        self._update(facts)
        if facts.fixed_speaker is not None:
            self.fixed_speaker = facts.fixed_speaker

    def _update(self, facts: EngineFacts) -> None:
        """Takes over what depends on the anchor."""
        self.identity = facts.identity
        if facts.former_identities is not None:
            self.former_identities = facts.former_identities

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        return self._make_takes(requests)

    def sampling(self, attempt: int) -> Sampling:
        return self._samplings[attempt]

    def unsupported_reason(self, text: str) -> str | None:
        reason: str | None = self._ask("unsupported_reason", text)
        return reason

    def close(self) -> None:
        """The workers keep it for the next book."""


class RemoteCodec:
    """Implements `mayabook.maya.codec.Codec`."""

    def __init__(self, facts: CodecFacts, ask: AskWorker) -> None:
        self.sample_rate, self.codebook_size, self.noise = facts.sample_rate, facts.codebook_size, facts.noise
        self.identity, self.platform = facts.identity, facts.platform
        self._ask = ask

    def decode(self, frames: Frames, seeds: Sequence[int]) -> Audio:
        audio: Audio = self._ask("decode", frames, seeds)
        return audio


class AnchoredRemoteEngine(RemoteEngine):
    """Implements `mayabook.engines.engine.Anchored`."""

    anchor: Anchor | None = None

    def __init__(self, facts: EngineFacts, codec: CodecFacts, ask: AskWorker, make_takes: MakeTakes) -> None:
        super().__init__(facts, ask, make_takes)
        self.codec = RemoteCodec(codec, ask)

    def use_anchor(self, anchor: Anchor | None) -> None:
        before, self.anchor = self.anchor, anchor
        if before is not anchor:
            self._update(self._ask("describe"))
