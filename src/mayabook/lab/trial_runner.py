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

AUDIO_FOLDER = "audio"
"""Folder of the stored takes, inside the folder of the rows."""
_MAX_UNCHECKED = 8
"""Takes that may wait for the checks before the engine pauses."""


@dataclass(slots=True)
class TrialProgress:
    """Progress of an experiment; counts are takes."""

    cell: str = ""
    """Cell of the last take."""
    total: int = 0
    """Takes expected in all."""
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
    """Receives messages and progress of an experiment, for display."""

    def on_message(self, line: str) -> None:
        """Shows a line of text."""
        ...

    def on_progress(self, progress: TrialProgress) -> None:
        """Shows the progress, after every row."""
        ...


class TakeChecker(Protocol):
    """Judges takes, as `mayabook.checks.Checker` does."""

    identity: str
    """Fingerprint of the ASR model and the thresholds."""

    def check(self, take: Take, chunk: Chunk) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Trial:
    """A take to synthesise for a cell of the experiment."""

    key: str
    """Identifies the trial and its row."""
    cell: str
    """Cell of the experiment that the take belongs to."""
    prompt: Prompt
    """Text and seed."""
    sampling: Mapping[str, float | str] | None = None
    """Sampler settings; None uses those of the engine."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further entries of the row."""


