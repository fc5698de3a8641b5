"""A take in the form of its files, with what the ledger records of it."""

from dataclasses import dataclass
from typing import Self

from mayabook.core.audio_files import decode_flac, encode_flac
from mayabook.core.code_files import decode_codes, encode_codes
from mayabook.core.platform_info import processor
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines import Engine


@dataclass(frozen=True, slots=True)
class EncodedTake:
    """What is checked, sent between machines and stored: FLAC rounds samples to 24 bits, so a verdict is always on the
    samples that were rounded."""

    request: TakeRequest
    flac: bytes
    """The content of the audio file."""
    codes: bytes | None
    """The content of the file of codes; None for an engine without codec tokens."""
    n_samples: int
    sample_rate: int
    """Hz."""
    stop: StopReason
    seconds: float
    """Wall time of the generation."""
    detail: str
    """As in `Take`."""
    made_on: str
    """Processor, and `Engine.platform`."""

    @classmethod
    def of(cls, take: Take, engine: Engine) -> Self:
        """A take that `engine` made on this machine."""
        return cls(
            request=take.request,
            flac=encode_flac(take.audio, take.sample_rate),
            codes=None if take.codes is None else encode_codes(take.codes),
            n_samples=len(take.audio),
            sample_rate=take.sample_rate,
            stop=take.stop,
            seconds=take.seconds,
            detail=take.detail,
            made_on=f"{processor()}; {engine.platform}",
        )

    def decoded(self) -> Take:
        audio, sample_rate = decode_flac(self.flac)
        codes = None if self.codes is None else decode_codes(self.codes)
        return Take(self.request, audio, sample_rate, self.stop, self.seconds, codes, self.detail)

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return self.n_samples / self.sample_rate
