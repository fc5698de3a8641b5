"""compare: the weight formats of a model on the same chunks and seeds, under teacher forcing, and by cost."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from pydantic import Field

from mayabook.core.take import TakeRequest
from mayabook.engines.worker_pool import Workers
from mayabook.lab import teacher_forcing
from mayabook.lab.memory_trim import give_back_freed_memory
from mayabook.lab.model_variants import FORMATS, FULL_PRECISION, LabEngine, LocalModelVariants, first_available
from mayabook.lab.plan import Plan
from mayabook.lab.rows import Row
from mayabook.lab.trial_runner import TrialRunner, Wanted, cells

NAME = "compare"
COST_TOKENS = 420
"""Tokens of each take for the cost measurement, about five seconds of audio."""


class ComparePlan(Plan):
    """Weight formats compared with full precision."""

    formats: tuple[str, ...] = tuple(name for name in FORMATS if name not in ("BF16", "F32"))
    """Weight formats; those that cannot be had are skipped, GGUF files that are not there are made."""
    reference: str = ""
    """What the others are held against; empty takes fp32, else F32, else F16."""
    takes: int = Field(default=200, ge=0, le=100_000)
    """Takes of each format."""
    forced: int = Field(default=24, ge=0, le=10_000)
    """Chunks that are read under teacher forcing."""
    cost: int = Field(default=16, ge=0, le=1000)
    """Takes whose beginnings speed and memory are measured on, without the codec, in a process of their own."""


def run(plan: ComparePlan, bench: TrialRunner) -> None:
    """Measures costs, synthesises takes and runs teacher forcing for each available format."""
    reference = first_available(bench.opener, [plan.reference] if plan.reference else FULL_PRECISION)
    names = [reference, *(name for name in bench.available(plan.formats) if name != reference)]
    bench.expect(len(names) * (plan.takes + (plan.cost > 0)) + (len(names) - 1) * plan.forced)
    for name in names if plan.cost else ():  # first, while this process has nothing in memory or caches
        _measure(plan, bench, name)
    for name in names if plan.takes else ():
        _speak(plan, bench, name, reference)
    if plan.forced:
        _force(plan, bench, reference, names[1:])


def _speak(plan: ComparePlan, bench: TrialRunner, name: str, reference: str) -> None:
    """Runs the trials of a format."""
    wanted = [
        Wanted(f"{name} {item.number}", name, item, extra={"part": "take", "reference": reference})
        for item in bench.items()
    ]
    bench.speak(name, wanted)


def _force(plan: ComparePlan, bench: TrialRunner, reference: str, others: Sequence[str]) -> None:
    """Compares formats with the reference under teacher forcing, on the true codes or else on its takes."""
    items = bench.items(plan.forced)
    keys = {name: [f"forced {name} {item.number}" for item in items] for name in others}
    if all(key in bench.rows for named in keys.values() for key in named):
        return
    opener = bench.opener
    if isinstance(opener, LocalModelVariants):
        opener = replace(opener, caches_logits=False)  # under teacher forcing the cache would never be read
    truth = opener.open(reference)
    assert isinstance(truth, LabEngine)
    try:
        requests = [bench.request(truth, Wanted(str(item.number), reference, item)) for item in items]
        prompts = [truth.prompt(request) for request in requests]
        frames = {item.number: item.true_frames for item in items if item.true_frames is not None}
        for take in truth.generate(r for r in requests if int(r.key) not in frames):
            assert take.codes is not None
            frames[int(take.request.key)] = take.codes.frames
        for name in others:
            if all(key in bench.rows for key in keys[name]):
                continue
            other = opener.open(name)
            assert isinstance(other, LabEngine)
            try:
                found = teacher_forcing.compare(
                    truth.decoder, other.decoder, prompts, [frames[item.number] for item in items]
                )
                for item, key, result in zip(items, keys[name], found, strict=True):
                    if key not in bench.rows:
                        bench.add(_forced_row(key, name, item.chunk_number, result))
            finally:
                other.close()
    finally:
        truth.close()


def _forced_row(key: str, name: str, chunk: int, result: teacher_forcing.TeacherForced) -> Row:
    """The row of a take under teacher forcing; sums by level of the codec. surprise: negative log-likelihood."""
    return {
        "key": key,
        "cell": name,
        "part": "forced",
        "chunk": chunk,
        "steps": result.n_steps.tolist(),
        "divergence": [round(value, 6) for value in result.kl_divergence.tolist()],
        "agreed": result.n_agreed.tolist(),
        "surprise": [round(value, 4) for value in result.nll.tolist()],
        "other_surprise": [round(value, 4) for value in result.other_nll.tolist()],
    }


def _measure(plan: ComparePlan, bench: TrialRunner, name: str) -> None:
    """Writes the cost row of a format: bytes, bits per weight, tokens per second, and peak memory in bytes.

    Speed and memory are measured in a fresh process without the codec.
    """
    key = f"cost {name}"
    if key in bench.rows or not isinstance(bench.opener, LocalModelVariants):
        return
    opener = bench.opener
    size, n_weights = opener.weight_bytes(name), opener.n_weights()  # creates the file before anything is timed
    sampling = {**opener.sampling, "max_tokens": min(plan.cap or COST_TOKENS, COST_TOKENS)}
    requests = tuple(
        TakeRequest(str(item.number), item.chunk.spoken, opener.voice, item.seed, sampling=sampling)
        for item in bench.items(plan.cost)
    )
    workers: Workers[tuple[TakeRequest, ...], tuple[int, float, int]] = Workers(
        partial(_probe, replace(opener, memoises=False, caches_logits=False), name), 1
    )
    try:
        ((_, (n_tokens, seconds, memory)),) = list(workers.serve([requests]))
    finally:
        workers.close()
    bench.add(
        {
            "key": key,
            "cell": name,
            "part": "cost",
            "bytes": size,
            "bits": None if n_weights is None else round(8 * size / n_weights, 3),
            "tokens_per_second": round(n_tokens / seconds, 1),
            "memory": memory,
        }
    )


def _probe(opener: LocalModelVariants, name: str) -> Callable[[tuple[TakeRequest, ...]], tuple[int, float, int]]:
    """Opens a format's engine in a worker process and returns the function that measures it."""
    give_back_freed_memory()
    engine = opener.open(name)

    def serve(requests: tuple[TakeRequest, ...]) -> tuple[int, float, int]:
        """Tokens, seconds and peak memory in bytes. A warm-up take precedes the timing."""
        for _ in engine.sampled(requests[:1]):
            pass
        started = time.perf_counter()
        n_tokens = sum(sampled.codes.frames.size for sampled in engine.sampled(requests))
        return n_tokens, time.perf_counter() - started, peak_memory()

    return serve


