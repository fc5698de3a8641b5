"""Makes and checks the takes of a book on the workers of a cluster."""

import statistics
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from operator import length_hint
from queue import Empty, SimpleQueue
from typing import Any

from mayabook.checks import Checker
from mayabook.cluster.farm import Farm, LostError, RemoteWorker
from mayabook.cluster.messages import EngineFacts, EngineSpec, EngineState, Expected, Receipt, UnusableError
from mayabook.cluster.remote_engine import AnchoredRemoteEngine, RemoteEngine
from mayabook.core.errors import ClusterError, MayaBookError
from mayabook.core.language import Language
from mayabook.core.settings import Settings
from mayabook.core.take import Take, TakeRequest
from mayabook.engines import Engine, EngineChoice
from mayabook.render import Executor, OpenExecutor
from mayabook.render.executor import TakeResult, TakeTask

MAX_LOSSES = 5
"""When so many workers were lost with the same take in flight, the take counts as the cause and the run ends."""
STRAGGLER = 2.0
"""A take that needs this many times the median duration is given to a second worker, if one is idle."""
_TICK = 0.5
"""Seconds between two looks for stragglers."""
_N_DURATIONS = 100


def opener(farm: Farm) -> OpenExecutor:
    """Opens engines on the workers of a farm."""

    def open_executor(
        settings: Settings,
        earlier: EngineChoice | None,
        note: Callable[[str], None],
        language: str,
        *,
        is_fallback: bool = False,
    ) -> tuple[Executor, EngineChoice]:
        spec = EngineSpec(settings, Language.of(language).code, earlier, is_fallback)
        facts: EngineFacts = farm.ask("describe", EngineState(spec, None))
        for line in facts.notes:
            note(line)
        return ClusterExecutor(farm, replace(spec, choice=facts.choice), facts), facts.choice

    return open_executor


