"""The workbench: takes requests through an engine, has them heard, and writes a row for each; goes on where it was."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import psutil
from rapidfuzz.distance import Levenshtein

from mayabook.core.audio_files import write_flac
from mayabook.core.chunk import Chunk
from mayabook.core.files import make_folder
from mayabook.core.take import Take, TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.engines import Engine
from mayabook.lab.model_variants import ModelVariants
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import Prompt, PromptSet
from mayabook.lab.rows import Row, Rows
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import CODES_PER_FRAME

AUDIO = "audio"
_UNHEARD = 8
"""Takes that may wait to be heard before the engine has to."""


@dataclass(slots=True)
class TrialProgress:
    """Takes. elapsed: seconds of this run. audio: seconds of speech made in it."""

    cell: str = ""
    total: int = 0
    done: int = 0
    resumed: int = 0
    rejected: int = 0
    elapsed: float = 0.0
    audio: float = 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to go at the pace of this run, None before there is one."""
        fresh = self.done - self.resumed
        return (self.total - self.done) * self.elapsed / fresh if fresh and self.elapsed else None


class TrialListener(Protocol):
    def say(self, line: str) -> None: ...
    def step(self, progress: TrialProgress) -> None: ...


class Hears(Protocol):
    """`mayabook.checks.Checker`. identity: of recogniser and thresholds."""

    identity: str

    def check(self, take: Take, chunk: Chunk) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A take to make. extra: what its row says besides. sampling: in place of the engine's own where it is not None."""

    key: str
    cell: str
    item: Prompt
    sampling: Mapping[str, float | str] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class TrialRunner:
    """What an experiment works with. hearing: judges takes; None where the experiment needs no verdicts."""

    plan: Plan
    material: PromptSet
    opener: ModelVariants
    rows: Rows
    watcher: TrialListener
    hearing: Hears | None = None
    progress: TrialProgress = field(default_factory=TrialProgress)

    def __post_init__(self) -> None:
        self._started = time.perf_counter()
        self.progress.done = self.progress.resumed = sum(1 for _ in self.rows)

    def items(self, n: int | None = None) -> list[Prompt]:
        return self.material.prompts(n or self.plan.takes, self.plan.voice, self.plan.seed)

    def expect(self, n: int) -> None:
        """So many takes more are to come."""
        self.progress.total += n

    def available(self, formats: Sequence[str]) -> list[str]:
        """Those that can be had; says why the others cannot."""
        found = []
        for name in formats:
            reason = self.opener.unavailable_reason(name)
            if reason is None:
                found.append(name)
            else:
                self.watcher.say(f"Skipped {name}: {reason}")
        return found

    def speak(self, name: str, wanted: Sequence[Wanted], stop: Callable[[], bool] | None = None) -> None:
        """`run` with the engine of a format."""
        self.run(partial(self.opener.open, name), wanted, stop)

    def run(
        self, open_engine: Callable[[], Engine], wanted: Sequence[Wanted], stop: Callable[[], bool] | None = None
    ) -> None:
        """Makes the takes that have no row yet; the engine is opened only where there are any, and closed.

        stop: asked after each row, ends the call.
        """
        missing = [want for want in wanted if want.key not in self.rows]
        if not missing:
            return
        engine = open_engine()
        try:
            self._make(engine, missing, stop)
        finally:
            engine.close()

    def _make(self, engine: Engine, missing: Sequence[Wanted], stop: Callable[[], bool] | None) -> None:
        by_key = {want.key: want for want in missing}
        requests = (self.request(engine, want) for want in missing)
        pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix="hear")
        waiting: list[Future[Row]] = []
        try:
            with closing(engine.generate(requests)) as takes:
                for take in takes:
                    waiting.append(pool.submit(self._row, by_key[take.request.key], take))
                    while waiting and (waiting[0].done() or len(waiting) > _UNHEARD):
                        self._record(waiting.pop(0).result())
                    if stop is not None and stop():
                        break
            for future in waiting:
                self._record(future.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def request(self, engine: Engine, want: Wanted) -> TakeRequest:
        sampling = engine.sampling(0) if want.sampling is None else want.sampling
        return TakeRequest(want.key, want.item.chunk.spoken, engine.voice, want.item.seed, sampling=sampling)

    def _row(self, want: Wanted, take: Take) -> Row:
        verdict = None if self.hearing is None else self.hearing.check(take, want.item.chunk)
        row = {"key": want.key, "cell": want.cell, **take_row(want.item, take, verdict), **want.extra}
        if self.plan.keep_audio or (verdict is not None and not verdict.accepted):
            folder = self.rows.folder / AUDIO
            make_folder(folder)
            name = f"{hashlib.sha256(want.key.encode()).hexdigest()[:16]}.flac"
            write_flac(folder / name, take.audio, take.sample_rate)
            row["audio"] = f"{AUDIO}/{name}"
        return row

    def _record(self, row: Row) -> None:
        self.add(row)
        self.progress.audio += row["audio_seconds"]
        self.progress.rejected += row.get("accepted") is False

    def add(self, row: Row) -> None:
        """A row of something that counts as a take."""
        self.rows.add(row)
        self.progress.cell = row["cell"]
        self.progress.done += 1
        self.progress.elapsed = time.perf_counter() - self._started
        self.watcher.step(self.progress)


def take_row(item: Prompt, take: Take, verdict: Verdict | None) -> dict[str, Any]:
    """What is kept of a take. token_errors: Levenshtein's distance to the truth, in tokens of n_true."""
    row: dict[str, Any] = {
        "item": item.number,
        "chunk": item.chunk_number,
        "text": item.chunk.text,
        "seed": take.request.seed,
        "stop": take.stop.value,
        "audio_seconds": round(take.duration, 3),
        "seconds": round(take.seconds, 3),
        "memory": psutil.Process().memory_info().rss,
        "ended": round(time.time(), 3),
        "detail": take.detail,
    }
    if take.codes is not None:
        row |= {"tokens": digest(take.codes.frames), "n_tokens": take.codes.frames.size}
        if len(take.codes.removed):
            row["removed"] = round(float(take.codes.removed.astype(np.float64).mean()), 6)
            row["log_probability"] = round(float(take.codes.log_probability.astype(np.float64).mean()), 6)
        if item.true_frames is not None:
            row |= {"token_errors": token_errors(take.codes.frames, item.true_frames), "n_true": item.true_frames.size}
            row["duration_ratio"] = round(len(take.codes.frames) / max(1, len(item.true_frames)), 4)
    if verdict is not None:
        row |= {
            "accepted": verdict.accepted,
            "findings": [finding.kind.value for finding in verdict.findings],
            "evidence": [f"{finding.kind.value}: {finding.evidence}" for finding in verdict.findings],
            "errors": verdict.errors,
            "n_words": verdict.n_words,
            "transcript": verdict.transcript,
        }
    return row


def digest(frames: Frames) -> str:
    """Names the codes of a take: equal only for equal codes."""
    return hashlib.sha256(f"{frames.shape} ".encode() + np.ascontiguousarray(frames, np.int32).tobytes()).hexdigest()[
        :16
    ]


def token_errors(frames: Frames, truth: Frames) -> int:
    return int(Levenshtein.distance(_numbers(frames), _numbers(truth)))


def _numbers(frames: Frames) -> list[int]:
    """One number for each code and its position in the frame."""
    numbers: list[int] = (frames.astype(np.int64) * CODES_PER_FRAME + np.arange(CODES_PER_FRAME)).reshape(-1).tolist()
    return numbers


def cells(rows: Iterator[Row] | Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by cell, in the order in which cells were begun."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["cell"], []).append(row)
    return found