def peak_memory() -> int:
    """Peak resident memory of this process in bytes; the current value on systems that do not report the peak."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "")
        if line:
            return int(line.split()[1]) << 10
    memory: Any = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def divergence(rows: Sequence[Row], level: int | None = None) -> tuple[float, float, float]:
    """Mean KL divergence in nats per token, half the width of its 95 % interval, and top-1 agreement.

    The interval is Student's t over the chunks' means; NaN for a single chunk. level: of the codec; None for all.
    """
    from scipy import stats

    levels = range(teacher_forcing.N_LEVELS) if level is None else [level]
    rows = list({row["chunk"]: row for row in rows}.values())  # prompts of the same chunk have the same true codes
    steps = np.array([sum(row["steps"][at] for at in levels) for row in rows], float)
    sums = np.array([sum(row["divergence"][at] for at in levels) for row in rows], float)
    agreed = sum(row["agreed"][at] for row in rows for at in levels)
    means = sums / steps
    n = len(means)
    half = float(stats.t.ppf(0.975, n - 1) * means.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return float(sums.sum() / steps.sum()), half, float(agreed / steps.sum())


def parts(rows: Sequence[Row], part: str) -> dict[str, list[Row]]:
    """Rows of one part of the experiment (`take`, `forced` or `cost`) by format."""
    return cells([row for row in rows if row["part"] == part])