class TakeRunner:
    """Runs trials on engines and records their rows.

    rows: results, stored and new. checker: judges the takes; None if they need no verdicts. keep_audio: whether to keep
    the audio of all takes, not only of rejected ones. measure: gives further entries of a take's row. progress: counts
    of takes, stored and new.
    """

    def __init__(
        self,
        rows: Rows,
        listener: TrialListener,
        checker: TakeChecker | None = None,
        *,
        keep_audio: bool = False,
        measure: Callable[[Take], Row] | None = None,
    ) -> None:
        self.rows, self.listener, self.checker = rows, listener, checker
        self._keep_audio, self._measure = keep_audio, measure
        self.progress = TrialProgress()
        self._started = time.perf_counter()
        self.progress.done = self.progress.resumed = sum(1 for _ in self.rows)

    def expect_takes(self, n: int) -> None:
        """Adds n takes to the expected total."""
        self.progress.total += n

    def run(
        self, open_engine: Callable[[], Engine], trials: Sequence[Trial], stop: Callable[[], bool] | None = None
    ) -> None:
        """Runs the trials that have no row yet. The engine is opened only if there are any, and then closed.

        stop: called after each take; True ends the call once the takes already synthesised have their rows.
        """
        if all(trial.key in self.rows for trial in trials):
            return
        engine = open_engine()
        try:
            self.run_on(engine, trials, stop)
        finally:
            engine.close()

    def run_on(self, engine: Engine, trials: Sequence[Trial], stop: Callable[[], bool] | None = None) -> None:
        """Runs the trials that have no row yet on an open engine. stop: as in `run`.

        Threads check the takes meanwhile, and rows are written in the order of synthesis.
        """
        missing = [trial for trial in trials if trial.key not in self.rows]
        by_key = {trial.key: trial for trial in missing}
        requests = (self.request(engine, trial) for trial in missing)
        pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix="check")
        pending: list[Future[Row]] = []
        try:
            with closing(engine.generate(requests)) as takes:
                for take in takes:
                    pending.append(pool.submit(self._judged_row, by_key[take.request.key], take))
                    while pending and (pending[0].done() or len(pending) > _MAX_UNCHECKED):
                        self._record(pending.pop(0).result())
                    if stop is not None and stop():
                        break
            for future in pending:
                self._record(future.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def request(self, engine: Engine, trial: Trial) -> TakeRequest:
        """The engine request of a trial."""
        sampling = engine.sampling(0) if trial.sampling is None else trial.sampling
        return TakeRequest(trial.key, trial.prompt.chunk.spoken, engine.voice, trial.prompt.seed, sampling=sampling)

    def _judged_row(self, trial: Trial, take: Take) -> Row:
        """Judges a take and returns its row; stores the audio of rejected takes, or of all if the plan says so."""
        verdict = None if self.checker is None else self.checker.check(take, trial.prompt.chunk)
        row = {"key": trial.key, "cell": trial.cell, **trial_result(trial.prompt, take, verdict), **trial.extra}
        if self._measure is not None:
            row |= self._measure(take)
        if self._keep_audio or (verdict is not None and not verdict.accepted):
            folder = self.rows.folder / AUDIO_FOLDER
            make_folder(folder)
            name = f"{hashlib.sha256(trial.key.encode()).hexdigest()[:16]}.flac"
            write_flac(folder / name, take.audio, take.sample_rate)
            row["audio"] = f"{AUDIO_FOLDER}/{name}"
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
        self.listener.on_progress(self.progress)


class TrialRunner(TakeRunner):
    """Runs the trials of an experiment on the engines of a model.

    plan: settings of the experiment. prompt_set: texts to synthesise. variants: opens the engine of each weight format.
    """

    def __init__(
        self,
        plan: Plan,
        prompt_set: PromptSet,
        variants: ModelVariants,
        rows: Rows,
        listener: TrialListener,
        checker: TakeChecker | None = None,
    ) -> None:
        super().__init__(rows, listener, checker, keep_audio=plan.keep_audio)
        self.plan, self.prompt_set, self.variants = plan, prompt_set, variants

    def prompts(self, n: int | None = None) -> list[Prompt]:
        """The first n prompts; by default as many as the plan has takes per cell."""
        return self.prompt_set.prompts(n or self.plan.takes, self.plan.voice, self.plan.seed)

    def available_formats(self, formats: Sequence[str]) -> list[str]:
        """The formats that are available; tells the listener why the others are skipped."""
        found = []
        for name in formats:
            reason = self.variants.unavailable_reason(name)
            if reason is None:
                found.append(name)
            else:
                self.listener.on_message(f"Skipped {name}: {reason}")
        return found

    def run_format(self, name: str, trials: Sequence[Trial], stop: Callable[[], bool] | None = None) -> None:
        """Runs trials on the engine of a format."""
        self.run(partial(self.variants.open, name), trials, stop)


def trial_result(prompt: Prompt, take: Take, verdict: Verdict | None) -> dict[str, Any]:
    """The entries that describe a take and its verdict.

    token_errors: Levenshtein distance to the n_true true tokens. memory: resident bytes of this process.
    """
    row: dict[str, Any] = {
        "item": prompt.number,
        "chunk": prompt.chunk_number,
        "text": prompt.chunk.text,
        "seed": take.request.seed,
        "stop": take.stop.value,
        "audio_seconds": round(take.duration, 3),
        "seconds": round(take.seconds, 3),
        "memory": psutil.Process().memory_info().rss,
        "ended": round(time.time(), 3),
        "detail": take.detail,
    }
    if take.codes is not None:
        row |= {"tokens": codes_digest(take.codes.frames), "n_tokens": take.codes.frames.size}
        if len(take.codes.removed):
            row["removed"] = round(float(take.codes.removed.astype(np.float64).mean()), 6)
            row["log_probability"] = round(float(take.codes.log_probability.astype(np.float64).mean()), 6)
        if prompt.true_frames is not None:
            row |= {
                "token_errors": token_errors(take.codes.frames, prompt.true_frames),
                "n_true": prompt.true_frames.size,
            }
            row["duration_ratio"] = round(len(take.codes.frames) / max(1, len(prompt.true_frames)), 4)
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


def codes_digest(frames: Frames) -> str:
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


def rows_by_cell(rows: Iterator[Row] | Sequence[Row]) -> dict[str, list[Row]]:
    """Groups rows by cell, in the order of each cell's first row."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["cell"], []).append(row)
    return found
