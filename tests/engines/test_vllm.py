"""The engine vllm itself, if its environment is installed; `make test-vllm` installs it and runs all of this."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from mayabook.core.settings import MayaSettings
from mayabook.core.take import StopReason, TakeRequest
from mayabook.core.tool_environments import State, tool_environment
from mayabook.engines import EngineContext
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.sampler import LIMIT, Sampler, weights
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.transformers_decoder import TransformersDecoder
from mayabook.engines.vllm.plugin import VllmPlugin
from mayabook.lab.experiments import EXPERIMENTS, report, run
from mayabook.lab.isolate import IsolatePlan
from mayabook.lab.isolate_report import changed_takes
from mayabook.lab.model_variants import VLLM
from mayabook.lab.prompts import REFERENCE_FILE, read_true_codes
from mayabook.testing import EngineContract
from tests.engines.maya_engines import CONTEXT, VOICE
from tests.engines.test_anchor import ANCHOR, TEXTS, digests
from tests.integration.test_maya1_tiny import WEIGHTS, takes_of
from tests.lab.lab_engines import RecordingListener, SilenceChecker
from tests.tiny_models import SMALL, Shape, write_checkpoint, write_codec

environment = tool_environment("vllm")
pytestmark = pytest.mark.skipif(environment.state is not State.READY, reason=f"vLLM is {environment.missing_reason}")
in_full = pytest.mark.skipif("MAYABOOK_TEST_VLLM" not in os.environ, reason="takes minutes; run by make test-vllm")

N_SLOTS = 16
N_DRAWS = 20_000
SETTINGS = SamplerSettings(temperature=1.0, top_p=0.95, min_p=0.001, repetition_penalty=1.3, min_tokens=0)
PROMPT = [SMALL.bos, *range(40, 90), SMALL.code_start]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_codec(folder / "codec")
    return write_checkpoint(folder / "checkpoint", shape=Shape(head_scale=10))


def settings_of(model: Path, slots: int) -> MayaSettings:
    return MayaSettings(
        model=str(model),
        voice=VOICE,
        slots=slots,
        context=CONTEXT,
        max_tokens=42,
        temperature=1.0,
        device="cpu",
        dtype="float32",
    )


@pytest.fixture(scope="module")
def engine(model: Path) -> Iterator[MayaEngine]:
    opened, _ = VllmPlugin().open(settings_of(model, N_SLOTS), EngineContext())
    assert isinstance(opened, MayaEngine)
    yield opened
    opened.close()


def order(seed: int, *, prompt: list[int] = PROMPT, n_tokens: int = 84) -> DecodingRequest:
    return DecodingRequest(TakeRequest(str(seed), "", "", seed), prompt, SETTINGS, n_tokens)


def by_seed(takes: Iterator[SampledCodes | None]) -> dict[int, SampledCodes]:
    return {take.request.seed: take for take in takes if take is not None}


def test_takes_are_those_of_the_transformers_engine(engine: MayaEngine, model: Path) -> None:
    """The codes are equal; the traces differ by rounding alone."""
    decoder = TransformersDecoder(model, 4, CONTEXT, dtype="float32")
    expected = by_seed(SlotScheduler(decoder, Sampler(SMALL, 4)).run(map(order, range(8))))
    decoder.close()
    found = by_seed(engine.generator.run(map(order, range(8))))
    for seed, take in expected.items():
        np.testing.assert_array_equal(found[seed].codes.frames, take.codes.frames)
        assert found[seed].stop == take.stop
        for trace in ("log_probability", "entropy", "removed", "end_probability"):
            np.testing.assert_allclose(
                getattr(found[seed].codes, trace), getattr(take.codes, trace), rtol=0.01, atol=0.01
            )


def test_a_take_is_the_same_alone_and_beside_others_and_after_a_cached_prompt(engine: MayaEngine) -> None:
    """In float32 on a CPU, bit for bit, traces included."""
    prompts = [[SMALL.bos, *range(40 + at, 250 + at), SMALL.code_start] for at in range(N_SLOTS)]
    alone = by_seed(engine.generator.run([order(0, prompt=prompts[0])]))[0]
    cached = by_seed(engine.generator.run([order(0, prompt=prompts[0])]))[0]
    beside = by_seed(engine.generator.run(order(at, prompt=prompt) for at, prompt in enumerate(prompts)))[0]
    for other in (cached, beside):
        np.testing.assert_array_equal(other.codes.frames, alone.codes.frames)
        np.testing.assert_array_equal(other.codes.log_probability, alone.codes.log_probability)
        np.testing.assert_array_equal(other.codes.removed, alone.codes.removed)


def test_takes_of_an_anchor_are_the_same_before_and_after_its_prefix_is_cached(engine: MayaEngine) -> None:
    engine.use_anchor(ANCHOR)
    first = digests(engine, TEXTS[0])
    together = digests(engine, *TEXTS)
    assert together[TEXTS[0]] == first[TEXTS[0]]
    assert digests(engine, *reversed(TEXTS)) == together
    engine.use_anchor(None)
    bare = digests(engine, *TEXTS)
    assert all(bare[text] != together[text] for text in TEXTS)


def test_a_full_batch_ends_at_the_budget(engine: MayaEngine) -> None:
    orders = [DecodingRequest(TakeRequest(str(at), "", "", at), PROMPT, SETTINGS, 84, 42) for at in range(40)]
    takes = by_seed(engine.generator.run(orders))
    assert len(takes) == 40
    assert {take.stop for take in takes.values()} <= {StopReason.BUDGET, StopReason.END}
    assert StopReason.BUDGET in {take.stop for take in takes.values()}


@in_full
def test_draws_have_the_distribution_of_our_sampler(model: Path) -> None:
    """The first code of 20,000 takes against the probabilities that our stages give the logits of the transformers
    engine: chi-square over the codes that are expected at least five times, and the rest together."""
    decoder = TransformersDecoder(model, 1, CONTEXT, dtype="float32")
    decoder.prefill(0, PROMPT)
    logits = np.asarray(decoder.logits[0])
    decoder.close()
    candidates = logits[SMALL.first_column : SMALL.first_column + SMALL.codebook_size].clip(-LIMIT, LIMIT)
    candidates = np.concatenate([logits[:1], candidates])[None]
    mass = weights(candidates, np.zeros(candidates.shape, bool), SETTINGS)[0]
    expected = mass / mass.sum() * N_DRAWS

    engine, _ = VllmPlugin().open(settings_of(model, 64), EngineContext())
    assert isinstance(engine, MayaEngine)
    try:
        orders = (order(seed, n_tokens=7) for seed in range(N_DRAWS))
        counts = np.zeros(len(expected))
        for take in by_seed(engine.generator.run(orders)).values():
            counts[1 + take.codes.frames[0, 0] if len(take.codes.frames) else 0] += 1
    finally:
        engine.close()
    assert counts[expected == 0].sum() == 0
    often = expected >= 5
    observed = [*counts[often], counts[~often].sum()]
    wanted = [*expected[often], expected[~often].sum()]
    if wanted[-1] == 0:
        observed, wanted = observed[:-1], wanted[:-1]
    assert len(wanted) > 20
    assert chisquare(observed, wanted).pvalue > 0.001


@in_full
def test_the_shipped_weights_say_the_sample_book() -> None:
    _, truth = read_true_codes(WEIGHTS / REFERENCE_FILE)
    for take, frames in zip(takes_of("vllm", device="cpu"), truth, strict=False):
        assert take.stop is StopReason.END
        assert take.codes is not None
        assert len(take.codes.frames) == pytest.approx(len(frames), rel=0.02)
        n = min(len(frames), len(take.codes.frames))
        assert np.mean(take.codes.frames[:n] == frames[:n]) > 0.95


@in_full
def test_isolate_says_how_many_takes_differ(tmp_path: Path) -> None:
    """None, on a CPU in float32; there are no logits to compare."""
    plan = IsolatePlan.load(
        None, {"model": str(WEIGHTS / "maya1-tiny"), "formats": (VLLM,), "takes": 4, "rounds": 2, "after": (3,),
               "few": 1, "originals": 0, "slots": 4, "cap": 84},
    )  # fmt: skip
    rows = run(EXPERIMENTS["isolate"], plan, tmp_path, RecordingListener(), checker=SilenceChecker())
    assert {row["cell"] for row in rows} == {VLLM}
    assert {"in a fresh process", "in slot 3", "shuffled, round 2"} <= {row["condition"] for row in rows}
    changed = changed_takes(rows)
    assert len(changed) == 4 * (1 + 1 + 2) + 4 + 2
    assert not any(differs for _, differs in changed)
    assert "nothing but their request" in report(tmp_path)[0].verdict


@in_full
class TestContract(EngineContract):
    plugin = VllmPlugin()
    stops = (StopReason.END, StopReason.CAP)

    @pytest.fixture(autouse=True)
    def _keep_model(self, model: Path) -> None:
        self.model = model

    def settings(self, width: int) -> MayaSettings:
        return settings_of(self.model, width)
