"""The Ray actor of a cluster: serves the tasks of the driver with the engines and checks of its node."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import ObjectStoreFullError, OutOfDiskError

from mayabook.checks import Checker
from mayabook.cluster.engine_thread import Ask, EngineThread, describe
from mayabook.cluster.messages import EngineFacts, EngineSpec, EngineState, Expected, Receipt, UnusableError
from mayabook.core.errors import MayaBookError, OutputError
from mayabook.core.openmp import limit_spinning
from mayabook.core.take import Audio
from mayabook.core.version import __version__
from mayabook.engine_selection import open_engine, open_fallback_engine
from mayabook.engines import Engine, EngineChoice
from mayabook.engines.engine import Anchored
from mayabook.maya.frames import Frames
from mayabook.render.executor import TakeResult, TakeTask


class Worker:
    """Opens an engine when a task first asks for it. A MayaBookError is returned, not raised: Ray would wrap it."""

    def __init__(self) -> None:
        limit_spinning()
        self._threads: dict[str, EngineThread] = {}
        self._facts: dict[tuple[str, str], EngineFacts] = {}

    def open(self, spec: EngineSpec, note: Callable[[str], None]) -> tuple[Engine, EngineChoice, Checker]:
        """Opens the engine and the checks, in the engine's thread. Simulations override this."""
        open_it = open_fallback_engine if spec.is_fallback else open_engine
        engine, choice = open_it(spec.settings, spec.choice, note, spec.language)
        checker = Checker(spec.settings.checks, spec.language)
        checker.load()
        return engine, choice, checker

    async def version(self) -> str:
        """Of MayaBook on this node."""
        return __version__

    async def describe(self, state: EngineState) -> EngineFacts | MayaBookError:
        """Opens the engine if it is not open. Facts are kept, as a question waits for the takes in progress."""
        key = state.spec.key, "" if state.anchor is None else state.anchor.digest
        if key not in self._facts:
            facts = await self._ask(state, describe)
            if isinstance(facts, MayaBookError):
                return UnusableError(str(facts))
            self._facts[key] = facts
            chosen = replace(state.spec, choice=facts.choice)
            self._threads.setdefault(chosen.key, self._threads[state.spec.key])
        return self._facts[key]

    async def unsupported_reason(self, state: EngineState, text: str) -> Any:
        """As `Engine.unsupported_reason`, or a MayaBookError."""
        return await self._ask(state, lambda thread: thread.engine.unsupported_reason(text))

    async def decode(self, state: EngineState, frames: Frames, seeds: Sequence[int]) -> Any:
        """Samples from the codec of an `Anchored` engine, or a MayaBookError."""

        def decode(thread: EngineThread) -> Audio:
            assert isinstance(thread.engine, Anchored)
            return thread.engine.codec.decode(frames, seeds)

        return await self._ask(state, decode)

    async def make(self, state: EngineState, expected: Expected, task: TakeTask) -> Receipt | MayaBookError:
        """Makes and checks a take. Returns UnusableError if engine or checks are not those that the driver expects."""
        facts = await self.describe(state)
        if isinstance(facts, MayaBookError):
            return facts
        for what, own, wanted in (
            ("another model or engine", facts.identity, expected.identity),
            ("other checks", facts.checks, expected.checks),
        ):
            if wanted is not None and own != wanted:
                return UnusableError(
                    f"It has {what} ({own}) than the first worker ({wanted}); install the same model "
                    "and packages there."
                )
        result = await _answer(self._thread(state.spec).submit(state.anchor, task))
        if isinstance(result, MayaBookError):
            return result
        try:
            return _receipt(result)
        except (OutOfDiskError, ObjectStoreFullError):
            return UnusableError("Ray's object store and the disk are full there; free some space below /tmp/ray.")

    async def _ask(self, state: EngineState, question: Ask) -> Any:
        return await _answer(self._thread(state.spec).submit(state.anchor, question))

    def _thread(self, spec: EngineSpec) -> EngineThread:
        if spec.key not in self._threads:
            self._threads[spec.key] = EngineThread(spec, self.open)
        return self._threads[spec.key]


async def _answer(future: Future[Any]) -> Any:
    try:
        return await asyncio.wrap_future(future)
    except OutputError as error:
        return UnusableError(str(error))
    except MayaBookError as error:
        return error
    except OSError as error:
        return UnusableError(f"{error}; free space on that node's disk, or make the folder writable.")


def _receipt(result: TakeResult) -> Receipt:
    if result.take is None:
        return Receipt(None, (), result.verdict)
    return Receipt(replace(result.take, flac=b""), (ray.put(result.take.flac),), result.verdict)
