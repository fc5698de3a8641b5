"""Worker processes that each serve one request at a time over a pipe of their own.

A worker whose parent is killed reads the end of its pipe and ends; one that is killed itself is replaced, and its
request sent again.
"""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Generic, TypeVar

from mayabook.core.errors import EngineError

MAX_DEATHS = 3
"""Times that a worker may die on one request before the request counts as the cause."""

Request = TypeVar("Request")
Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class _Failure:
    message: str


def _serve(pipe: "Connection[object, object]", start: Callable[[], Callable[[Request], Reply]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    try:
        serve = start()
        while True:
            request: Request = pipe.recv()  # type: ignore[assignment]
            try:
                pipe.send(serve(request))
            except (ValueError, RuntimeError, KeyError, IndexError) as error:
                pipe.send(_Failure(f"{type(error).__name__}: {error}"))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Keeps new processes from running the caller's script again.

    multiprocessing imports the parent's main module in each process that it spawns. A script that calls
    `make_audiobook` without an `if __name__ == "__main__"` would call it again there.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class Workers(Generic[Request, Reply]):
    """A pool of worker processes that load the model once and answer requests.

    start: a picklable function that loads the model in the worker and returns the function that answers a request.
    """

    def __init__(self, start: Callable[[], Callable[[Request], Reply]], n_workers: int) -> None:
        self._start = start
        self._processes: dict[Connection[object, object], BaseProcess] = {}
        self._n_workers = n_workers

    def serve(self, requests: Iterable[Request]) -> Generator[tuple[Request, Reply], None, None]:
        """Yields replies as they come. A request is consumed only when a worker is free.

        Raises EngineError when a request fails, or costs MAX_DEATHS workers.
        """
        while len(self._processes) < self._n_workers:
            self._launch()
        waiting = iter(requests)
        idle = list(self._processes)
        busy: dict[Connection[object, object], tuple[Request, int]] = {}
        try:
            while True:
                while idle and (request := next(waiting, None)) is not None:
                    self._give(idle.pop(), request, busy, deaths=0)
                if not busy:
                    return
                for pipe in wait(list(busy)):
                    assert isinstance(pipe, Connection)
                    request, deaths = busy.pop(pipe)
                    try:
                        reply = pipe.recv()
                    except (EOFError, ConnectionResetError):
                        if deaths + 1 == MAX_DEATHS:
                            raise EngineError(
                                f"A worker process died {MAX_DEATHS} times on the same text ({str(request)[:200]!r}); "
                                "free some memory or use fewer --workers, then run the same command again."
                            ) from None
                        self._end(pipe)
                        self._give(self._launch(), request, busy, deaths + 1)
                        continue
                    if isinstance(reply, _Failure):
                        raise EngineError(
                            f"The engine failed on {str(request)[:200]!r} ({reply.message}); "
                            "run the same command again; if it fails again, leave this text out."
                        )
                    idle.append(pipe)
                    yield request, reply
        finally:
            for pipe in busy:  # a reply that nobody awaits must not answer the next request
                self._end(pipe)

    def _give(
        self,
        pipe: "Connection[object, object]",
        request: Request,
        busy: "dict[Connection[object, object], tuple[Request, int]]",
        deaths: int,
    ) -> None:
        try:
            pipe.send(request)
        except (BrokenPipeError, ConnectionResetError):  # it died while idle
            self._end(pipe)
            pipe = self._launch()
            pipe.send(request)
        busy[pipe] = (request, deaths)

    def _launch(self) -> "Connection[object, object]":
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._start), daemon=True)
        with _no_main_module():
            process.start()
        theirs.close()
        self._processes[ours] = process
        return ours

    def _end(self, pipe: "Connection[object, object]") -> None:
        process = self._processes.pop(pipe)
        pipe.close()
        process.kill()
        process.join()

    def close(self) -> None:
        for pipe in list(self._processes):
            self._end(pipe)
