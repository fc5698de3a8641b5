"""The presets of the original converter against the libraries it used, and NumPy's draws against torch's."""

import ctypes
import inspect
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mayabook.engines.sampler import Sampler, uniforms, weights
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.maya.token_layout import Layout
from tests.engines import reference_sampler as slow
from tests.engines.test_sampler import OfTorch, random_settings
from tests.tiny_models import SMALL

PROMPT = [
    SMALL.human_start,
    SMALL.bos,
    17,
    5,
    5,
    SMALL.text_end,
    SMALL.token(0, 3),
    SMALL.token(4, 9),
    SMALL.code_start,
]

ORDERS = [SamplerSettings().order, "penalty top_k top_p min_p temperature", "top_p temperature penalty min_p"]

Library = Callable[[list[int], np.ndarray], dict[int, float]]
"""From the tokens generated so far and the logits of the whole vocabulary, -inf where masked, to probabilities."""


@pytest.fixture
def transformers_processors() -> Library:
    """As generate() puts them together for the original's arguments."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=SMALL.vocab_size, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=1, num_key_value_heads=1,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    arguments = {"do_sample": True, "temperature": 0.45, "top_p": 0.92, "repetition_penalty": 1.1}
    generation, _ = model._prepare_generation_config(None, **arguments)
    assert generation.top_k == 50
    assert not generation.min_p
    processors = model._get_logits_processor(generation, input_ids_seq_length=len(PROMPT))
    assert len(processors) == 4

    def probabilities(tokens: list[int], logits: np.ndarray) -> dict[int, float]:
        scores = processors(torch.tensor([PROMPT + tokens]), torch.from_numpy(logits[None].copy()))
        softmax = scores.double().softmax(dim=-1)[0].numpy()
        return {int(i): float(softmax[i]) for i in np.flatnonzero(softmax)}

    return probabilities


@pytest.fixture
def llama_chain() -> Iterator[Library]:
    """llama.cpp's own samplers, with the defaults of llama-cpp-python where the original gave none."""
    llama = pytest.importorskip("llama_cpp")
    defaults = {name: p.default for name, p in inspect.signature(llama.Llama.generate).parameters.items()}
    assert (defaults["top_k"], defaults["min_p"]) == (40, 0.05)
    last_n = inspect.signature(llama.Llama.__init__).parameters["last_n_tokens_size"].default
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    for sampler in (
        llama.llama_sampler_init_penalties(SMALL.vocab_size, last_n, 1.1, 0.0, 0.0),
        llama.llama_sampler_init_top_k(defaults["top_k"]),
        llama.llama_sampler_init_top_p(0.92, 1),
        llama.llama_sampler_init_min_p(defaults["min_p"], 1),
        llama.llama_sampler_init_temp(0.45),
    ):
        llama.llama_sampler_chain_add(chain, sampler)

    def probabilities(tokens: list[int], logits: np.ndarray) -> dict[int, float]:
        if tokens:
            llama.llama_sampler_accept(chain, tokens[-1])
        ids = np.flatnonzero(np.isfinite(logits))
        data = (llama.llama_token_data * len(ids))(*((int(i), float(logits[i]), 0.0) for i in ids))
        array = llama.llama_token_data_array(data, len(ids), -1, False)
        llama.llama_sampler_apply(chain, ctypes.byref(array))
        return slow.softmax({array.data[at].id: array.data[at].logit for at in range(array.size)})

    yield probabilities
    llama.llama_sampler_free(chain)


def masked(row: np.ndarray, step: int, settings: SamplerSettings) -> np.ndarray:
    """Logits of the whole vocabulary, -inf where the token is not allowed at that step."""
    whole = np.full(SMALL.vocab_size, -np.inf, np.float32)
    take = slow.SlowTake(SMALL, settings, 0, [], [0] * step)
    for token in take.allowed():
        whole[token] = row[token - SMALL.code_end]
    return whole


def ours(tokens: list[int], logits: np.ndarray, settings: SamplerSettings) -> dict[int, float]:
    repeated = slow.SlowTake(SMALL, settings, 0, PROMPT, tokens).repeated()
    marked = np.zeros((1, len(logits)), bool)
    marked[0, sorted(repeated)] = True
    found = weights(logits[None], marked, settings)[0]
    return {int(i): float(found[i] / found.sum()) for i in np.flatnonzero(found)}