class ClusterExecutor:
    """Implements `mayabook.render.Executor`."""

    def __init__(self, farm: Farm, spec: EngineSpec, facts: EngineFacts) -> None:
        self._farm, self._spec, self._n_in_flight = farm, spec, facts.n_in_flight
        self.engine: Engine = (
            RemoteEngine(facts, self._ask, self._make_takes)
            if facts.codec is None
            else AnchoredRemoteEngine(facts, facts.codec, self._ask, self._make_takes)
        )

    def run(self, tasks: Iterator[TakeTask | None], checker: Checker) -> Generator[TakeResult, None, None]:
        yield from self._run(tasks, checker.identity)

    def close(self) -> None:
        """The workers keep the engine for the next book."""

    def _run(self, tasks: Iterator[TakeTask | None], checks: str | None) -> Generator[TakeResult, None, None]:
        expected = Expected(self.engine.identity, checks)
        run = _Run(self._farm, self._state(), expected, tasks, self._n_in_flight)
        try:
            yield from run.results()
        finally:
            run.close()

    def _make_takes(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        with closing(self._run((TakeTask(request, None) for request in requests), None)) as results:
            for result in results:
                assert result.take is not None
                yield result.take.decoded()

    def _ask(self, method: str, *arguments: object) -> Any:
        return self._farm.ask(method, self._state(), *arguments)

    def _state(self) -> EngineState:
        engine = self.engine
        return EngineState(self._spec, engine.anchor if isinstance(engine, AnchoredRemoteEngine) else None)


@dataclass(eq=False)
class _Call:
    """A task in flight, on one worker or, for a straggler, on two."""

    task: TakeTask
    workers: list[RemoteWorker] = field(default_factory=list)
    n_losses: int = 0
    started: float = 0.0
    is_done: bool = False


@dataclass(frozen=True)
class _Reply:
    call: _Call
    worker: RemoteWorker
    outcome: Any
    """A Receipt, a MayaBookError, the LostError of the worker, or what its code raised."""


class _Run:
    """One call of `ClusterExecutor.run`."""

    def __init__(
        self,
        farm: Farm,
        state: EngineState,
        expected: Expected,
        tasks: Iterator[TakeTask | None],
        n_in_flight: int,
    ) -> None:
        """n_in_flight: most tasks that a worker is given at once."""
        self._farm, self._state, self._expected, self._tasks = farm, state, expected, tasks
        self._n_in_flight = n_in_flight
        self._inbox: SimpleQueue[_Reply | None] = SimpleQueue()
        self._open: set[_Call] = set()
        self._reserved: list[RemoteWorker] = []
        """A worker for each reply that is still to come."""
        self._waiting: deque[_Call] = deque()
        """Tasks for which no worker has room."""
        self._durations: deque[float] = deque(maxlen=_N_DURATIONS)
        self._looked = 0.0
        self._has_tasks = True
        self._is_blocked = False
        """Whether a result must come before the next task."""

    def results(self) -> Iterator[TakeResult]:
        while True:
            self._submit()
            if not (self._has_tasks or self._open or self._waiting):
                return
            n_tasks = len(self._open) + len(self._waiting) + length_hint(self._tasks)
            self._farm.want(self._inbox, n_tasks // self._n_in_flight)
            self._farm.tend()
            self._duplicate_stragglers()
            reply = self._next_reply()
            if reply is not None and (result := self._take_in(reply)) is not None:
                self._is_blocked = False
                yield result

    def close(self) -> None:
        """Abandons what is in flight."""
        self._farm.forget(self._inbox)
        for worker in self._reserved:
            self._farm.release(worker)

    def _submit(self) -> None:
        """Gives tasks to workers while they have room."""
        while self._waiting or self._pull():
            call = self._waiting[0]
            if not self._send(call, self._n_in_flight):
                return
            self._waiting.popleft()
            self._open.add(call)

    def _pull(self) -> bool:
        """Moves the next task to `_waiting`; returns whether there was one."""
        if not self._has_tasks or self._is_blocked:
            return False
        try:
            task = next(self._tasks)
        except StopIteration:
            self._has_tasks = False
            return False
        if task is None:
            self._is_blocked = True
            return False
        self._waiting.append(_Call(task))
        return True

    def _send(self, call: _Call, n_in_flight: int) -> bool:
        """Gives a task to a worker; returns whether one had room, which is fewer tasks in flight than n_in_flight."""
        worker = self._farm.reserve(n_in_flight, call.workers, self._inbox)
        if worker is None:
            return False
        if not call.workers:
            call.started = time.monotonic()
        call.workers.append(worker)
        self._reserved.append(worker)

        def on_reply(outcome: Any) -> None:
            self._inbox.put(_Reply(call, worker, outcome))

        self._farm.call(worker, on_reply, "make", self._state, self._expected, call.task)
        return True

    def _next_reply(self) -> _Reply | None:
        """None if no reply came for a while, or a worker has room again."""
        try:
            return self._inbox.get(timeout=_TICK)
        except Empty:
            return None

    def _take_in(self, reply: _Reply) -> TakeResult | None:
        """The result of a reply; None if the task must be done again, or another worker has done it already."""
        call, worker, outcome = reply.call, reply.worker, reply.outcome
        call.workers.remove(worker)
        self._reserved.remove(worker)
        self._farm.release(worker)
        if call.is_done:
            return None
        try:
            if isinstance(outcome, Receipt):
                return self._finish(call, outcome)
        except LostError as error:
            outcome = error
        if isinstance(outcome, LostError):
            self._farm.lose(worker, outcome)
            call.n_losses += 1
            if call.n_losses == MAX_LOSSES:
                raise ClusterError(
                    f"{MAX_LOSSES} workers were lost while they made the same take ({call.task.request.text[:200]!r}; "
                    f"{outcome}). Give the workers more memory, or leave this text out, and run the same command again."
                )
        elif isinstance(outcome, UnusableError):
            self._farm.refuse(worker, str(outcome))
        elif isinstance(outcome, MayaBookError):
            raise type(outcome)(f"Worker on {worker.node}: {outcome}") from outcome
        else:
            raise outcome
        if not call.workers:  # else another worker is still at it
            self._open.remove(call)
            self._waiting.appendleft(call)
        return None

    def _finish(self, call: _Call, receipt: Receipt) -> TakeResult:
        take = receipt.take
        if take is not None:
            take = replace(take, flac=self._farm.fetch(receipt.flac[0]))
        call.is_done = True
        self._open.remove(call)
        self._durations.append(time.monotonic() - call.started)
        return TakeResult(call.task, take, receipt.verdict)

    def _duplicate_stragglers(self) -> None:
        """When no task waits, gives those that take unusually long to idle workers, too."""
        now = time.monotonic()
        if self._waiting or not self._durations or now - self._looked < _TICK:
            return
        self._looked = now
        limit = now - STRAGGLER * statistics.median(self._durations)
        for call in sorted(self._open, key=lambda call: call.started):
            if call.started > limit or (len(call.workers) == 1 and not self._send(call, 1)):
                return
