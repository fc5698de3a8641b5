"""The worker's loop: reads requests from stdin, lets the back end draw tokens, and ends takes as every engine does."""

import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import IO, Any, Protocol

from mayabook.core.take import StopReason
from mayabook.engines.scheduler import DecodingRequest, RunningTake
from mayabook.engines.vllm.batch_sampler import Draw
from mayabook.engines.vllm.messages import (
    Message,
    WorkerOptions,
    read_message,
    read_request,
    write_codes,
    write_message,
)
from mayabook.maya.token_layout import Layout

_REASON_CHARS = 300
"""Longest reason of a failure; libraries may print a page."""


class Backend(Protocol):
    """What draws the tokens."""

    version: str
    """Of the library."""
    platform: str
    """What computes, as in `Engine.platform`."""

    def add(self, key: str, request: DecodingRequest) -> None: ...

    def step(self) -> Iterable[Draw]:
        """One token for each take that is in the batch; others wait."""
        ...

    def end(self, key: str) -> None:
        """Forgets a take that has ended, whether or not the back end ended it itself."""
        ...


def work(open_backend: Callable[[WorkerOptions], Backend]) -> None:
    """Serves requests until stdin ends. Anything that is printed goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; MayaBook decides
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    messages: queue.Queue[Message] = queue.Queue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, messages), daemon=True).start()
    try:
        content = dict(messages.get())
        content.pop("kind")
        options = WorkerOptions(**content)
        backend = open_backend(options)
        write_message(answers, "opened", version=backend.version, platform=backend.platform)
        _serve(messages, answers, backend, Layout.from_json(options.layout, "the worker's options"))
    except Exception as error:  # noqa: BLE001  whatever the library raises becomes one line
        line = " ".join(str(error).split())[:_REASON_CHARS]
        write_message(answers, "failed", reason=": ".join(filter(None, [type(error).__name__, line])))
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # the thread that waits for stdin would keep Python from ending properly


def _read(stream: IO[bytes], messages: "queue.Queue[Message]") -> None:
    """Ends the process with the stream: MayaBook has ended, or closed the engine."""
    while (message := read_message(stream)) is not None:
        messages.put(message)
    os._exit(0)


def _serve(messages: "queue.Queue[Message]", answers: IO[bytes], backend: Backend, layout: Layout) -> None:
    takes: dict[str, RunningTake] = {}
    while True:
        while not takes or not messages.empty():
            _obey(messages.get(), takes, backend)
        started = time.perf_counter()
        for draw in backend.step():
            take = takes[draw.key]
            if not take.tokens:
                take.started = started  # it may have waited before
            stop, detail = _add(take, draw, layout, backend)
            if stop is not None:
                del takes[draw.key]
                backend.end(draw.key)
                write_codes(answers, take.sampled(stop, detail, layout))


def _obey(message: Message, takes: dict[str, RunningTake], backend: Backend) -> None:
    if message["kind"] == "take":
        takes[message["key"]] = RunningTake(read_request(message))
        backend.add(message["key"], takes[message["key"]].request)
    else:  # abandon
        for key in takes:
            backend.end(key)
        takes.clear()


def _add(take: RunningTake, draw: Draw, layout: Layout, backend: Any) -> tuple[StopReason | None, str]:
    if not draw.is_finite:
        return StopReason.NOT_FINITE, f"the model's logits were not finite on {backend.platform}"
    return take.add(draw.token, draw.trace, layout)
