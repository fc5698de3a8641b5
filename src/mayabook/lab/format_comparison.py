"""The experiment `compare`: weight formats by artifacts, teacher forcing, size, speed and memory."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from pydantic import Field

from mayabook.core.errors import LabError
from mayabook.core.take import TakeRequest
from mayabook.engines.worker_pool import Workers
from mayabook.lab import teacher_forcing
from mayabook.lab.lab_engine import LabEngine
from mayabook.lab.memory_trim import return_freed_memory
from mayabook.lab.model_variants import FORMATS, FULL_PRECISION, VLLM, LocalModelVariants, first_available
from mayabook.lab.plan import Plan
from mayabook.lab.rows import Row
from mayabook.lab.trial_runner import Trial, TrialRunner, rows_by_cell

NAME = "compare"
COST_TOKENS = 420
"""Tokens of each take whose cost is measured: about five seconds of audio."""


class ComparePlan(Plan):
    """Weight formats are compared with full precision on the same chunks and seeds."""

    formats: tuple[str, ...] = tuple(name for name in FORMATS if name not in ("BF16", "F32", VLLM))
    """Weight formats. Unavailable ones are skipped; missing GGUF files are created."""
    reference: str = ""
    """Format that the others are compared with; empty uses fp32, else F32, else F16."""
    takes: int = Field(default=200, ge=0, le=100_000)
    """Takes of each format."""
    forced: int = Field(default=24, ge=0, le=10_000)
    """Chunks for teacher forcing; 0 omits it."""
    cost: int = Field(default=16, ge=0, le=1000)
    """Takes whose first tokens are timed, in a process of their own without the codec; 0 omits the measurement."""


def run(plan: ComparePlan, runner: TrialRunner) -> None:
    """Measures costs, synthesises takes and runs teacher forcing for each available format.

    Raises LabError if the plan names vLLM.
    """
    if VLLM in (*plan.formats, plan.reference):
        raise LabError(f"compare needs logits, and {VLLM} gives none; leave it out, and test it with `lab isolate`.")
    reference = first_available(runner.variants, [plan.reference] if plan.reference else FULL_PRECISION)
    names = [reference, *(name for name in runner.available_formats(plan.formats) if name != reference)]
    runner.expect_takes(len(names) * (plan.takes + (plan.cost > 0)) + (len(names) - 1) * plan.forced)
    for name in names if plan.cost else ():  # first, while this process has nothing in memory or caches
        _run_cost_measurement(plan, runner, name)
    for name in names if plan.takes else ():
        _run_takes(plan, runner, name, reference)
    if plan.forced:
        _run_teacher_forcing(plan, runner, reference, names[1:])


def _run_takes(plan: ComparePlan, runner: TrialRunner, name: str, reference: str) -> None:
    """Runs the trials of a format."""
    trials = [
        Trial(f"{name} {prompt.number}", name, prompt, extra={"part": "take", "reference": reference})
        for prompt in runner.prompts()
    ]
    runner.run_format(name, trials)


def _run_teacher_forcing(plan: ComparePlan, runner: TrialRunner, reference: str, others: Sequence[str]) -> None:
    """Compares formats with the reference under teacher forcing, on the true codes or else on its takes."""
    prompts = runner.prompts(plan.forced)
    keys = {name: [f"forced {name} {prompt.number}" for prompt in prompts] for name in others}
    if all(key in runner.rows for named in keys.values() for key in named):
        return
    variants = runner.variants
    if isinstance(variants, LocalModelVariants):
        variants = replace(variants, caches_logits=False)  # under teacher forcing nothing is ever read from the cache
    truth = variants.open(reference)
    assert isinstance(truth, LabEngine)
    try:
        requests = [runner.request(truth, Trial(str(prompt.number), reference, prompt)) for prompt in prompts]
        prompt_ids = [truth.prompt_ids(request) for request in requests]
        frames = {prompt.number: prompt.true_frames for prompt in prompts if prompt.true_frames is not None}
        for take in truth.generate(r for r in requests if int(r.key) not in frames):
            assert take.codes is not None
            frames[int(take.request.key)] = take.codes.frames
        for name in others:
            if all(key in runner.rows for key in keys[name]):
                continue
            other = variants.open(name)
            assert isinstance(other, LabEngine)
            try:
                found = teacher_forcing.compare_decoders(
                    truth.decoder, other.decoder, prompt_ids, [frames[prompt.number] for prompt in prompts]
                )
                for prompt, key, result in zip(prompts, keys[name], found, strict=True):
                    if key not in runner.rows:
                        runner.add(_forced_row(key, name, prompt.chunk_number, result))
            finally:
                other.close()
    finally:
        truth.close()


def _forced_row(key: str, name: str, chunk: int, result: teacher_forcing.TeacherForced) -> Row:
    """The row of a take under teacher forcing: sums by codec level. `surprise` is the negative log-likelihood."""
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


def _run_cost_measurement(plan: ComparePlan, runner: TrialRunner, name: str) -> None:
    """Writes the cost row of a format: bytes, bits per weight, tokens per second, and peak memory in bytes.

    Speed and memory are measured in a fresh process without the codec.
    """
    key = f"cost {name}"
    if key in runner.rows or not isinstance(runner.variants, LocalModelVariants):
        return
    variants = runner.variants
    size, n_weights = variants.weight_bytes(name), variants.n_weights()  # creates the file before anything is timed
    sampling = {**variants.sampling, "max_tokens": min(plan.cap or COST_TOKENS, COST_TOKENS)}
    requests = tuple(
        TakeRequest(str(prompt.number), prompt.chunk.spoken, variants.voice, prompt.seed, sampling=sampling)
        for prompt in runner.prompts(plan.cost)
    )
    workers: Workers[tuple[TakeRequest, ...], tuple[int, float, int]] = Workers(
        partial(_open_cost_measurement, replace(variants, memoises=False, caches_logits=False), name), 1
    )
    try:
        ((_, (n_tokens, seconds, memory)),) = list(workers.serve([requests]))
    finally:
        workers.close()
    runner.add(
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


def _open_cost_measurement(
    variants: LocalModelVariants, name: str
) -> Callable[[tuple[TakeRequest, ...]], tuple[int, float, int]]:
    """Opens a format's engine in a worker process and returns the function that measures it."""
    return_freed_memory()
    engine = variants.open(name)

    def serve(requests: tuple[TakeRequest, ...]) -> tuple[int, float, int]:
        """Tokens, seconds and peak memory in bytes, timed after a warm-up take."""
        for _ in engine.sample_codes(requests[:1]):
            pass
        started = time.perf_counter()
        n_tokens = sum(sampled.codes.frames.size for sampled in engine.sample_codes(requests))
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


def mean_kl_divergence(rows: Sequence[Row], level: int | None = None) -> tuple[float, float, float]:
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


def rows_by_format(rows: Sequence[Row], part: str) -> dict[str, list[Row]]:
    """Rows of one part of the experiment (`take`, `forced` or `cost`) by format."""
    return rows_by_cell([row for row in rows if row["part"] == part])
