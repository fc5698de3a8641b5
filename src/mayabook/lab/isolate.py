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
from mayabook.lab.legacy_backends import LegacyBackend, legacy_backends
from mayabook.lab.model_variants import LabEngine, LocalModelVariants, ModelVariants
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import Prompt
from mayabook.lab.teacher_forcing import read_logits
from mayabook.lab.trial_runner import TrialRunner, digest

NAME = "isolate"
ALONE = "alone, first"
"""Condition of the take that all others of its chunk are compared with."""
LOGITS = "logits"
"""Condition of the comparison of logits."""


class IsolatePlan(Plan):
    """Every chunk is synthesised again under many conditions."""

    caches_logits: ClassVar[bool] = False
    """Cached logits would hide the very dependence that is tested for."""

    formats: tuple[str, ...] = ("Q4_K_M", "fp32")
    """Weight formats."""
    takes: int = Field(default=50, ge=2, le=100_000)
    """Chunks."""
    rounds: int = Field(default=20, ge=0, le=10_000)
    """Times that all chunks are spoken in an order of their own: other slots, other neighbours each time."""
    after: tuple[int, ...] = (10, 100)
    """How many other takes come before."""
    few: int = Field(default=4, ge=1, le=1000)
    """Chunks for what takes long: a fresh process each, a model loaded anew."""
    reload_every: int = Field(default=2, ge=1, le=1000)
    """Takes after which the model is loaded anew."""
    originals: int = Field(default=4, ge=0, le=1000)
    """Chunks on which the two original ways of calling the libraries are tried, with and without each fix."""


def run(plan: IsolatePlan, bench: TrialRunner) -> None:
    """Runs all conditions on each available format, then on the legacy back ends with and without each fix.

    Raises LabError if there are fewer than two chunks.
    """
    items = bench.items()
    if len({item.chunk_number for item in items}) < 2:
        raise LabError("There are too few chunks to tell a take from its neighbours; two at least, in another book.")
    formats = bench.available(plan.formats)
    ways: list[tuple[str, Any, str, Any]] = []
    if plan.originals and isinstance(bench.opener, LocalModelVariants):
        ways = list(legacy_backends(bench.opener))
    per_format = len(items) * (1 + plan.rounds + len(plan.after)) + len(items) + plan.slots + 3 * plan.few
    bench.expect(per_format * len(formats) + sum(len(fixes) * 4 * len(items[: plan.originals]) for *_, fixes in ways))
    for name in formats:
        _format(plan, bench, name, items)
    for name, kind, format, fixes in ways:
        changes = {"max_tokens": plan.cap} if plan.cap else {}
        _original(plan, bench, name, partial(kind, bench.opener, format, changes=changes), fixes, items)


def _format(plan: IsolatePlan, bench: TrialRunner, name: str, items: Sequence[Prompt]) -> None:
    """Runs all conditions on one format."""
    engine = bench.opener.open(name)
    few = items[: plan.few]
    try:
        for item in items:
            _speak(plan, bench, engine, name, ALONE, [item])
        for item in items:
            _speak(plan, bench, engine, name, "once more, at once", [item])
        for slot in range(plan.slots):
            at = slot % len(items)
            row = [items[(at + 1 + other) % len(items)] for other in range(plan.slots)]
            _speak(plan, bench, engine, name, f"in slot {slot}", [*row[:slot], items[at], *row[slot + 1 :]], {slot})
        for n in plan.after:
            others = [items[(at + 1) % len(items)] for at in range(n)]
            _speak(plan, bench, engine, name, f"after {n} others", [*others, *items], set(range(n, n + len(items))))
        for turn in range(plan.rounds):
            order = np.random.Generator(np.random.Philox(key=plan.seed + turn)).permutation(len(items))
            _speak(plan, bench, engine, name, f"shuffled, round {turn + 1}", [items[at] for at in order])
        if isinstance(engine, LabEngine):
            _read_logits(plan, bench, engine, name, few)
    finally:
        engine.close()
    for item in few:
        if _key(name, "in a fresh process", item) not in bench.rows:
            _fresh(plan, bench, name, item)
    for first in range(0, len(few), plan.reload_every):
        _reloaded(plan, bench, name, few[first : first + plan.reload_every])


def _reloaded(plan: IsolatePlan, bench: TrialRunner, name: str, items: Sequence[Prompt]) -> None:
    """Synthesises items on a freshly loaded model."""
    condition = f"model loaded anew every {plan.reload_every}"
    if all(_key(name, condition, item) in bench.rows for item in items):
        return
    engine = bench.opener.open(name)
    try:
        for item in items:
            _speak(plan, bench, engine, name, condition, [item])
    finally:
        engine.close()


def _key(cell: str, condition: str, item: Prompt) -> str:
    """Key of a row."""
    return f"{cell} | {condition} | {item.number}"


def _speak(
    plan: IsolatePlan,
    bench: TrialRunner,
    engine: Engine,
    cell: str,
    condition: str,
    items: Sequence[Prompt],
    kept: set[int] | None = None,
) -> None:
    """Synthesises the items in one call of the engine and writes their rows.

    kept: indices of the items that get a row; None records all.
    """
    kept = set(range(len(items))) if kept is None else kept
    if all(_key(cell, condition, items[at]) in bench.rows for at in kept):
        return
    requests = [_request(plan, engine, item, str(at)) for at, item in enumerate(items)]
    for take in engine.generate(requests):
        at = int(take.request.key)
        if at in kept and _key(cell, condition, items[at]) not in bench.rows:
            _add(bench, cell, condition, items[at], take)


