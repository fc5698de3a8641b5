"""The contract between whatever speaks and the rest of the house."""

from collections.abc import Generator, Iterable
from typing import Protocol

from mayabook.core.take import Sampling, Take, TakeRequest

SAFER_FROM = 2
"""Attempt, from 0, at which an engine may give up liveliness."""


class Engine(Protocol):
    name: str
    sample_rate: int
    """Hz."""
    voice: str
    """Name or description of the voice that requests should ask for."""
    credit: str
    """Who reads, in the audiobook's tags."""
    identity: str
    """Everything a take depends on besides its request: model fingerprint, versions, slot width."""

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        """One take for each request, in any order, as they finish. Requests are drawn lazily, a few ahead.

        Closing the generator abandons what is under way.
        """
        ...

    def sampling(self, attempt: int) -> Sampling:
        """Settings for the first (0) or a later attempt at a chunk; from SAFER_FROM on they may trade liveliness for
        safety."""
        ...

    def unsupported_reason(self, text: str) -> str | None:
        """Why this engine cannot read a text in this script or language, in words for a person; None if it can."""
        ...

    def close(self) -> None:
        """Ends worker processes and frees the model."""
        ...
