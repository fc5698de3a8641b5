"""An engine and its checks on a worker, fed from a queue in a thread of their own."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from mayabook.checks import Checker
from mayabook.cluster.messages import N_ATTEMPTS, CodecFacts, EngineFacts, EngineSpec
from mayabook.engines import Engine, EngineChoice
from mayabook.engines.engine import Anchored, HasFixedSpeaker, HasFormerIdentities
from mayabook.maya.anchor import Anchor
from mayabook.maya.codec import Codec
from mayabook.render import LocalExecutor
from mayabook.render.encoded_take import EncodedTake
from mayabook.render.executor import TakeResult, TakeTask

OpenAll = Callable[[EngineSpec, Callable[[str], None]], tuple[Engine, EngineChoice, Checker]]
"""Opens the engine of a spec and the checks of its settings, with a function that takes notes for a person."""
Ask = Callable[["EngineThread"], Any]
"""A question to the engine, asked while no take is being made."""


@dataclass
class _Item:
    anchor: Anchor | None
    work: TakeTask | Ask
    answer: Future[Any] = field(default_factory=Future)
    take: EncodedTake | None = None


class EngineThread:
    """Opens the engine of a spec, with the checks of its settings, and keeps both busy.

    engine, choice, checker, notes: of the opened engine; only an `Ask` may read them.
    """

    engine: Engine
    choice: EngineChoice
    checker: Checker

    def __init__(self, spec: EngineSpec, open_all: OpenAll) -> None:
        self.spec = spec
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        self._next: _Item | None = None
        self._making: dict[str, _Item] = {}
        self.notes: list[str] = []
        threading.Thread(target=self._work, args=(open_all,), name="engine", daemon=True).start()

    def submit(self, anchor: Anchor | None, work: TakeTask | Ask) -> Future[Any]:
        """The future result: for a task a TakeResult with take and verdict, for a question its answer; or the exception
        that ended it. anchor: the one that the engine uses for it; None for none."""
        item = _Item(anchor, work)
        self._queue.put(item)
        return item.answer

    def _work(self, open_all: OpenAll) -> None:
        try:
            self.engine, self.choice, self.checker = open_all(self.spec, self.notes.append)
        except Exception as error:  # noqa: BLE001  whatever it is, whoever asks is told
            while True:
                self._queue.get().answer.set_exception(error)
        while True:
            item = self._next or self._queue.get()
            self._next = None
            try:
                self._use_anchor(item.anchor)
                if isinstance(item.work, TakeTask):
                    self._run(item)
                else:
                    item.answer.set_result(item.work(self))
            except Exception as error:  # noqa: BLE001  as above
                for failed in (item, *self._making.values()):
                    if not failed.answer.done():
                        failed.answer.set_exception(error)
                self._making.clear()

    def _use_anchor(self, anchor: Anchor | None) -> None:
        engine = self.engine
        if isinstance(engine, Anchored) and _digest(engine.anchor) != _digest(anchor):
            engine.use_anchor(anchor)

    def _run(self, first: _Item) -> None:
        """Makes and checks takes until the queue is empty or something else comes up."""
        with closing(LocalExecutor(self.engine).run(self._tasks(first), self.checker)) as results:
            for result in results:
                self._take_in(result)

    def _tasks(self, first: _Item) -> Iterator[TakeTask | None]:
        item: _Item | None = first
        n_tasks = 0
        while True:
            if item is not None:
                n_tasks += 1
                yield self._numbered(item, n_tasks)
            try:
                item = self._queue.get_nowait()
            except Empty:
                item = None
                if not self._making:
                    return
                yield None
                continue
            if not isinstance(item.work, TakeTask) or _digest(item.anchor) != _digest(first.anchor):
                self._next = item
                return

    def _numbered(self, item: _Item, number: int) -> TakeTask:
        """The task under a key of its own, since two books may ask for the same take at once."""
        task = item.work
        assert isinstance(task, TakeTask)
        request = replace(task.request, key=str(number))
        self._making[request.key] = item
        return replace(task, request=request)

    def _take_in(self, result: TakeResult) -> None:
        item = self._making[result.task.request.key]
        task = item.work
        assert isinstance(task, TakeTask)
        if result.take is not None:
            item.take = replace(result.take, request=task.request)
        if task.check is None or result.verdict is not None:
            del self._making[result.task.request.key]
            item.answer.set_result(TakeResult(task, item.take, result.verdict))


def describe(thread: EngineThread) -> EngineFacts:
    """An `Ask`: what the driver needs to know of the engine."""
    engine = thread.engine
    n_parallel = thread.choice.slots or max(1, (os.cpu_count() or 1) // 2)
    return EngineFacts(
        choice=thread.choice,
        name=engine.name,
        sample_rate=engine.sample_rate,
        voice=engine.voice,
        credit=engine.credit,
        identity=engine.identity,
        platform=engine.platform,
        samplings=tuple(dict(engine.sampling(attempt)) for attempt in range(N_ATTEMPTS)),
        checks=thread.checker.identity,
        n_in_flight=2 * n_parallel + max(1, n_parallel // 2),
        fixed_speaker=engine.fixed_speaker if isinstance(engine, HasFixedSpeaker) else None,
        former_identities=tuple(engine.former_identities) if isinstance(engine, HasFormerIdentities) else None,
        codec=_codec_facts(engine.codec) if isinstance(engine, Anchored) else None,
        notes=tuple(thread.notes),
    )


def _codec_facts(codec: Codec) -> CodecFacts:
    return CodecFacts(codec.sample_rate, codec.codebook_size, codec.noise, codec.identity, codec.platform)


def _digest(anchor: Anchor | None) -> str:
    return "" if anchor is None else anchor.digest