def _request(plan: IsolatePlan, engine: Engine, item: Prompt, key: str) -> TakeRequest:
    """A request with the engine's sampling settings and the plan's cap."""
    sampling = {**engine.sampling(0), **({"max_tokens": plan.cap} if plan.cap else {})}
    return TakeRequest(key, item.chunk.spoken, engine.voice, item.seed, sampling=sampling)


def _add(bench: TrialRunner, cell: str, condition: str, item: Prompt, take: Take, **more: object) -> None:
    """Writes the row of a take, with a fingerprint of its codes, or of its audio if the engine has no codes."""
    tokens = digest(take.codes.frames) if take.codes is not None else digest(take.audio.view(np.int32)[:, None])
    bench.add(
        {
            "key": _key(cell, condition, item),
            "cell": cell,
            "condition": condition,
            "item": item.number,
            "chunk": item.chunk_number,
            "tokens": tokens,
            "n_tokens": 0 if take.codes is None else take.codes.frames.size,
            **more,
        }
    )


def _read_logits(plan: IsolatePlan, bench: TrialRunner, engine: LabEngine, name: str, items: Sequence[Prompt]) -> None:
    """Writes each item's largest logit difference: alone in slot 0 against the last slot beside busy slots."""
    for item in items:
        key = _key(name, LOGITS, item)
        if key in bench.rows:
            continue
        take = next(iter(engine.generate([_request(plan, engine, item, "")])))
        assert take.codes is not None
        prompts = [engine.prompt(_request(plan, engine, other, "")) for other in (item, *items)]
        alone = read_logits(engine.decoder, 0, prompts[0], take.codes.frames)
        beside = read_logits(engine.decoder, engine.decoder.n_slots - 1, prompts[0], take.codes.frames, prompts[1:])
        _add(bench, name, LOGITS, item, take, difference=float(np.abs(alone - beside).max()))


def _fresh(plan: IsolatePlan, bench: TrialRunner, name: str, item: Prompt) -> None:
    """Synthesises an item in a fresh process."""
    workers: Workers[Prompt, Take] = Workers(partial(_alone, plan, bench.opener, name), 1)
    try:
        for _, take in workers.serve([item]):
            _add(bench, name, "in a fresh process", item, take)
    finally:
        workers.close()


def _alone(plan: IsolatePlan, opener: ModelVariants, name: str) -> Callable[[Prompt], Take]:
    """Opens a format's engine in a worker process and returns the function that synthesises a prompt."""
    engine = opener.open(name)
    return lambda item: next(iter(engine.generate([_request(plan, engine, item, "")])))


def _original(
    plan: IsolatePlan,
    bench: TrialRunner,
    cell: str,
    make: Callable[..., LegacyBackend],
    fixes: Sequence[str],
    items: Sequence[Prompt],
) -> None:
    """Runs a legacy back end with each fix on each chunk, in a new instance each: the takes of `_story`.

    Logits are compared with those of the chunk's first take, step by step, as long as both sampled the same tokens.
    """
    few = items[: plan.originals]
    first: dict[int, tuple[list[int], Logits]] = {}
    for fix in fixes:
        keys = [_key(cell, f"{what}, fix: {fix}", item) for what in _WHAT for item in few]
        if all(key in bench.rows for key in keys):
            continue
        for item, other in zip(few, [*few[1:], few[0]], strict=True):
            engine = make(fix=fix)
            try:
                for what, take in _story(plan, engine, item, other):
                    tokens, logits = first.setdefault(item.number, (engine.tokens, engine.logits))
                    n = min(same_start(tokens, engine.tokens) + 1, len(logits), len(engine.logits))
                    if _key(cell, f"{what}, fix: {fix}", item) not in bench.rows:
                        _add(
                            bench, cell, f"{what}, fix: {fix}", item, take,
                            difference=float(np.abs(logits[:n] - engine.logits[:n]).max()), strays=take.detail,
                            seeded=what != _WHAT[2],
                        )  # fmt: skip
            finally:
                engine.close()


def same_start(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common prefix."""
    return next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


_WHAT = (ALONE, "once more, at once", "once more, another seed", "after another chunk")
"""Conditions of a legacy back end's takes, in order."""


def _story(plan: IsolatePlan, engine: LegacyBackend, item: Prompt, other: Prompt) -> Iterator[tuple[str, Take]]:
    """Condition and take: first and alone, again at once, again with another seed, and again after another chunk."""
    own, theirs = (_request(plan, engine, one, "") for one in (item, other))
    reseeded = TakeRequest("", own.text, own.voice, own.seed + 1, sampling=own.sampling)
    for what, request in ((_WHAT[0], own), (_WHAT[1], own), (_WHAT[2], reseeded)):
        yield what, next(iter(engine.generate([request])))
    for _ in engine.generate([theirs]):
        pass
    yield _WHAT[3], next(iter(engine.generate([own])))
