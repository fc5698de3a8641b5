"""isolate: tests whether a take depends on anything but its request: earlier takes, other batch rows, or the process.

Every take is compared code for code with the first take of its chunk, which is synthesised alone. For engines with
logits, these are also compared between a take alone and a take beside busy batch rows.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from mayabook.core.errors import LabError
from mayabook.core.take import Take, TakeRequest
from mayabook.engines import Engine
from mayabook.engines.slot_decoder import Logits
from mayabook.engines.worker_pool import Workers
from mayabook.lab.lab_engine import LabEngine
from mayabook.lab.legacy_backends import LegacyBackend, legacy_backends
from mayabook.lab.model_variants import LocalModelVariants, ModelVariants
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import Prompt
from mayabook.lab.teacher_forcing import forced_logits
from mayabook.lab.trial_runner import TrialRunner, codes_digest

NAME = "isolate"
ALONE_CONDITION = "alone, first"
"""Condition of the first take of a chunk, with which its other takes are compared."""
LOGITS_CONDITION = "logits"
"""Condition of the rows that compare logits."""
WORKAROUND_SEPARATOR = ", fix: "
"""Separates condition and workaround in the rows of legacy back ends."""


class IsolatePlan(Plan):
    """Every chunk is synthesised again under many conditions."""

    caches_logits: ClassVar[bool] = False
    """A cache would hide the dependence that the experiment tests for."""

    formats: tuple[str, ...] = ("Q4_K_M", "fp32")
    """Weight formats to test."""
    takes: int = Field(default=50, ge=2, le=100_000)
    """Chunks, each synthesised under every condition."""
    rounds: int = Field(default=20, ge=0, le=10_000)
    """Rounds in which all chunks are synthesised in a new random order, with other batch rows and neighbours."""
    after: tuple[int, ...] = (10, 100)
    """Numbers of other takes to synthesise before the tested ones."""
    few: int = Field(default=4, ge=1, le=1000)
    """Chunks of the slow conditions: a fresh process, a freshly loaded model and the comparison of logits."""
    reload_every: int = Field(default=2, ge=1, le=1000)
    """Takes after which the model is reloaded, in the condition that reloads it."""
    originals: int = Field(default=4, ge=0, le=1000)
    """Chunks that each legacy back end synthesises, with and without each workaround; 0 omits these back ends."""


def run(plan: IsolatePlan, runner: TrialRunner) -> None:
    """Runs all conditions on each available format, then on the legacy back ends with and without each workaround.

    Raises LabError if there are fewer than two chunks.
    """
    prompts = runner.prompts()
    if len({prompt.chunk_number for prompt in prompts}) < 2:
        raise LabError("There are too few chunks to tell a take from its neighbours; use a book with at least two.")
    formats = runner.available_formats(plan.formats)
    backends: list[tuple[str, Any, str, Any]] = []
    if plan.originals and isinstance(runner.variants, LocalModelVariants):
        backends = list(legacy_backends(runner.variants))
    per_format = len(prompts) * (1 + plan.rounds + len(plan.after)) + len(prompts) + plan.slots + 3 * plan.few
    runner.expect_takes(
        per_format * len(formats)
        + sum(len(workarounds) * 4 * len(prompts[: plan.originals]) for *_, workarounds in backends)
    )
    for name in formats:
        _run_format(plan, runner, name, prompts)
    for name, kind, format, workarounds in backends:
        changes = {"max_tokens": plan.cap} if plan.cap else {}
        _run_legacy_backend(
            plan, runner, name, partial(kind, runner.variants, format, changes=changes), workarounds, prompts
        )


def _run_format(plan: IsolatePlan, runner: TrialRunner, name: str, prompts: Sequence[Prompt]) -> None:
    """Runs all conditions on one format."""
    engine = runner.variants.open(name)
    few = prompts[: plan.few]
    try:
        for prompt in prompts:
            _run_condition(plan, runner, engine, name, ALONE_CONDITION, [prompt])
        for prompt in prompts:
            _run_condition(plan, runner, engine, name, "once more, at once", [prompt])
        for slot in range(plan.slots):
            at = slot % len(prompts)
            row = [prompts[(at + 1 + other) % len(prompts)] for other in range(plan.slots)]
            _run_condition(
                plan, runner, engine, name, f"in slot {slot}", [*row[:slot], prompts[at], *row[slot + 1 :]], {slot}
            )
        for n in plan.after:
            others = [prompts[(at + 1) % len(prompts)] for at in range(n)]
            _run_condition(
                plan, runner, engine, name, f"after {n} others", [*others, *prompts], set(range(n, n + len(prompts)))
            )
        for turn in range(plan.rounds):
            order = np.random.Generator(np.random.Philox(key=plan.seed + turn)).permutation(len(prompts))
            _run_condition(plan, runner, engine, name, f"shuffled, round {turn + 1}", [prompts[at] for at in order])
        if isinstance(engine, LabEngine) and engine.has_logits:
            _compare_logits(plan, runner, engine, name, few)
    finally:
        engine.close()
    for prompt in few:
        if _key(name, "in a fresh process", prompt) not in runner.rows:
            _run_in_fresh_process(plan, runner, name, prompt)
    for first in range(0, len(few), plan.reload_every):
        _run_reloaded(plan, runner, name, few[first : first + plan.reload_every])


def _run_reloaded(plan: IsolatePlan, runner: TrialRunner, name: str, prompts: Sequence[Prompt]) -> None:
    """Synthesises prompts on a freshly loaded model."""
    condition = f"model loaded anew every {plan.reload_every}"
    if all(_key(name, condition, prompt) in runner.rows for prompt in prompts):
        return
    engine = runner.variants.open(name)
    try:
        for prompt in prompts:
            _run_condition(plan, runner, engine, name, condition, [prompt])
    finally:
        engine.close()


def _key(cell: str, condition: str, prompt: Prompt) -> str:
    """Key of a row."""
    return f"{cell} | {condition} | {prompt.number}"


def _run_condition(
    plan: IsolatePlan,
    runner: TrialRunner,
    engine: Engine,
    cell: str,
    condition: str,
    prompts: Sequence[Prompt],
    kept: set[int] | None = None,
) -> None:
    """Synthesises the prompts in one call of the engine and writes their rows.

    kept: indices of the prompts whose takes get a row; None keeps all.
    """
    kept = set(range(len(prompts))) if kept is None else kept
    if all(_key(cell, condition, prompts[at]) in runner.rows for at in kept):
        return
    requests = [_request(plan, engine, prompt, str(at)) for at, prompt in enumerate(prompts)]
    for take in engine.generate(requests):
        at = int(take.request.key)
        if at in kept and _key(cell, condition, prompts[at]) not in runner.rows:
            _add_row(runner, cell, condition, prompts[at], take)


def _request(plan: IsolatePlan, engine: Engine, prompt: Prompt, key: str) -> TakeRequest:
    """A request with the engine's sampling settings and the plan's cap."""
    sampling = {**engine.sampling(0), **({"max_tokens": plan.cap} if plan.cap else {})}
    return TakeRequest(key, prompt.chunk.spoken, engine.voice, prompt.seed, sampling=sampling)


def _add_row(runner: TrialRunner, cell: str, condition: str, prompt: Prompt, take: Take, **more: object) -> None:
    """Writes the row of a take, with a fingerprint of its codes, or of its audio if the engine has no codes."""
    tokens = (
        codes_digest(take.codes.frames) if take.codes is not None else codes_digest(take.audio.view(np.int32)[:, None])
    )
    runner.add(
        {
            "key": _key(cell, condition, prompt),
            "cell": cell,
            "condition": condition,
            "item": prompt.number,
            "chunk": prompt.chunk_number,
            "tokens": tokens,
            "n_tokens": 0 if take.codes is None else take.codes.frames.size,
            **more,
        }
    )


def _compare_logits(
    plan: IsolatePlan, runner: TrialRunner, engine: LabEngine, name: str, prompts: Sequence[Prompt]
) -> None:
    """Writes each prompt's largest logit difference between row 0 alone and the last batch row beside busy rows."""
    for prompt in prompts:
        key = _key(name, LOGITS_CONDITION, prompt)
        if key in runner.rows:
            continue
        take = next(iter(engine.generate([_request(plan, engine, prompt, "")])))
        assert take.codes is not None
        prompt_ids = [engine.prompt_ids(_request(plan, engine, other, "")) for other in (prompt, *prompts)]
        alone = forced_logits(engine.decoder, 0, prompt_ids[0], take.codes.frames)
        beside = forced_logits(
            engine.decoder, engine.decoder.n_slots - 1, prompt_ids[0], take.codes.frames, prompt_ids[1:]
        )
        _add_row(runner, name, LOGITS_CONDITION, prompt, take, difference=float(np.abs(alone - beside).max()))


