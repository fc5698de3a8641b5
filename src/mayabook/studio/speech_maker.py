"""Speaks and checks any text, with the renderer of books. It runs in the speech service's process."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mayabook.checks import Checker
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.audio_files import read_flac
from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.errors import EngineError, ScriptError
from mayabook.core.events import RenderProgress
from mayabook.core.settings import RetrySettings, Settings
from mayabook.core.take import Audio
from mayabook.engines import EngineChoice
from mayabook.engines.engine import Anchored
from mayabook.engines.registry import with_levels
from mayabook.master import TakeSegment, build_timeline
from mayabook.master.trim import faded
from mayabook.pipeline import open_local_executor, plan_chunks
from mayabook.render import Executor, Job, JobAnchor, PlannedChunk, Renderer, StoredTake
from mayabook.render.job import SUFFIX
from mayabook.script import write_script
from mayabook.studio.speech_encoder import SpeechEncoder
from mayabook.studio.speech_request import CheckResult, SpeechCheck, SpeechRequest

_ONE_TAKE = RetrySettings(trim=False, attempts=1, patch=0, split=0)

Send = Callable[[SpeechCheck | bytes], None]
"""Called once with the result of the checks, then with encoded audio, piece by piece."""


class SpeechMaker:
    """Keeps the last used engine open, with its anchor, so that its requests share one speaker. A context manager."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mayabook-speech-"))
        self._opened: _OpenedEngine | None = None

    def speak(self, request: SpeechRequest, send: Send, tell: Callable[[], None]) -> None:
        """send: receives the result. tell: called after each step; an exception from it cancels the request.

        Raises EngineError if the engine cannot be opened or cannot speak the text, or if the request is to be verified
        and no take of a chunk was accepted; ScriptError if the text has no words.
        """
        engine = self._engine(request.settings)
        with self._temporary_job("text") as job:
            _Speaking(request, engine, job, send, tell).run()

    def _engine(self, settings: Settings) -> "_OpenedEngine":
        if self._opened is None or self._opened.asked != settings:
            self.close_engine()
            executor, choice = open_local_executor(settings, None, lambda note: None, "en")
            self._opened = _OpenedEngine(settings, executor, choice)
            if isinstance(executor.engine, Anchored):
                with self._temporary_job("anchor") as job:
                    anchor = JobAnchor(job, lambda note: None)
                    anchor.settle(executor, settings.maya, choice.model, self._opened.checker, has_begun=False)
        return self._opened

    @contextmanager
    def _temporary_job(self, name: str) -> Iterator[Job]:
        folder = self._folder / f"{name}{SUFFIX}"
        try:
            with Job(folder) as job:
                yield job
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close_engine(self) -> None:
        if self._opened is not None:
            self._opened.executor.close()
            self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_engine()
        shutil.rmtree(self._folder, ignore_errors=True)


class _OpenedEngine:
    """An engine with the checks of its takes. asked: the settings that it was opened for."""

    def __init__(self, asked: Settings, executor: Executor, choice: EngineChoice) -> None:
        self.asked, self.executor, self.choice = asked, executor, choice
        self.settings = with_levels(asked, choice.tuned)
        self.checker = Checker(asked.checks, "en")


class _Speaking:
    """One request."""

    def __init__(
        self, request: SpeechRequest, opened: _OpenedEngine, job: Job, send: Send, tell: Callable[[], None]
    ) -> None:
        self._request, self._opened, self._job, self._send, self._tell = request, opened, job, send, tell
        engine = opened.executor.engine
        reason = engine.unsupported_reason(request.text)
        if reason is not None:
            raise EngineError(f"This text cannot be spoken: {reason}. Choose an engine that speaks its language.")
        book = _book_of(request.text)
        script = write_script(book, opened.choice.chunk_limits(opened.settings.script))
        if not script.chunks:
            raise ScriptError("This text contains nothing to speak; send one with words.")
        self._plan = plan_chunks(book, script, engine)
        self._n_sent = 0
        self._encoder = SpeechEncoder(request.format, engine.sample_rate, request.speed)

    def run(self) -> None:
        retry = self._opened.settings.retry.model_copy(update={"engine": "none"})
        Renderer(
            self._job,
            self._plan,
            self._opened.executor,
            self._opened.checker,
            retry if self._request.verify else _ONE_TAKE,
            self._on_progress,
        ).run()
        if self._request.verify:
            self._require_accepted()
        self._send_judged()
        self._send(self._encoder.finish())

    def _on_progress(self, progress: RenderProgress) -> None:
        self._tell()
        if not self._request.verify:
            self._send_judged()

    def _send_judged(self) -> None:
        """Sends the audio of the next chunks, in order, up to the first that has no verdict yet."""
        while self._n_sent < len(self._plan):
            item = self._plan[self._n_sent]
            take = self._kept(item)
            if take is None:
                return
            if not self._n_sent:
                self._send(self._check(item, take))
            self._n_sent += 1
            audio = _with_pause(take, item, is_last=self._n_sent == len(self._plan))
            self._send(self._encoder.encode(audio))

    def _kept(self, item: PlannedChunk) -> StoredTake | None:
        return self._job.ledger.kept(item.key, self._opened.checker.identity)

    def _check(self, first: PlannedChunk, take: StoredTake) -> SpeechCheck:
        """The result of the checks for the whole text, as known when its first chunk is sent."""
        if self._request.verify:
            return SpeechCheck(CheckResult.ACCEPTED)
        if not take.is_good:
            return SpeechCheck(CheckResult.REJECTED, self._defects(take))
        return SpeechCheck(CheckResult.ACCEPTED if len(self._plan) == 1 else CheckResult.UNKNOWN)

    def _defects(self, take: StoredTake) -> tuple[str, ...]:
        verdict = self._job.ledger.verdict(take, self._opened.checker.identity)
        assert verdict is not None
        found = [finding for finding in verdict.findings if finding.weight >= REJECTION_WEIGHT]
        return tuple(dict.fromkeys(finding.kind.value for finding in found))

    def _require_accepted(self) -> None:
        for item in self._plan:
            take = self._kept(item)
            assert take is not None
            if not take.is_good:
                raise EngineError(
                    f"The checks accepted no take of {item.chunk.text[:80]!r} ({', '.join(self._defects(take))}); "
                    "change the text or the voice, or leave out verify."
                )


def _book_of(text: str) -> Book:
    """A book of one chapter; each line of the text is a paragraph."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    blocks = tuple(
        Block(BlockKind.PARAGRAPH, line, "text", f"/p[{number}]")
        for number, line in enumerate(filter(None, lines), start=1)
    )
    return Book("", (), (Chapter(1, "", blocks),))


def _with_pause(take: StoredTake, item: PlannedChunk, *, is_last: bool) -> Audio:
    """The take with leading and trailing silence trimmed, followed by the chunk's pause (none after the last chunk)."""
    segment = TakeSegment(take.file, item.chunk.chapter, item.chunk.text, item.chunk.pause)
    timeline = build_timeline([segment], {}, Settings().master)
    (clip,) = timeline.clips
    audio = faded(read_flac(take.file)[0][clip.first : clip.stop], timeline.sample_rate)
    silence = 0 if is_last else timeline.n_samples - clip.end
    return np.concatenate([audio, np.zeros(silence, np.float32)])
