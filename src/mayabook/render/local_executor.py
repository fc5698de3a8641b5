"""Makes takes by one engine in this process, and checks them in threads while the engine makes the next ones."""

import os
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing

from mayabook.checks import Checker
from mayabook.core.take import TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.engines import Engine
from mayabook.render.encoded_take import EncodedTake
from mayabook.render.executor import TakeResult, TakeTask

_BACKLOG_PER_CHECKER = 2
"""Takes queued for each checking thread before the engine is made to wait; more would only cost memory."""


class LocalExecutor:
    """Implements `Executor`."""

    def __init__(self, engine: Engine) -> None:
        """engine: closed by `close`."""
        self.engine = engine
        self._n_threads = max(2, os.cpu_count() or 1)

    def run(self, tasks: Iterator[TakeTask | None], checker: Checker) -> Generator[TakeResult, None, None]:
        checker.load()  # an unusable recogniser ends the run now, not when a take has been made
        pool = ThreadPoolExecutor(self._n_threads, thread_name_prefix="check")
        try:
            yield from _Run(self.engine, tasks, checker, pool, self._n_threads * _BACKLOG_PER_CHECKER).results()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        self.engine.close()


class _Run:
    """One call of `LocalExecutor.run`. backlog: takes that may wait for their check."""

    def __init__(
        self,
        engine: Engine,
        tasks: Iterator[TakeTask | None],
        checker: Checker,
        pool: ThreadPoolExecutor,
        backlog: int,
    ) -> None:
        self._engine, self._tasks, self._checker, self._pool = engine, tasks, checker, pool
        self._backlog = backlog
        self._making: dict[tuple[str, int], TakeTask] = {}
        self._checking: dict[Future[Verdict], TakeTask] = {}
        self._has_tasks = True

    def results(self) -> Iterator[TakeResult]:
        while self._has_tasks:
            with closing(self._engine.generate(self._requests())) as takes:
                for spoken in takes:
                    task = self._making.pop((spoken.request.key, spoken.request.attempt))
                    take = EncodedTake.of(spoken, self._engine)
                    yield TakeResult(task, take, None)
                    self._check(task, take)
                    yield from self._verdicts(at_most=self._backlog)
            yield from self._verdicts(at_most=max(0, len(self._checking) - 1))
        yield from self._verdicts(at_most=0)

    def _requests(self) -> Iterator[TakeRequest]:
        """Starts the checks of takes that exist already. Ends where a result must be yielded before the next task."""
        for task in self._tasks:
            if task is None:
                return
            if task.take is None:
                self._making[task.request.key, task.request.attempt] = task
                yield task.request
            else:
                self._check(task, task.take)
                if len(self._checking) > self._backlog and not self._making:
                    return
        self._has_tasks = False

    def _check(self, task: TakeTask, take: EncodedTake) -> None:
        if task.check is not None:
            self._checking[self._pool.submit(task.check.verdict, take, self._checker)] = task

    def _verdicts(self, at_most: int) -> Iterator[TakeResult]:
        """The verdicts that are ready; waits while more than `at_most` checks are outstanding."""
        while True:
            done, _ = wait(
                self._checking, timeout=None if len(self._checking) > at_most else 0, return_when=FIRST_COMPLETED
            )
            for future in done:
                yield TakeResult(self._checking.pop(future), None, future.result())
            if len(self._checking) <= at_most:
                return
