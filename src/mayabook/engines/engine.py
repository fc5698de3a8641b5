"""What every text-to-speech engine provides: a take for each request, and an identity of all that takes depend on."""

from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:  # loads NumPy, which listing the engines does not need
    from mayabook.core.take import Sampling, Take, TakeRequest
    from mayabook.maya.anchor import Anchor
    from mayabook.maya.codec import Codec

SAFER_FROM = 2
"""First attempt at a chunk, counted from 0, for which an engine may choose safer sampling at the cost of expression."""


class Engine(Protocol):
    """A loaded engine, as `EnginePlugin.open` returns it."""

    name: str
    """`EnginePlugin.name`."""
    sample_rate: int
    """Hz."""
    voice: str
    """Name or description of the voice; requests must ask for this one."""
    credit: str
    """Who reads, in the audiobook's tags."""
    identity: str
    """What speaks: model fingerprint, weight format, number of slots. A job finds its takes by it, so it is the same on
    every machine that has the same model."""
    platform: str
    """What computes: versions of libraries, device, threads. Samples may depend on it, but it is no reason to make a
    take again; it is recorded with each take."""

    def generate(self, requests: "Iterable[TakeRequest]") -> "Generator[Take, None, None]":
        """Yields one take for each request as it finishes, in any order. Requests are consumed lazily, a few ahead.

        Closing the generator abandons the takes in progress.
        """
        ...

    def sampling(self, attempt: int) -> "Sampling":
        """Settings for an attempt at a chunk, counted from 0; from SAFER_FROM on they may be safer and less
        expressive."""
        ...

    def unsupported_reason(self, text: str) -> str | None:
        """Why this engine cannot read a text in this script or language, in words for a person; None if it can."""
        ...

    def close(self) -> None:
        """Ends worker processes and frees the model; the engine cannot be used afterwards."""
        ...


@runtime_checkable
class Anchored(Engine, Protocol):
    """An engine whose takes can all continue one reading, an anchor, so that they have one speaker."""

    codec: "Codec"
    """Decodes the codes of an anchor."""
    anchor: "Anchor | None"
    """None where each take stands alone. `identity` names it."""

    def use_anchor(self, anchor: "Anchor | None") -> None:
        """Sets the anchor of all takes that are generated from now on; None for no anchor. Do not call it while takes
        are being generated. Raises FrameError for codes that the model does not have."""
        ...


@runtime_checkable
class HasFixedSpeaker(Protocol):
    """An engine that cannot change its speaker, so that its takes need not be compared by speaker."""

    fixed_speaker: str
    """Who speaks."""


@runtime_checkable
class HasFormerIdentities(Protocol):
    """An engine with other identities in earlier versions of MayaBook; takes stored under those are still used."""

    former_identities: Sequence[str]
    """`Engine.identity` as earlier versions would have had it here."""
