import itertools
from dataclasses import fields, replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mayabook.engines.sampler import DrawnTokens, Sampler, pick, uniforms, weights
from mayabook.engines.sampler_settings import SamplerSettings, presets
from mayabook.maya.frames import unpack
from mayabook.maya.token_layout import Layout
from tests.engines import reference_sampler as slow

STAGES = ("penalty", "temperature", "top_k", "top_p", "min_p")
NEAR = 1e-3
"""A decision this near to its edge may fall the other way in float32."""

TINY = Layout(
    bos=0, text_end=1, code_start=3, code_end=4, human_start=5, human_end=6, ai_start=7, pad=9,
    first_code=12, codebook_size=24, vocab_size=200,
)  # fmt: skip


class OfTorch:
    """The torch sampler behind the interface of the NumPy one."""

    def __init__(self, layout: Layout, n_slots: int) -> None:
        torch = pytest.importorskip("torch")
        from mayabook.engines.torch_sampler import TorchSampler

        self._of = torch.from_numpy
        self._sampler = TorchSampler(layout, n_slots)
        self.start = self._sampler.start

    def draw(self, logits, slots) -> DrawnTokens:
        return self._sampler.draw(self._of(np.array(logits)), slots)


@pytest.fixture(params=[Sampler, OfTorch], ids=["numpy", "torch"])
def kind(request: pytest.FixtureRequest):
    return request.param


def random_settings(random: np.random.Generator, **given) -> SamplerSettings:
    window = random.choice(["0", "1", "7", "20", "64", "all"])
    chosen = {
        "temperature": float(random.choice([0, 0.2, 0.45, 1, 1.7])),
        "top_k": int(random.choice([0, 1, 3, 8, 100])),
        "top_p": float(random.choice([1, 0.92, 0.5, 0.01])),
        "min_p": float(random.choice([0, 0.05, 0.3, 1])),
        "repetition_penalty": float(random.choice([1, 1.1, 1.8, 0.7])),
        "penalty_window": "all" if window == "all" else int(window),
        "penalty_prompt": bool(random.integers(2)),
        "order": " ".join(random.permutation(STAGES)[: random.integers(6)]),
        "min_tokens": int(random.choice([0, 28])),
    }
    return SamplerSettings(**{**chosen, **given})


def agrees(row: np.ndarray, repeated: np.ndarray, settings: SamplerSettings) -> bool:
    """Asserts that a row's distribution is that of the definitions; False where it hangs on a rounding."""
    expected = slow.distribution(
        {i: float(x) for i, x in enumerate(row) if np.isfinite(x)}, set(np.flatnonzero(repeated)), settings
    )
    if expected.margin < NEAR:
        return False
    found = weights(row[None], repeated[None], settings)[0]
    assert set(np.flatnonzero(found)) == set(expected.probabilities), settings
    wanted = np.array([expected.probabilities.get(i, 0.0) for i in range(len(row))])
    np.testing.assert_allclose(found / found.sum(), wanted, rtol=5e-4, err_msg=str(settings))
    return True


@pytest.mark.parametrize("scale", [0.5, 4])
def test_after_every_prefix_of_every_order_the_distribution_is_as_defined(scale: float) -> None:
    random = np.random.default_rng(5)
    prefixes = {order[:n] for order in itertools.permutations(STAGES) for n in range(6)}
    assert len(prefixes) == 326
    compared = 0
    for prefix in sorted(prefixes):
        for _ in range(3):
            row = (random.standard_normal(40) * scale).astype(np.float32)
            row[0] = -np.inf
            settings = random_settings(random, order=" ".join(prefix))
            compared += agrees(row, random.random(40) < 0.3, settings)
    assert compared > 0.9 * 3 * len(prefixes)


