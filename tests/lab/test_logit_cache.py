"""A take sampled from cached logits equals the decoded take, and needs no decoding step."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines.sampler import Sampler
from mayabook.engines.scheduler import SlotScheduler
from mayabook.engines.slot_decoder import IDLE, SlotDecoder
from mayabook.lab import logit_cache
from mayabook.lab.lab_engine import LabEngine
from mayabook.lab.logit_cache import CachedNode, CachedScheduler, CachingDecoder
from mayabook.lab.model_variants import LocalModelVariants, open_model_variants
from mayabook.lab.plan import Plan

TEXTS = ("They walked down to the water.", "Nobody spoke.", "The rain had stopped.")
CAP = 70
SHARP = {"temperature": 0.0, "top_p": 1.0, "repetition_penalty": 1.0, "max_tokens": CAP}
"""Samples the most likely token with every seed."""
WILD = {**SHARP, "temperature": 2.0}


@pytest.fixture(scope="module")
def variants(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalModelVariants:
    plan = Plan.load(None, {"model": str(tiny), "slots": 4, "context": 512})
    return open_model_variants(plan, tmp_path_factory.mktemp("formats"))


class Counting:
    """A decoder that counts its steps."""

    def __init__(self, decoder: SlotDecoder) -> None:
        self._decoder, self.n_steps, self.prompts = decoder, 0, 0
        self.layout, self.n_slots, self.n_context = decoder.layout, decoder.n_slots, decoder.n_context
        self.identity, self.platform, self.device = decoder.identity, decoder.platform, decoder.device

    @property
    def logits(self) -> object:
        return self._decoder.logits

    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        self.prompts += 1
        self._decoder.prefill(slot, prompt, n_shared)

    def step(self, tokens: NDArray[np.int32]) -> None:
        self.n_steps += int((tokens != IDLE).sum())
        self._decoder.step(tokens)

    def close(self) -> None:
        self._decoder.close()


def engine_and_counter(variants: LocalModelVariants, name: str, *, cached: bool) -> tuple[LabEngine, Counting]:
    engine = replace(variants, caches_logits=False).open(name)
    counting = Counting(engine.decoder)
    sampler = Sampler(engine.decoder.layout, engine.decoder.n_slots)
    if cached:
        engine.generator = CachedScheduler(CachingDecoder(counting), sampler)
    else:
        engine.generator = SlotScheduler(counting, sampler)
    return engine, counting


def requests(variants: LocalModelVariants, *settings: dict[str, float], seeds: int = 3) -> list[TakeRequest]:
    return [
        TakeRequest(f"{text} {at} {seed}", text, variants.voice, seed, sampling={**variants.sampling, **changed})
        for at, changed in enumerate(settings)
        for seed in range(seeds)
        for text in TEXTS
    ]


def rows_in(nodes: Iterable[CachedNode]) -> int:
    return sum(1 + rows_in(place.children.values()) for place in nodes)


def facts_by_key(takes: list[Take]) -> dict[str, tuple[object, ...]]:
    facts: dict[str, tuple[object, ...]] = {}
    for take in takes:
        assert take.codes is not None
        codes = take.codes
        traces = (codes.log_probability, codes.entropy, codes.removed, codes.end_probability)
        facts[take.request.key] = (
            codes.frames.tobytes(), *(trace.tobytes() for trace in traces), take.stop, take.audio.tobytes(),
        )  # fmt: skip
    return facts


@pytest.mark.parametrize("name", ["Q4_K_M", "fp32"])
def test_takes_are_bit_for_bit_those_of_an_engine_that_remembers_nothing(
    variants: LocalModelVariants, name: str
) -> None:
    wanted = requests(variants, SHARP, {**SHARP, "top_p": 0.5}, WILD)
    results, steps = [], []
    for cached in (False, True):
        engine, counting = engine_and_counter(variants, name, cached=cached)
        results.append(facts_by_key(list(engine.generate(wanted))))
        steps.append(counting.n_steps)
        engine.close()
    assert len(results[0]) == len(wanted)
    assert results[0] == results[1]
    assert steps[1] <= 0.5 * steps[0]  # of 18 equal takes only 3 are decoded


def test_a_take_that_draws_as_before_costs_no_step(variants: LocalModelVariants) -> None:
    engine, counting = engine_and_counter(variants, "Q4_K_M", cached=True)
    first = facts_by_key(list(engine.generate(requests(variants, SHARP, seeds=1))))
    computed = counting.n_steps, counting.prompts
    again = facts_by_key(list(engine.generate(requests(variants, SHARP, seeds=1))))
    assert (counting.n_steps, counting.prompts) == computed
    assert again == first
    shorter = list(engine.generate(requests(variants, {**SHARP, "max_tokens": 35}, seeds=1)))
    assert {take.stop for take in shorter} == {StopReason.CAP}
    assert (counting.n_steps, counting.prompts) == computed
    engine.close()


def test_a_take_that_draws_other_tokens_is_computed_and_then_known_too(variants: LocalModelVariants) -> None:
    engine, counting = engine_and_counter(variants, "Q4_K_M", cached=True)
    list(engine.generate(requests(variants, SHARP, seeds=1)))
    computed = counting.prompts
    wild = facts_by_key(list(engine.generate(requests(variants, WILD, seeds=2))))
    assert len(wild) == 6
    assert counting.prompts == computed + 6
    assert facts_by_key(list(engine.generate(requests(variants, WILD, seeds=2)))) == wild
    assert counting.prompts == computed + 6
    engine.close()


def test_of_takes_that_go_the_same_new_way_one_is_computed(variants: LocalModelVariants) -> None:
    engine, counting = engine_and_counter(variants, "Q4_K_M", cached=True)
    takes = list(
        engine.generate(requests(variants, SHARP, WILD, {**WILD, "max_tokens": 63}, {**WILD, "max_tokens": 56}))
    )
    assert len(takes) == 36
    assert counting.prompts == 3 + 9
    engine.close()


def test_no_take_is_drawn_again_to_leave_where_it_left(
    variants: LocalModelVariants, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[logit_cache._CachedLogits] = []

    class Watched(logit_cache._CachedLogits):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(logit_cache, "_CachedLogits", Watched)
    engine, _ = engine_and_counter(variants, "Q4_K_M", cached=True)
    wanted = requests(variants, SHARP, *({**WILD, "temperature": heat} for heat in (1.0, 2.0, 3.0, 4.0)))
    assert len(list(engine.generate(wanted))) == len(wanted)
    misses = [(prompt, id(at), token) for each in made for prompt, (at, token) in each.misses.items()]
    assert len({prompt for prompt, *_ in misses}) >= 27
    assert len(set(misses)) == len(misses)
    engine.close()


def test_memory_is_bounded(variants: LocalModelVariants, monkeypatch: pytest.MonkeyPatch) -> None:
    row = 4 * variants.open("Q4_K_M").decoder.layout.n_audio
    monkeypatch.setattr(logit_cache, "MAX_BYTES", 90 * row)
    engine, _ = engine_and_counter(variants, "Q4_K_M", cached=True)
    takes = facts_by_key(list(engine.generate(requests(variants, SHARP))))
    assert isinstance(engine.generator, CachedScheduler)
    memory = engine.generator._cache
    assert memory.is_full
    assert rows_in(memory.roots.values()) == 90
    engine.close()
    plain, _ = engine_and_counter(variants, "Q4_K_M", cached=False)
    assert facts_by_key(list(plain.generate(requests(variants, SHARP)))) == takes
    plain.close()


def test_experiments_remember_and_isolate_does_not(variants: LocalModelVariants) -> None:
    for caches in (True, False):
        engine = replace(variants, caches_logits=caches).open("Q4_K_M")
        assert isinstance(engine.generator, CachedScheduler) is caches
        engine.close()
