"""Speaks any text on request, in a process that keeps one engine and the checks loaded and ends when it is idle.

The server itself loads no engine, recogniser or codec.
"""

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import BoundedSemaphore, Lock
from typing import Self

from mayabook.core.errors import Cancelled, EngineError, MayaBookError
from mayabook.studio.speech_request import SpeechCheck, SpeechRequest

IDLE_SECONDS = 300.0
"""Time without a request after which the process ends and frees its memory."""
MOST_WAITING = 8
"""Requests that may be in progress or waiting, together; each occupies a thread of the server."""
_CANCEL = "cancel"


class SpeechBusyError(MayaBookError):
    """Too many texts are waiting to be spoken."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """message: for a person."""

    message: str


class _Done:
    """Sent by the process as the last message of a request."""


class SpokenText:
    """Speech in progress: the result of its check so far, and an iterator of encoded audio (bytes).

    Close it when you are done; closing it early cancels the request.
    """

    def __init__(self, check: SpeechCheck, pieces: Iterator[bytes]) -> None:
        self.check = check
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._pieces.close()  # type: ignore[attr-defined]  # a generator that has begun


class Speech:
    """The service. May be used from several threads: requests are spoken one after the other."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._places = BoundedSemaphore(MOST_WAITING)
        self._lock = Lock()
        """Held while a text is spoken."""
        self._process: BaseProcess | None = None
        self._pipe: Connection[object, object] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether the process is running."""
        return self._process is not None and self._process.is_alive()

    def speak(self, request: SpeechRequest) -> SpokenText:
        """Returns when the first chunk has been made and checked; for a request with `verify`, when all have.

        Raises SpeechBusyError if MOST_WAITING requests are in progress or waiting, EngineError if the text cannot be
        spoken, or with `verify` if the checks accepted no take of a chunk.
        """
        if not self._places.acquire(blocking=False):
            raise SpeechBusyError(
                f"{MOST_WAITING} texts are being spoken or waiting already; try again in a few seconds."
            )
        messages = self._messages(request)
        first = next(messages)
        assert isinstance(first, SpeechCheck)
        pieces = _pieces(messages)
        next(pieces)
        return SpokenText(first, pieces)

    def _messages(self, request: SpeechRequest) -> Iterator[object]:
        """What the process sends for a request; cancels it when closed before the end."""
        try:
            with self._lock:
                message = self._begin(request)
                try:
                    while not isinstance(message, _Done):
                        if isinstance(message, _Failure):
                            raise EngineError(message.message)
                        yield message
                        message = self._receive()
                except GeneratorExit:
                    self._cancel()
                    raise
        finally:
            self._places.release()

    def _begin(self, request: SpeechRequest) -> object:
        """Sends the request, to a new process if the old one has ended, and returns the first message."""
        if self.is_loaded and self._pipe is not None:
            with suppress(EOFError, OSError):  # it was idle for long and is ending
                self._pipe.send(request)
                return self._pipe.recv()
        self._launch().send(request)
        return self._receive()

    def _receive(self) -> object:
        assert self._pipe is not None
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            self._end()
            raise EngineError(
                "The speech process ended unexpectedly, probably because memory is short; free some memory or choose a "
                "smaller model, then try again."
            ) from None

    def _cancel(self) -> None:
        """Cancels the request in progress and waits until the process has dropped it."""
        assert self._pipe is not None
        with suppress(EOFError, OSError):
            self._pipe.send(_CANCEL)
            while not isinstance(self._pipe.recv(), _Done | _Failure):
                pass

    def _launch(self) -> "Connection[object, object]":
        self._end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._idle_seconds), name="mayabook speech")
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours

    def _end(self) -> None:
        if self._process is not None and self._pipe is not None:
            self._pipe.close()
            self._process.join(timeout=5)
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None

    def close(self) -> None:
        """Ends the process, after 1 s even in the middle of a text."""
        process = self._process
        if self._lock.acquire(timeout=1):
            try:
                self._end()
            finally:
                self._lock.release()
        elif process is not None:
            process.kill()
            process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _pieces(messages: Iterator[object]) -> Iterator[bytes]:
    """The audio among the messages. The first piece is empty: a generator runs `finally` only once it has started."""
    try:
        yield b""
        for message in messages:
            assert isinstance(message, bytes)
            if message:
                yield message
    finally:
        messages.close()  # type: ignore[attr-defined]


def _serve(pipe: "Connection[object, object]", idle_seconds: float) -> None:
    """Main function of the process: serves requests in turn, until it is idle for `idle_seconds` or the server ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the server decides
    from mayabook.core.openmp import limit_spinning

    limit_spinning()
    from mayabook.studio.speech_maker import SpeechMaker

    def require_wanted() -> None:
        if pipe.poll() and pipe.recv() == _CANCEL:
            raise Cancelled("Nobody waits for this speech any more.")

    with suppress(EOFError, BrokenPipeError, ConnectionResetError), SpeechMaker() as maker:
        while pipe.poll(idle_seconds):
            request = pipe.recv()
            if not isinstance(request, SpeechRequest):  # a cancellation that came too late
                continue
            try:
                maker.speak(request, pipe.send, require_wanted)
                pipe.send(_Done())
            except MayaBookError as error:
                pipe.send(_Failure(str(error)))