@given(
    st.lists(st.floats(-12, 12, width=32), min_size=2, max_size=30),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
@hypothesis_settings(max_examples=400, deadline=None, derandomize=True)
def test_any_logits_give_the_distribution_of_the_definitions(row: list[float], seed: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    logits = np.array(row, np.float32)
    settings = random_settings(random)
    assume(agrees(np.round(logits) if ties else logits, random.random(len(row)) < 0.4, settings))


def test_equal_logits_share_their_fate() -> None:
    row = np.array([[1, 3, 2, 3, 2, 2, 0]], np.float32)
    none = np.zeros(row.shape, bool)

    def kept(**values) -> list[int]:
        off = {"temperature": 1.0, "top_p": 1.0, "repetition_penalty": 1.0}
        return list(np.flatnonzero(weights(row, none, SamplerSettings(**{**off, **values}))[0]))

    assert kept(top_k=1) == kept(top_k=2) == kept(top_p=0.1) == kept(min_p=1.0) == [1, 3]
    assert kept(top_k=3) == kept(top_k=5) == kept(top_p=0.75) == [1, 2, 3, 4, 5]
    assert kept(temperature=0.0) == [1]
    assert kept() == list(range(7))


def of_torch(weights: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    torch = pytest.importorskip("torch")
    from mayabook.engines import torch_sampler

    return torch_sampler._pick(torch.from_numpy(weights), torch.from_numpy(uniform[:, None]))[:, 0].numpy()


@pytest.mark.parametrize("choose", [pick, of_torch], ids=["numpy", "torch"])
def test_a_number_on_an_edge_takes_the_next_id_and_none_takes_one_without_weight(choose) -> None:
    weights = np.array([0, 1, 0, 1, 2, 0], np.float64)
    numbers = np.array([0, 0.2499, 0.25, 0.4999, 0.5, 0.75, 1 - 2**-53, 1])
    assert list(choose(np.tile(weights, (8, 1)), numbers)) == [1, 1, 3, 3, 4, 4, 4, 4]


def test_the_least_top_p_leaves_the_likeliest(kind) -> None:
    sampler = kind(TINY, 30)
    for slot in range(30):
        sampler.start(slot, SamplerSettings(top_p=1e-17), slot, [], 1)
    row = np.random.default_rng(37).standard_normal(TINY.n_audio).astype(np.float32)
    likeliest = TINY.first_code + int(row[TINY.first_column :][: TINY.codebook_size].argmax())
    assert set(sampler.draw(np.tile(row, (30, 1)), range(30)).tokens) == {likeliest}


def test_the_uniform_numbers_are_those_of_philox_by_seed_and_step() -> None:
    for seed in (0, 1, 3_735_928_559, 2**64 - 1, 2**64 + 5):
        long = uniforms(seed, 50)
        assert list(long) == [slow.uniform(seed, step) for step in range(50)]
        np.testing.assert_array_equal(uniforms(seed, 9), long[:9])
    many = uniforms(7, 100_000)
    assert many.min() >= 0
    assert many.max() < 1
    assert scipy.stats.kstest(many, "uniform").pvalue > 0.01


def test_whole_takes_are_those_of_the_reference_sampler(kind) -> None:
    """Tokens and traces, with other settings in each slot, slots drawn at random, and takes that follow one another."""
    random = np.random.default_rng(11)
    n_slots, n_tokens = 6, 60
    sampler = kind(TINY, n_slots)
    takes: dict[int, slow.SlowTake] = {}
    drawn = near = 0
    for _ in range(400):
        for slot in range(n_slots):
            if slot not in takes or len(takes[slot].tokens) == n_tokens:
                seed, prompt = int(random.integers(2**40)), [3, 4, 5, *random.integers(12, 180, 6)]
                takes[slot] = slow.SlowTake(TINY, random_settings(random), seed, prompt)
                sampler.start(slot, takes[slot].settings, seed, prompt, n_tokens)
        slots = [int(slot) for slot in random.permutation(n_slots)[: random.integers(1, n_slots + 1)]]
        logits = (random.standard_normal((n_slots, TINY.n_audio)) * random.choice([1, 5])).astype(np.float32)
        draw = sampler.draw(logits, slots)
        for at, slot in enumerate(slots):
            take, token = takes[slot], int(draw.tokens[at])
            expected, margin = take.draw(logits[slot])
            near += margin < NEAR
            assert token == expected or margin < NEAR
            for name, value in take.traces(logits[slot], token).items():
                assert getattr(draw, name)[at] == pytest.approx(value, rel=1e-4, abs=2e-6), name
            take.tokens.append(token)
            drawn += 1
        assert draw.finite.all()
    assert drawn > 1000
    assert near < 0.1 * drawn


@pytest.mark.parametrize("name", [*presets(), "plain"])
def test_draws_follow_the_distribution(kind, name: str) -> None:
    """Thousands of seeds at step 0, and chi-square against the definitions."""
    plain = SamplerSettings(order="")
    settings = replace(presets().get(name, plain), min_tokens=0)
    n_slots, n_batches = 500, 12
    row = (np.random.default_rng(3).standard_normal(TINY.n_audio) * 0.3).astype(np.float32)
    allowed = [TINY.code_end, *range(TINY.first_code, TINY.first_code + TINY.codebook_size)]
    expected = slow.distribution({i: float(row[i - TINY.code_end]) for i in allowed}, set(), settings)
    assert expected.margin > 1e-5
    sampler, logits = kind(TINY, n_slots), np.tile(row, (n_slots, 1))
    seen = dict.fromkeys(expected.probabilities, 0)
    for batch in range(n_batches):
        for slot in range(n_slots):
            sampler.start(slot, settings, batch * n_slots + slot, [], 1)
        for token in sampler.draw(logits, range(n_slots)).tokens:
            seen[int(token)] += 1
    wanted = [p * n_slots * n_batches for p in expected.probabilities.values()]
    assert len(wanted) >= 5
    assert min(wanted) > 5
    assert scipy.stats.chisquare(list(seen.values()), wanted).pvalue > 0.01


def play(sampler, layout: Layout, wishes: list[int], decisive: np.ndarray) -> int:
    """Makes the take in slot 0 say the codes wished for, step by step; returns the code drawn from `decisive` then."""
    for step, code in enumerate(wishes):
        row = np.zeros(layout.n_audio, np.float32)
        row[layout.token(step % 7, code) - layout.code_end] = 1000
        drawn = sampler.draw(row[None], [0]).tokens[0]
        assert drawn == layout.token(step % 7, code)
    assert len(wishes) % 7 == 0
    row = np.zeros(layout.n_audio, np.float32)
    row[layout.first_column :][: layout.codebook_size] = decisive
    return int(sampler.draw(row[None], [0]).tokens[0]) - layout.first_code


DECISIVE = np.array([1.05, 1.0] + [0.0] * (TINY.codebook_size - 2), np.float32)
"""Code 0 wins unless a penalty of 1.1 is on it; then code 1 does."""
GREEDY = SamplerSettings(temperature=0, penalty_window="all")


@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_an_id_leaves_the_window_after_exactly_so_many_tokens(kind, n_frames: int) -> None:
    """It was drawn at step 0; the window of n tokens holds it up to step n."""
    wishes = [0] + [5] * (7 * n_frames - 1)
    for window in range(7 * n_frames - 7, 7 * n_frames + 8):
        sampler = kind(TINY, 1)
        sampler.start(0, replace(GREEDY, penalty_window=window), 1, [], 100)
        assert play(sampler, TINY, wishes, DECISIVE) == (1 if window >= 7 * n_frames else 0), window


def test_an_id_drawn_twice_leaves_with_its_later_occurrence(kind) -> None:
    wishes = [0] + [5] * 6 + [0] + [5] * 6
    for window, code in ((6, 0), (7, 1), (13, 1), (14, 1)):
        sampler = kind(TINY, 1)
        sampler.start(0, replace(GREEDY, penalty_window=window), 1, [], 100)
        assert play(sampler, TINY, wishes, DECISIVE) == code


def test_all_forgets_nothing(kind) -> None:
    sampler = kind(TINY, 1)
    sampler.start(0, GREEDY, 1, [], 1000)
    assert play(sampler, TINY, [0] + [5] * 699, DECISIVE) == 1


def test_ids_of_the_prompt_count_only_when_asked_and_then_for_ever(kind) -> None:
    prompt = [TINY.human_start, TINY.token(0, 0), TINY.token(0, 0), 199, 0]
    for counts, code in ((False, 0), (True, 1)):
        for window in (0, 2, "all"):
            sampler = kind(TINY, 1)
            sampler.start(0, replace(GREEDY, penalty_window=window, penalty_prompt=counts), 1, prompt, 100)
            assert play(sampler, TINY, [5] * 21, DECISIVE) == code
    sampler.start(0, replace(GREEDY, penalty_window=2, penalty_prompt=True), 1, prompt, 100)
    assert play(sampler, TINY, [0] + [5] * 20, DECISIVE) == 1  # drawn and gone from the window, yet of the prompt


def test_a_penalty_multiplies_negative_logits(kind) -> None:
    sampler = kind(TINY, 1)
    sampler.start(0, GREEDY, 1, [], 100)
    decisive = np.array([-1.0, -1.05] + [-9.0] * (TINY.codebook_size - 2), np.float32)
    assert play(sampler, TINY, [0] + [5] * 6, decisive) == 1


def adversarial(name: str, random: np.random.Generator, layout: Layout, step: int) -> np.ndarray:
    row = (random.standard_normal(layout.n_audio) * 3).astype(np.float32)
    first = layout.token(step % 7, 0) - layout.code_end
    own = slice(first, first + layout.codebook_size)
    match name:
        case "forbidden":
            allowed = row[own].copy()
            row[:] = 1e30
            row[own] = allowed
        case "nothing allowed":
            row[own] = -1e30
        case "huge":
            row = (np.sign(row) * 3.4e38).astype(np.float32)
        case "tiny":
            row *= np.float32(1e-40)
        case "end":
            row[0] = 1e4
        case "flat":
            row[:] = 0
    return row


ADVERSARIES = ("random", "forbidden", "nothing allowed", "huge", "tiny", "end", "flat")


@pytest.mark.parametrize("name", ADVERSARIES)
def test_frames_are_well_formed_whatever_the_logits_are(kind, name: str) -> None:
    random = np.random.default_rng(17)
    chosen = [*presets().values(), *(random_settings(random) for _ in range(4))]
    n_slots, n_tokens = len(chosen), 140
    sampler = kind(TINY, n_slots)
    ended = 0
    for slot, settings in enumerate(chosen):
        sampler.start(slot, replace(settings, min_tokens=30 if slot % 2 else 0), slot, [], n_tokens)
    tokens: list[list[int]] = [[] for _ in chosen]
    for step in range(n_tokens):
        logits = np.stack([adversarial(name, random, TINY, step) for _ in chosen])
        draw = sampler.draw(logits, range(n_slots))
        assert draw.finite.all()
        for slot, token in enumerate(draw.tokens):
            if token == TINY.code_end:
                assert step % 7 == 0
                assert step >= (30 if slot % 2 else 0)
                ended += 1
                token = TINY.token(0, 0)  # the take goes on, to see more
            tokens[slot].append(int(token))
        for trace in (draw.entropy, draw.removed, draw.end_probability, draw.log_probability):
            assert np.isfinite(trace).all()
        assert ((draw.removed >= 0) & (draw.removed <= 1)).all()
        assert (draw.entropy >= -1e-5).all()
        if name in ("forbidden", "nothing allowed"):
            assert (draw.removed[: n_slots if step % 7 else 0] > 0.99).all()
    for said in tokens:
        assert unpack(said, TINY).shape == (n_tokens // 7, 7)
    if name == "end":
        assert ended == sum(
            1 for slot in range(n_slots) for step in range(0, n_tokens, 7) if step >= (30 if slot % 2 else 0)
        )


def test_mass_removed_is_exact_when_it_is_tiny(kind) -> None:
    row = np.full(TINY.n_audio, -30, np.float32)
    row[TINY.first_column :][: TINY.codebook_size] = 3
    sampler = kind(TINY, 1)
    sampler.start(0, SamplerSettings(), 1, [], 10)
    removed = float(sampler.draw(row[None], [0]).removed[0])
    n_removed = TINY.n_audio - TINY.codebook_size
    assert removed == pytest.approx(n_removed * np.exp(-33.0) / TINY.codebook_size, rel=1e-5)


def same(one: DrawnTokens, other: DrawnTokens) -> None:
    for field in fields(DrawnTokens):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


def part(draw: DrawnTokens, at: int) -> DrawnTokens:
    return DrawnTokens(*(getattr(draw, field.name)[at : at + 1] for field in fields(DrawnTokens)))


@pytest.mark.parametrize(("layout", "n_steps"), [(TINY, 60), (Layout(), 9)], ids=["tiny", "true"])
def test_a_row_depends_on_no_neighbour_and_no_width_bit_for_bit(kind, layout: Layout, n_steps: int) -> None:
    random = np.random.default_rng(23)
    settings = [*presets().values(), random_settings(random, top_k=3), random_settings(random, order="top_p penalty")]
    n = len(settings)
    wide = kind(layout, n + 5)
    alone = [kind(layout, 1) for _ in settings]
    places = [int(place) for place in random.permutation(n + 5)[:n]]
    for at, (place, chosen) in enumerate(zip(places, settings, strict=True)):
        wide.start(place, chosen, at, [layout.token(0, 1)], 100)
        alone[at].start(0, chosen, at, [layout.token(0, 1)], 100)
    for _ in range(n_steps):
        logits = (random.standard_normal((n + 5, layout.n_audio)) * 4).astype(np.float32)
        drawn = sorted(int(at) for at in random.permutation(n)[: random.integers(1, n + 1)])
        draw = wide.draw(logits, [places[at] for at in drawn])
        for number, at in enumerate(drawn):
            same(part(draw, number), alone[at].draw(logits[places[at]][None], [0]))


def test_rows_that_are_not_finite_are_flagged_and_harm_no_other(kind) -> None:
    random = np.random.default_rng(29)
    spoilt, sound = kind(TINY, 5), kind(TINY, 5)
    for sampler in (spoilt, sound):
        for slot in range(5):
            sampler.start(slot, SamplerSettings(), slot, [], 50)
    for step, value in enumerate((np.nan, np.inf, -np.inf, np.nan)):
        logits = (random.standard_normal((5, TINY.n_audio)) * 4).astype(np.float32)
        expected = sound.draw(logits, range(5))
        logits[1, step * 9] = value
        logits[3] = value
        draw = spoilt.draw(logits, range(5))
        assert list(draw.finite) == [True, False, True, False, True]
        for slot in (0, 2, 4):
            same(part(draw, slot), part(expected, slot))
        for slot in (1, 3):
            assert TINY.token(step, 0) <= draw.tokens[slot] < TINY.token(step + 1, 0)


def test_temperature_0_takes_the_likeliest_and_of_equals_the_lowest(kind) -> None:
    sampler = kind(TINY, 40)
    for slot in range(40):
        sampler.start(slot, SamplerSettings(temperature=0, repetition_penalty=1), slot, [], 10)
    row = np.zeros(TINY.n_audio, np.float32)
    row[TINY.first_column + 7] = row[TINY.first_column + 20] = 2
    row[0] = 9
    assert set(sampler.draw(np.tile(row, (40, 1)), range(40)).tokens) == {TINY.token(0, 7)}


def test_a_new_take_forgets_the_one_before(kind) -> None:
    random = np.random.default_rng(31)
    used, fresh = kind(TINY, 3), kind(TINY, 3)
    settings = SamplerSettings(penalty_window="all", repetition_penalty=3.0, penalty_prompt=True)
    prompt = list(range(TINY.first_code, TINY.last_code))
    for slot in range(3):
        used.start(slot, settings, 1, prompt, 200)
    for _ in range(100):
        used.draw((random.standard_normal((3, TINY.n_audio)) * 2).astype(np.float32), range(3))
    for sampler in (used, fresh):
        sampler.start(1, settings, 9, [], 60)
    for _ in range(60):
        logits = (random.standard_normal((3, TINY.n_audio)) * 2).astype(np.float32)
        same(used.draw(logits, [1]), fresh.draw(logits, [1]))
