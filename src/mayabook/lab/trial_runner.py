"""Runs the trials of an experiment: synthesises and checks takes, writes a row for each, resumes interrupted runs."""

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
"""Folder of the stored takes, inside the folder of the rows."""
_UNHEARD = 8
"""Takes that may wait for the checks before the engine pauses."""


@dataclass(slots=True)
class TrialProgress:
    """Progress of an experiment; counts are takes."""

    cell: str = ""
    """Cell of the last take."""
    total: int = 0
    done: int = 0
    """Takes with a row, `resumed` included."""
    resumed: int = 0
    """Takes whose rows earlier runs wrote."""
    rejected: int = 0
    """Takes of this run that the checks rejected."""
    elapsed: float = 0.0
    """Seconds of this run."""
    audio: float = 0.0
    """Seconds of speech that this run synthesised."""

    @property
    def eta(self) -> float | None:
        """Seconds left at the rate of this run, or None before its first take."""
        fresh = self.done - self.resumed
        return (self.total - self.done) * self.elapsed / fresh if fresh and self.elapsed else None


class TrialListener(Protocol):
    """Receives the messages and the progress of an experiment, for display."""

    def say(self, line: str) -> None: ...
    def step(self, progress: TrialProgress) -> None: ...


class Hears(Protocol):
    """Judges takes, as `mayabook.checks.Checker` does."""

    identity: str
    """Fingerprint of the ASR model and the thresholds."""

    def check(self, take: Take, chunk: Chunk) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A trial: a take to synthesise for a cell of the experiment."""

    key: str
    """Identifies the trial and its row."""
    cell: str
    item: Prompt
    sampling: Mapping[str, float | str] | None = None
    """Sampler settings; None uses the engine's."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further entries of the row."""


@dataclass
class TrialRunner:
    """Runs trials on the engines of a model and records their rows."""

    plan: Plan
    material: PromptSet
    opener: ModelVariants
    rows: Rows
    watcher: TrialListener
    hearing: Hears | None = None
    """Judges the takes; None if the experiment needs no verdicts."""
    progress: TrialProgress = field(default_factory=TrialProgress)

    def __post_init__(self) -> None:
        self._started = time.perf_counter()
        self.progress.done = self.progress.resumed = sum(1 for _ in self.rows)

    def items(self, n: int | None = None) -> list[Prompt]:
        """The first n prompts; by default as many as the plan has takes per cell."""
        return self.material.prompts(n or self.plan.takes, self.plan.voice, self.plan.seed)

    def expect(self, n: int) -> None:
        """Adds n takes to the expected total."""
        self.progress.total += n

    def available(self, formats: Sequence[str]) -> list[str]:
        """The formats that are available; tells the listener why the others are skipped."""
        found = []
        for name in formats:
            reason = self.opener.unavailable_reason(name)
            if reason is None:
                found.append(name)
            else:
                self.watcher.say(f"Skipped {name}: {reason}")
        return found

    def speak(self, name: str, wanted: Sequence[Wanted], stop: Callable[[], bool] | None = None) -> None:
        """Runs trials on the engine of a format."""
        self.run(partial(self.opener.open, name), wanted, stop)

    def run(
        self, open_engine: Callable[[], Engine], wanted: Sequence[Wanted], stop: Callable[[], bool] | None = None
    ) -> None:
        """Runs the trials that have no row yet. The engine is opened only if there are any, and then closed.

        stop: called after each take; True ends the call once the takes already synthesised have their rows.
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
        """Synthesises the takes; threads check them meanwhile, and rows are written in the order of synthesis."""
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
        """The engine request of a trial."""
        sampling = engine.sampling(0) if want.sampling is None else want.sampling
        return TakeRequest(want.key, want.item.chunk.spoken, engine.voice, want.item.seed, sampling=sampling)

    def _row(self, want: Wanted, take: Take) -> Row:
        """Judges a take and returns its row; stores the audio of rejected takes, or of all if the plan says so."""
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
        """Writes the row of a take and counts its audio and verdict."""
        self.add(row)
        self.progress.audio += row["audio_seconds"]
        self.progress.rejected += row.get("accepted") is False

    def add(self, row: Row) -> None:
        """Writes a row, counts it as a take and reports the progress."""
        self.rows.add(row)
        self.progress.cell = row["cell"]
        self.progress.done += 1
        self.progress.elapsed = time.perf_counter() - self._started
        self.watcher.step(self.progress)


def take_row(item: Prompt, take: Take, verdict: Verdict | None) -> dict[str, Any]:
    """The entries that describe a take and its verdict.

    token_errors: Levenshtein distance to the n_true true tokens. memory: resident bytes of this process.
    """
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
    """Fingerprint of a take's codes, 16 hexadecimal digits."""
    return hashlib.sha256(f"{frames.shape} ".encode() + np.ascontiguousarray(frames, np.int32).tobytes()).hexdigest()[
        :16
    ]


def token_errors(frames: Frames, truth: Frames) -> int:
    """Levenshtein distance between the tokens of two takes; a token is a code and its position in the frame."""
    return int(Levenshtein.distance(_numbers(frames), _numbers(truth)))


def _numbers(frames: Frames) -> list[int]:
    """A distinct number for each pair of a code and its position in the frame."""
    numbers: list[int] = (frames.astype(np.int64) * CODES_PER_FRAME + np.arange(CODES_PER_FRAME)).reshape(-1).tolist()
    return numbers


def cells(rows: Iterator[Row] | Sequence[Row]) -> dict[str, list[Row]]:
    """Groups rows by cell, in the order of each cell's first row."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["cell"], []).append(row)
    return found