@pytest.mark.parametrize(
    ("name", "library"),
    [("original-transformers", "transformers_processors"), ("original-gguf", "llama_chain")],
)
def test_the_originals_presets_are_what_its_libraries_did(
    name: str, library: str, request: pytest.FixtureRequest
) -> None:
    """At each of 300 steps of a take: the same distribution, and so the same token for the same uniform number."""
    probabilities: Library = request.getfixturevalue(library)
    settings = preset(name)
    random = np.random.default_rng(41)
    samplers: list[Sampler | OfTorch] = [Sampler(SMALL, 1), OfTorch(SMALL, 1)]
    for sampler in samplers:
        sampler.start(0, settings, 43, PROMPT, 300)
    numbers, n_penalised = uniforms(43, 300), 0
    tokens: list[int] = []
    favourites = random.standard_normal(SMALL.n_audio) * 4
    for step in range(300):
        row = (favourites + random.standard_normal(SMALL.n_audio) * 2).astype(np.float32)
        row[0] = -30  # the take goes on
        logits = masked(row, step, settings)
        expected = probabilities(tokens, logits)
        found = ours(tokens, logits, settings)
        assert set(found) == set(expected)
        for token, probability in expected.items():
            assert found[token] == pytest.approx(probability, rel=1e-4)
        n_penalised += bool(set(expected) & set(tokens))
        wanted, _ = slow.pick(expected, numbers[step])
        assert [int(sampler.draw(row[None], [0]).tokens[0]) for sampler in samplers] == [wanted] * 2
        tokens.append(wanted)
    assert n_penalised > 200


def test_the_official_preset_is_what_its_definitions_say() -> None:
    settings = preset("maya-official")
    random = np.random.default_rng(47)
    tokens: list[int] = []
    for step in range(200):
        row = (random.standard_normal(SMALL.n_audio) * 3).astype(np.float32)
        take = slow.SlowTake(SMALL, settings, 53, PROMPT, tokens)
        logits = masked(row, step, settings)
        expected = slow.distribution(
            {int(i): float(logits[i]) for i in np.flatnonzero(np.isfinite(logits))}, take.repeated(), settings
        )
        if expected.margin > 1e-4:
            found = ours(tokens, logits, settings)
            assert found == pytest.approx(expected.probabilities, rel=1e-4)
        tokens.append(take.draw(row.tolist())[0])


@pytest.mark.parametrize(("layout", "n_steps"), [(SMALL, 1600), (Layout(), 25)], ids=["small", "true"])
def test_equal_logits_give_equal_draws_in_numpy_and_torch(layout: Layout, n_steps: int) -> None:
    random = np.random.default_rng(59)
    n_slots = 16
    samplers: list[Sampler | OfTorch] = [Sampler(layout, n_slots), OfTorch(layout, n_slots)]
    left = [0] * n_slots
    n_drawn = 0
    for _ in range(n_steps):
        for slot in range(n_slots):
            if not left[slot]:
                left[slot] = int(random.integers(20, 120))
                settings = random_settings(random, order=str(random.choice(ORDERS)))
                seed = int(random.integers(2**32))
                prompt = [int(token) for token in random.integers(layout.code_end, layout.last_code, 9)]
                for sampler in samplers:
                    sampler.start(slot, settings, seed, prompt, left[slot])
        scale = random.choice([0.1, 2, 10], (n_slots, 1))
        logits = (random.standard_normal((n_slots, layout.n_audio), np.float32) * scale).astype(np.float32)
        slots = [int(slot) for slot in random.permutation(n_slots)[: random.choice([5, 16])]]
        one, other = (sampler.draw(logits, slots) for sampler in samplers)
        np.testing.assert_array_equal(one.tokens, other.tokens)
        for name in ("log_probability", "entropy", "removed", "end_probability"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4, atol=1e-5)
        n_drawn += len(slots)
        for slot in slots:
            left[slot] -= 1
    assert n_drawn > 8 * n_steps
