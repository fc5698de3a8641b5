"""What makes and checks takes for the renderer: an engine of this machine, or many on the workers of a cluster."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

from mayabook.checks import Checker
from mayabook.checks.detectors import incurable_measures
from mayabook.checks.voice_reference import VoiceReference
from mayabook.core.chunk import Chunk
from mayabook.core.settings import Settings
from mayabook.core.take import TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.engines import Engine, EngineChoice
from mayabook.render.encoded_take import EncodedTake


@dataclass(frozen=True, slots=True)
class TakeCheck:
    """How a take is checked."""

    chunk: Chunk
    voice: VoiceReference
    transcribe_always: bool = False
    """Whether the take is transcribed even if a detector that needs no transcript rejects it."""

    def verdict(self, take: EncodedTake, checker: Checker) -> Verdict:
        decisive = frozenset() if self.transcribe_always else incurable_measures()
        return checker.check(take.decoded(), self.chunk, decisive, self.voice, thorough=False)


@dataclass(frozen=True, slots=True)
class TakeTask:
    """A take to make, to check, or both."""

    request: TakeRequest
    check: TakeCheck | None
    """None for a take that is made and not checked."""
    take: EncodedTake | None = None
    """The take that is checked, where it exists already."""


@dataclass(frozen=True, slots=True)
class TakeResult:
    """A take that was made, the verdict on it, or both: a take may come before its verdict."""

    task: TakeTask
    take: EncodedTake | None
    verdict: Verdict | None


class Executor(Protocol):
    """Makes and checks takes. Results are the same whatever executor they come from."""

    engine: Engine
    """The engine, or what stands for it here. The keys, seeds and sampling settings of requests come from it."""

    def run(self, tasks: Iterator[TakeTask | None], checker: Checker) -> Generator[TakeResult, None, None]:
        """Yields the results of all tasks as they come, in any order.

        Tasks are consumed lazily, in the thread that consumes the results, so that few are in flight. A None means
        that the next task comes only after another result has been yielded. `operator.length_hint(tasks)` tells how
        many could be taken at once, 0 where that is not known. checker: whose verdicts are wanted. Closing the
        generator abandons what is in flight. Raises MayaBookError where a take cannot be made or checked.
        """
        ...

    def close(self) -> None:
        """Ends the engine; the executor cannot be used afterwards."""
        ...


class OpenExecutor(Protocol):
    """Chooses and opens an engine, here or on the workers of a cluster."""

    def __call__(
        self,
        settings: Settings,
        earlier: EngineChoice | None,
        note: Callable[[str], None],
        language: str,
        *,
        is_fallback: bool = False,
    ) -> tuple[Executor, EngineChoice]:
        """Arguments and errors are those of `mayabook.engine_selection.open_engine`; is_fallback: those of
        `open_fallback_engine`."""
        ...
