"""A generator of codes in a worker process of another environment."""

import itertools
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import IO

from mayabook.core.errors import EngineError
from mayabook.engines.scheduler import DecodingRequest, SampledCodes
from mayabook.engines.vllm.messages import (
    Message,
    WorkerOptions,
    read_codes,
    read_message,
    write_message,
    write_request,
)
from mayabook.maya.token_layout import Layout

AHEAD = 2
"""Takes that wait in the worker, so that it need not wait for the next request when one ends."""
_WAIT = 0.05
"""Seconds between two chances for the caller to do other work."""
_TAIL_BYTES = 1 << 16


class WorkerGenerator:
    """Implements `CodeGenerator`. Raises EngineError, in one line, if the worker fails or dies; the caller keeps the
    finished takes and can request the others again."""

    def __init__(
        self,
        command: Sequence[str],
        options: WorkerOptions,
        *,
        name: str,
        identity: str,
        device: str,
        version: str | None = None,
    ) -> None:
        """command: starts the worker. name: of the library, for errors. identity: as in `CodeGenerator`. version: the
        one that the worker must report; None for any."""
        self.layout = Layout.from_json(options.layout, "the worker's options")
        self.n_slots, self.n_context = options.n_slots, options.n_context
        self.identity = self.former_identity = identity
        self.device = device
        self._name = name
        self._numbers = itertools.count()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C is for MayaBook, which closes the engine
        )
        assert self._process.stdin is not None
        self._requests = self._process.stdin
        self._answers: queue.Queue[Message | None] = queue.Queue()
        threading.Thread(target=self._read, name=f"{name} answers", daemon=True).start()
        try:
            self._send_options(options)
            opened = self._require(self._answers.get())
            if version is not None and opened["version"] != version:
                raise EngineError(
                    f"The environment of {name} has version {opened['version']}, and this MayaBook needs {version}; "
                    f"run: mayabook engines remove {name} --yes, and then mayabook engines install {name}"
                )
        except BaseException:
            self.close()
            raise
        self.platform: str = opened["platform"]

    def run(self, requests: Iterable[DecodingRequest]) -> Generator[SampledCodes | None, None, None]:
        waiting = iter(requests)
        under_way: dict[str, DecodingRequest] = {}
        try:
            while True:
                while len(under_way) < self.n_slots + AHEAD and (new := next(waiting, None)) is not None:
                    key = str(next(self._numbers))
                    under_way[key] = new
                    self._send(key, new)
                if not under_way:
                    return
                try:
                    message = self._require(self._answers.get(timeout=_WAIT))
                except queue.Empty:
                    yield None
                    continue
                request = under_way.pop(message["key"], None)
                if request is not None:  # else it was abandoned, and its take came late
                    yield read_codes(message, request.request)
        finally:
            if under_way:
                with suppress(OSError):
                    write_message(self._requests, "abandon")

    def close(self) -> None:
        """The worker ends with its stdin."""
        with suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):  # the engine was closed
            while (message := read_message(self._process.stdout)) is not None:
                self._answers.put(message)
        self._answers.put(None)

    def _send_options(self, options: WorkerOptions) -> None:
        with suppress(OSError):  # it is dead, and `_require` says why
            write_message(self._requests, "open", **asdict(options))

    def _send(self, key: str, request: DecodingRequest) -> None:
        with suppress(OSError):
            write_request(self._requests, key, request)

    def _require(self, message: Message | None) -> Message:
        """Returns the message. Raises EngineError if it says that the worker failed, or is None: the worker is dead."""
        if message is None:
            raise EngineError(f"The worker of {self._name} {self._cause_of_death()}.")
        if message["kind"] == "failed":
            raise EngineError(
                f"{self._name} failed ({message['reason']}); if memory is short, use fewer --slots or a shorter "
                "--context; then run the same command again: finished takes are kept."
            )
        return message

    def _cause_of_death(self) -> str:
        status = self._process.wait()
        again = "run the same command again: finished takes are kept"
        if status == -signal.SIGKILL:
            return (
                f"was killed, as happens when memory is short; use fewer --slots or a shorter --context, then {again}"
            )
        why = signal.Signals(-status).name if status < 0 else f"exit code {status}"
        line = self._last_line()
        return (
            f"died ({why}{': ' if line else ''}{line}); {again}. If it dies again, reinstall it: mayabook engines "
            f"remove {self._name} --yes && mayabook engines install {self._name}"
        )

    def _last_line(self) -> str:
        """The last line that the worker printed; empty if it printed nothing."""
        end = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, end - _TAIL_BYTES))
        lines = self._log.read().decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
