"""How far a run is."""

from dataclasses import dataclass


@dataclass(slots=True)
class RenderProgress:
    """Chunks and words are those of the book; what an earlier run had settled is in `resumed_*` as well as `done_*`.

    settled: accepted, or flagged after the last attempt. audio_seconds, elapsed: of this run. chapter: title of
    the chunk that was settled last.
    """

    n_chunks: int
    n_words: int
    done_chunks: int = 0
    done_words: int = 0
    resumed_chunks: int = 0
    resumed_words: int = 0
    flagged: int = 0
    audio_seconds: float = 0.0
    elapsed: float = 0.0
    chapter: str = ""

    @property
    def rate(self) -> float:
        """Seconds of audio made per second, in this run."""
        return self.audio_seconds / self.elapsed if self.elapsed else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to go at the pace of this run, None before there is one."""
        words = self.done_words - self.resumed_words
        return (self.n_words - self.done_words) * self.elapsed / words if words else None