def _run_in_fresh_process(plan: IsolatePlan, runner: TrialRunner, name: str, prompt: Prompt) -> None:
    """Synthesises a prompt in a fresh process."""
    workers: Workers[Prompt, Take] = Workers(partial(_open_synthesiser, plan, runner.variants, name), 1)
    try:
        for _, take in workers.serve([prompt]):
            _add_row(runner, name, "in a fresh process", prompt, take)
    finally:
        workers.close()


def _open_synthesiser(plan: IsolatePlan, variants: ModelVariants, name: str) -> Callable[[Prompt], Take]:
    """Opens a format's engine in a worker process and returns the function that synthesises a prompt."""
    engine = variants.open(name)
    return lambda prompt: next(iter(engine.generate([_request(plan, engine, prompt, "")])))


def _run_legacy_backend(
    plan: IsolatePlan,
    runner: TrialRunner,
    cell: str,
    make: Callable[..., LegacyBackend],
    workarounds: Sequence[str],
    prompts: Sequence[Prompt],
) -> None:
    """Runs a legacy back end on each chunk with each workaround, in a new instance each time.

    Logits are compared step by step with those of the chunk's first take, as long as both sampled the same tokens.
    """
    few = prompts[: plan.originals]
    first: dict[int, tuple[list[int], Logits]] = {}
    for workaround in workarounds:
        suffix = f"{WORKAROUND_SEPARATOR}{workaround}"
        keys = [_key(cell, f"{what}{suffix}", prompt) for what in LEGACY_CONDITIONS for prompt in few]
        if all(key in runner.rows for key in keys):
            continue
        for prompt, other in zip(few, [*few[1:], few[0]], strict=True):
            engine = make(workaround=workaround)
            try:
                for what, take in _legacy_takes(plan, engine, prompt, other):
                    tokens, logits = first.setdefault(prompt.number, (engine.tokens, engine.logits))
                    n = min(common_prefix_length(tokens, engine.tokens) + 1, len(logits), len(engine.logits))
                    if _key(cell, f"{what}{suffix}", prompt) not in runner.rows:
                        _add_row(
                            runner, cell, f"{what}{suffix}", prompt, take,
                            difference=float(np.abs(logits[:n] - engine.logits[:n]).max()), strays=take.detail,
                            seeded=what != LEGACY_CONDITIONS[2],
                        )  # fmt: skip
            finally:
                engine.close()


def common_prefix_length(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common prefix."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


LEGACY_CONDITIONS = (ALONE_CONDITION, "once more, at once", "once more, another seed", "after another chunk")
"""Conditions of a legacy back end's takes, in order."""


def _legacy_takes(
    plan: IsolatePlan, engine: LegacyBackend, prompt: Prompt, other: Prompt
) -> Iterator[tuple[str, Take]]:
    """Yields condition and take: first, again at once, again with another seed, and again after another chunk."""
    own, theirs = (_request(plan, engine, one, "") for one in (prompt, other))
    reseeded = TakeRequest("", own.text, own.voice, own.seed + 1, sampling=own.sampling)
    for what, request in ((LEGACY_CONDITIONS[0], own), (LEGACY_CONDITIONS[1], own), (LEGACY_CONDITIONS[2], reseeded)):
        yield what, next(iter(engine.generate([request])))
    for _ in engine.generate([theirs]):
        pass
    yield LEGACY_CONDITIONS[3], next(iter(engine.generate([own])))
