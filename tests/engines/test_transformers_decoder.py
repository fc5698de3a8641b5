import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
import transformers
from safetensors.numpy import load_file, save_file

from mayabook.core.errors import EngineError, MayaBookError, ModelError
from mayabook.engines import model_loading
from mayabook.engines.devices import choose_dtype, native_dtypes
from mayabook.engines.reference_generate import reference_generate
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.slot_decoder import IDLE
from mayabook.engines.transformers_decoder import TransformersDecoder, kv_bytes_per_slot, weight_bytes
from tests.tiny_models import SMALL, Shape, edit_json, write_checkpoint

SHAPE = Shape(scale=0.08)
"""Weights large enough that attention prefers some tokens to others, and a wrong mask or position shows."""
AUDIO = slice(SMALL.code_end, SMALL.last_code + 1)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
KINDS: dict[str, dict[str, Any]] = {
    "float32": {"dtype": "float32"},
    "bfloat16": {"dtype": "bfloat16"},
    "float16": {"dtype": "float16"},
    "nf4-double": {"quantisation": "nf4-double", "dtype": "float32"},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("models") / "tied", SMALL, SHAPE)


@pytest.fixture(scope="module")
def untied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head of its own, one query head to each key head, and plain rope."""
    shape = Shape(scale=0.08, n_kv_heads=4)
    folder = write_checkpoint(tmp_path_factory.mktemp("models") / "untied", SMALL, shape, seed=2)
    edit_json(folder / "config.json", tie_word_embeddings=False, rope_scaling=None)
    draw = np.random.default_rng(3)
    tensors = load_file(folder / "model.safetensors")
    tensors["lm_head.weight"] = draw.normal(0, 0.05, (SMALL.vocab_size, shape.hidden)).astype(np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture
def copy(checkpoint: Path, tmp_path: Path) -> Path:
    """To be spoilt."""
    return Path(shutil.copytree(checkpoint, tmp_path / "model"))


def tokens_of(seed: int, n: int) -> list[int]:
    """Ids of every kind, pad and end tokens too."""
    return [int(token) for token in np.random.default_rng(seed).integers(0, SMALL.last_code, n)]


def row(decoder: TransformersDecoder, slot: int) -> torch.Tensor:
    return decoder.logits[slot].cpu().clone()


def only(decoder: TransformersDecoder, slot: int, token: int) -> np.ndarray:
    tokens = np.full(decoder.n_slots, IDLE, np.int32)
    tokens[slot] = token
    return tokens


# Agreement with transformers' own forward


def own_greedy(
    model: "transformers.LlamaForCausalLM", prompt: Sequence[int], n_steps: int
) -> tuple[list[int], torch.Tensor]:
    """Tokens and logits of transformers' model with its growing cache and a mask of ones, one prompt alone."""
    ids, cache, chosen, logits = torch.tensor([list(prompt)]), transformers.DynamicCache(), [], []
    length = len(prompt)
    with torch.inference_mode():
        for _ in range(n_steps + 1):
            output = model(input_ids=ids, attention_mask=torch.ones(1, length), past_key_values=cache, use_cache=True)
            logits.append(output.logits[0, -1, AUDIO])
            chosen.append(SMALL.code_end + int(logits[-1].argmax()))
            ids, length = torch.tensor([[chosen[-1]]]), length + 1
    return chosen, torch.stack(logits)


@pytest.mark.parametrize("name", ["checkpoint", "untied"])
def test_logits_and_greedy_tokens_are_those_of_transformers_own_forward(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(name)
    prompts = [tokens_of(1, 5), [*tokens_of(2, 230), SMALL.pad, SMALL.text_end, 7], tokens_of(3, 1), tokens_of(4, 90)]
    decoder = TransformersDecoder(folder, len(prompts), 512, dtype="float32", device="cpu")
    for slot, prompt in enumerate(prompts):
        decoder.prefill(slot, prompt)
    ours = [decoder.logits.clone()]
    for _ in range(50):
        decoder.step((SMALL.code_end + decoder.logits.argmax(1)).numpy().astype(np.int32))
        ours.append(decoder.logits.clone())
    whole = torch.stack(ours)
    model = transformers.LlamaForCausalLM.from_pretrained(str(folder), dtype=torch.float32).eval()
    for slot, prompt in enumerate(prompts):
        chosen, logits = own_greedy(model, prompt, 50)
        assert (SMALL.code_end + whole[:, slot].argmax(1)).tolist() == chosen
        assert len(set(chosen)) > 5
        torch.testing.assert_close(whole[:, slot], logits, rtol=0, atol=1e-4)
    assert whole.std() > 0.1


def test_every_token_of_the_prompt_is_seen_pad_and_end_tokens_too(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    prompt = [3, 4, 5, 6, 7, 8]
    decoder.prefill(0, prompt)
    plain = row(decoder, 0)
    for at in range(len(prompt)):
        for token in (SMALL.pad, SMALL.text_end, SMALL.bos):
            decoder.prefill(0, [*prompt[:at], token, *prompt[at + 1 :]])
            assert (row(decoder, 0) - plain).abs().max() > 1e-3


def test_logits_are_one_float32_tensor_throughout(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 3, 256, dtype="bfloat16", device="cpu")
    logits = decoder.logits
    assert logits.shape == (3, SMALL.n_audio)
    assert logits.dtype == torch.float32
    decoder.prefill(1, [5, 6])
    assert logits[1].abs().sum() > 0
    assert logits[0].abs().sum() == 0
    before = logits.clone()
    decoder.step(np.array([IDLE, 9, IDLE], np.int32))
    assert decoder.logits is logits
    assert not torch.equal(before[1], logits[1])


def test_the_cache_is_attended_in_place_and_the_head_is_a_view(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 2, 512, device="cpu")
    decoder.prefill(0, tokens_of(1, 300))
    pointers = []
    attend = torch.nn.functional.scaled_dot_product_attention

    def spy(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **options: Any) -> torch.Tensor:
        pointers.append((key.data_ptr(), value.data_ptr(), key.shape))
        return attend(query, key, value, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "scaled_dot_product_attention", spy)
        decoder.step(np.array([4, IDLE], np.int32))
    cache = decoder._cache
    assert pointers == [
        (keys.data_ptr(), values.data_ptr(), (2, 2, 512, 64))
        for keys, values in zip(cache.keys, cache.values, strict=True)
    ]
    assert decoder._head.untyped_storage().data_ptr() == decoder.model.lm_head.weight.untyped_storage().data_ptr()


# A slot's logits depend on its own tokens alone, bit for bit

PROMPT = tokens_of(10, 250)
FORCED = tokens_of(11, 12)
"""The take crosses the span of 256 positions on its way."""


def take(decoder: TransformersDecoder, slot: int, disturb: Callable[[int], np.ndarray] | None = None) -> torch.Tensor:
    """Logits of the prompt and of each forced token, shape (13, n_audio).

    disturb: what the other slots do at a step, by its number; they are idle otherwise.
    """
    decoder.prefill(slot, PROMPT)
    rows = [row(decoder, slot)]
    for number, token in enumerate(FORCED):
        tokens = np.full(decoder.n_slots, IDLE, np.int32) if disturb is None else disturb(number)
        tokens[slot] = token
        decoder.step(tokens)
        rows.append(row(decoder, slot))
    return torch.stack(rows)


@pytest.fixture(scope="module", params=[(kind, device) for kind in KINDS for device in DEVICES], ids="-".join)
def several(request: pytest.FixtureRequest, checkpoint: Path) -> tuple[TransformersDecoder, torch.Tensor]:
    """A decoder, and the take as the first thing it ever did, alone in slot 0."""
    kind, device = request.param
    decoder = TransformersDecoder(checkpoint, 5, 1024, device=device, **KINDS[kind])
    return decoder, take(decoder, 0)


Several = tuple[TransformersDecoder, torch.Tensor]


def test_a_take_is_the_same_in_every_slot(several: Several) -> None:
    decoder, alone = several
    for slot in range(decoder.n_slots):
        assert torch.equal(take(decoder, slot), alone)


@pytest.mark.parametrize("slot", [0, 2, 4])
def test_a_take_is_the_same_beside_long_and_short_neighbours_that_come_and_go(several: Several, slot: int) -> None:
    decoder, alone = several
    draw = np.random.default_rng(slot)

    def disturb(number: int) -> np.ndarray:
        """Neighbours start with prompts of up to 700 tokens, go on for a while, and fall idle."""
        other = (slot + 1 + number % (decoder.n_slots - 1)) % decoder.n_slots
        decoder.prefill(other, tokens_of(number, int(draw.choice([1, 40, 256, 511, 700]))))
        tokens = draw.integers(0, SMALL.last_code, decoder.n_slots).astype(np.int32)
        return np.where(draw.random(decoder.n_slots) < 0.7, tokens, IDLE).astype(np.int32)

    assert torch.equal(take(decoder, slot, disturb), alone)
    for other in range(decoder.n_slots):
        decoder.prefill(other, tokens_of(other, 700))
    assert torch.equal(take(decoder, slot, lambda number: np.full(decoder.n_slots, 5, np.int32)), alone)


def test_a_take_is_the_same_after_a_hundred_others(several: Several) -> None:
    decoder, alone = several
    for number in range(100):
        slot = number % decoder.n_slots
        decoder.prefill(slot, tokens_of(number, 600 if number == 50 else 1 + 7 * number % 60))
        decoder.step(np.array(tokens_of(number, decoder.n_slots), np.int32))
    assert torch.equal(take(decoder, 3), alone)


def test_idle_slots_stay_empty(several: Several) -> None:
    decoder, _ = several
    for _ in range(3):
        decoder.step(np.full(decoder.n_slots, IDLE, np.int32))
    idle = decoder.logits.cpu().clone()
    decoder.step(np.full(decoder.n_slots, IDLE, np.int32))
    assert torch.equal(decoder.logits.cpu(), idle)
    assert torch.equal(idle, idle[:1].expand_as(idle))


def test_the_number_of_slots_is_what_may_change_a_take(several: Several) -> None:
    decoder, _ = several
    assert decoder.identity.endswith(f" slots {decoder.n_slots}")


def test_a_take_with_one_slot_repeats(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 1024, device="cpu")
    first = take(decoder, 0)
    decoder.prefill(0, tokens_of(1, 900))
    assert torch.equal(take(decoder, 0), first)


def test_not_a_number_in_one_slot_reaches_neither_its_neighbours_nor_its_next_take(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    poison = 9
    tensors["model.embed_tokens.weight"][poison] = np.nan
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    decoder = TransformersDecoder(copy, 2, 1024, device="cpu")
    alone = take(decoder, 0)
    decoder.prefill(1, [*tokens_of(5, 400), poison])
    assert decoder.logits[1].isnan().all()
    assert torch.equal(take(decoder, 0, lambda number: np.full(2, poison, np.int32)), alone)
    assert decoder.logits[1].isnan().all()
    assert torch.equal(take(decoder, 1), alone)
    assert alone.isfinite().all()


FRESH = """
import hashlib, sys
import numpy as np
from pathlib import Path
from mayabook.engines.transformers_decoder import TransformersDecoder
folder, prompt, forced = Path(sys.argv[1]), eval(sys.argv[2]), eval(sys.argv[3])
for dtype in ("float32", "bfloat16"):
    decoder = TransformersDecoder(folder, 5, 1024, dtype=dtype, device="cpu")
    for slot in range(5):
        decoder.prefill(slot, prompt if slot == 3 else [slot] * 600)
    digest = hashlib.sha256(decoder.logits[3].numpy().tobytes())
    for token in forced:
        decoder.step(np.array([7, 7, 7, token, 7], np.int32))
        digest.update(decoder.logits[3].numpy().tobytes())
    print(dtype, decoder.identity, digest.hexdigest())
"""


def test_a_take_and_its_identity_are_the_same_in_a_fresh_process(checkpoint: Path) -> None:
    arguments = [str(checkpoint), str(PROMPT), str(FORCED)]
    said = subprocess.run(
        [sys.executable, "-c", FRESH, *arguments], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    dtypes: tuple[Any, Any] = ("float32", "bfloat16")
    for dtype, line in zip(dtypes, said, strict=True):
        decoder = TransformersDecoder(checkpoint, 5, 1024, dtype=dtype, device="cpu")
        digest = hashlib.sha256(take(decoder, 0).numpy().tobytes()).hexdigest()
        assert line == f"{dtype} {decoder.identity} {digest}"


def test_identity_tells_weights_dtype_quantisation_and_width_but_not_the_folder(checkpoint: Path, copy: Path) -> None:
    def identity(folder: Path, n_slots: int = 2, **options: Any) -> str:
        return TransformersDecoder(folder, n_slots, 256, device="cpu", **options).identity

    plain = identity(checkpoint)
    assert identity(copy) == plain
    assert torch.__version__ not in plain
    assert "threads" not in plain
    others = [
        identity(checkpoint, 3),
        identity(checkpoint, dtype="bfloat16"),
        identity(checkpoint, quantisation="nf4"),
        identity(checkpoint, quantisation="nf4-double"),
        identity(write_checkpoint(copy, SMALL, SHAPE, seed=7)),
    ]
    assert len({plain, *others}) == 6


# Quantisation, dtypes, memory


@pytest.mark.parametrize("quantisation", ["nf4", "nf4-double", "fp4", "fp4-double"])
def test_quantised_layers_are_near_the_plain_ones_and_the_head_stays_as_it_was(
    checkpoint: Path, quantisation: Any
) -> None:
    plain = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    decoder = TransformersDecoder(checkpoint, 1, 256, quantisation=quantisation, device="cpu")
    projection = decoder.model.model.layers[0].mlp.up_proj
    assert type(projection).__name__ == "Linear4bit"
    assert projection.weight.quant_state.quant_type == quantisation[:3]
    assert projection.weight.quant_state.nested == quantisation.endswith("-double")
    for one in (plain, decoder):
        one.prefill(0, PROMPT[:20])
        one.step(np.array([5], np.int32))
    ours, exact = row(decoder, 0), row(plain, 0)
    assert 0 < (ours - exact).norm() / exact.norm() < 0.6
    assert torch.corrcoef(torch.stack([ours, exact]))[0, 1] > 0.85
    assert torch.equal(decoder.model.lm_head.weight, plain.model.lm_head.weight)
    assert decoder.device == f"CPU, {quantisation}"
    computed = "bfloat16" if projection.support_avx512bf16_for_cpu else "float32"
    assert decoder.notes == (f"weights in {quantisation}, computed in {computed}; head and cache in float32",)


def test_a_quantised_checkpoint_keeps_its_own_and_says_so(checkpoint: Path, tmp_path: Path) -> None:
    first = TransformersDecoder(checkpoint, 1, 256, quantisation="nf4", device="cpu")
    first.model.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "layout.json"):
        shutil.copy(checkpoint / name, tmp_path / name)
    decoder = TransformersDecoder(tmp_path, 1, 256, quantisation="fp4-double", device="cpu")
    assert "this checkpoint is already quantised by bitsandbytes; --quantisation fp4-double is ignored" in decoder.notes
    first.prefill(0, PROMPT)
    decoder.prefill(0, PROMPT)
    assert torch.equal(decoder.logits, first.logits)
    assert weight_bytes(tmp_path) == pytest.approx(weight_bytes(checkpoint, quantisation="nf4"), rel=0.01)


@pytest.mark.parametrize(
    ("dtype", "quantisation"),
    [("float32", "none"), ("bfloat16", "none"), ("float32", "nf4"), ("bfloat16", "nf4-double")],
)
def test_memory_is_foretold_from_the_headers(checkpoint: Path, dtype: Any, quantisation: Any) -> None:
    decoder = TransformersDecoder(checkpoint, 3, 512, dtype=dtype, quantisation=quantisation, device="cpu")
    held = sum(tensor.nbytes for tensor in decoder.model.parameters())
    for module in decoder.model.modules():
        state = getattr(getattr(module, "weight", None), "quant_state", None)
        if state is not None:
            held += state.absmax.nbytes + (state.state2.absmax.nbytes if state.nested else 0)
    assert weight_bytes(checkpoint, dtype, quantisation) == pytest.approx(held, rel=0.001)
    cache = sum(tensor.nbytes for tensor in (*decoder._cache.keys, *decoder._cache.values))
    assert kv_bytes_per_slot(checkpoint, 512, dtype) * 3 == cache


def test_a_cache_token_of_maya1_takes_114688_bytes(copy: Path) -> None:
    edit_json(
        copy / "config.json", num_hidden_layers=28, hidden_size=3072, num_attention_heads=24, num_key_value_heads=8,
        head_dim=128,
    )  # fmt: skip
    assert kv_bytes_per_slot(copy, 1, "float16") == 114_688


@pytest.mark.parametrize(
    ("capability", "native", "auto"),
    [((7, 5), False, "float16"), ((8, 0), True, "bfloat16"), ((9, 0), True, "bfloat16")],
)
def test_bfloat16_is_for_gpus_that_compute_it(
    capability: tuple[int, int], native: bool, auto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device=None: capability)
    assert ("bfloat16" in native_dtypes("cuda")) is native
    assert choose_dtype("auto", torch.device("cuda")) == auto
    assert choose_dtype("float32", torch.device("cuda")) == "float32"


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ({}, ("float32",)),
        ({"avx512_bf16": True}, ("float32", "bfloat16")),
        ({"amx_bf16": True, "avx512_fp16": True}, ("float32", "float16", "bfloat16")),
        ({"bf16": True, "fp16_arith": False}, ("float32", "bfloat16")),
    ],
)
def test_native_formats_of_a_cpu(
    flags: dict[str, bool], native: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags)
    assert native_dtypes("cpu") == native
    assert choose_dtype("auto", torch.device("cpu")) == "float32"


def test_a_format_that_the_device_lacks_is_used_with_a_note(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    decoder = TransformersDecoder(checkpoint, 1, 256, dtype="bfloat16", device="cpu")
    assert decoder.notes[1] == "CPU does not compute bfloat16 natively; --dtype auto is faster"
    assert decoder._cache.keys[0].dtype == torch.bfloat16
    assert TransformersDecoder(checkpoint, 1, 256, device="cpu").notes == (
        "weights in float32, computed in float32; head and cache in float32",
    )


# generate(), the reference

GREEDY = SamplerSettings(temperature=0, repetition_penalty=1, min_tokens=0, max_tokens=12)


def test_generate_is_greedy_over_the_whole_vocabulary(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    prompt = tokens_of(3, 9)
    expected: list[int] = []
    for _ in range(12):
        with torch.inference_mode():
            expected.append(int(decoder.model(torch.tensor([prompt + expected])).logits[0, -1].argmax()))
    assert reference_generate(decoder, prompt, GREEDY) == expected
    assert reference_generate(decoder, prompt, GREEDY, eos=expected[4]) == expected[:5]


def test_generate_without_a_mask_hides_prompt_tokens_that_equal_pad(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    prompt = [SMALL.text_end, *tokens_of(3, 4), SMALL.text_end, *tokens_of(4, 3)]
    blind = reference_generate(decoder, prompt, GREEDY, attention_mask=False, pad=SMALL.text_end)
    seeing = reference_generate(decoder, prompt, GREEDY, attention_mask=True, pad=SMALL.text_end)
    assert seeing == reference_generate(decoder, prompt, GREEDY, attention_mask=False, pad=SMALL.pad)
    assert blind != seeing


def test_generate_draws_by_seed_and_leaves_the_global_generator_alone(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    settings = SamplerSettings(temperature=1, top_p=1, repetition_penalty=1, min_tokens=0, max_tokens=20)
    state = torch.get_rng_state()
    first, again, other = (reference_generate(decoder, [5, 6], settings, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), state)


# What goes wrong


def fails(folder: Path, kind: type[MayaBookError], *parts: str, **options: Any) -> None:
    with pytest.raises(kind) as raised:
        TransformersDecoder(folder, 1, 256, **{"device": "cpu", **options})
    for part in parts:
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_folder(tmp_path: Path) -> None:
    fails(tmp_path / "nothing", ModelError, "There is no model folder", "models list")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_is_missing(copy: Path, name: str) -> None:
    (copy / name).unlink()
    fails(copy, ModelError, name, "copy the whole model folder")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "layout.json", "model.safetensors"])
def test_a_file_is_damaged(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\x10\0\0\0\0\0\0\0{nonsense}")
    fails(copy, ModelError, str(copy / name))


@pytest.mark.parametrize("left", [0, 5, 500, -1])
def test_weights_are_truncated(copy: Path, left: int) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:left])
    fails(copy, ModelError, f"{file} is", "get the file again")


def test_another_architecture(copy: Path) -> None:
    edit_json(copy / "config.json", model_type="gpt2")
    fails(copy, ModelError, "type 'gpt2', not a Llama", "--model")


def test_config_lacks_a_number(copy: Path) -> None:
    edit_json(copy / "config.json", num_hidden_layers=None)
    fails(copy, ModelError, "config.json gives no num_hidden_layers")


def test_rope_that_depends_on_neighbours(copy: Path) -> None:
    edit_json(copy / "config.json", rope_scaling={"rope_type": "dynamic", "factor": 2.0})
    fails(copy, ModelError, "RoPE scaling 'dynamic'", "length of others")


def test_a_shard_is_missing(copy: Path) -> None:
    shards = {"model.norm.weight": "one.safetensors", "model.embed_tokens.weight": "two.safetensors"}
    (copy / "model.safetensors").rename(copy / "one.safetensors")
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    fails(copy, ModelError, "lacks two.safetensors")


def test_shards_are_read(checkpoint: Path, copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    names = sorted(tensors)
    parts = {"one.safetensors": names[:5], "two.safetensors": names[5:]}
    for file, inside in parts.items():
        save_file({name: tensors[name] for name in inside}, copy / file, metadata={"format": "pt"})
    (copy / "model.safetensors").unlink()
    places = {name: file for file, inside in parts.items() for name in inside}
    (copy / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    whole, sharded = (TransformersDecoder(folder, 1, 256, device="cpu") for folder in (checkpoint, copy))
    for decoder in (whole, sharded):
        decoder.prefill(0, PROMPT)
    assert torch.equal(whole.logits, sharded.logits)
    assert weight_bytes(copy) == weight_bytes(checkpoint)


def test_a_tensor_is_missing(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    fails(copy, ModelError, "lacks 1 of the model's tensors, model.layers.1.mlp.up_proj.weight")


def test_a_tensor_of_another_shape(copy: Path) -> None:
    edit_json(copy / "config.json", intermediate_size=640)
    fails(copy, ModelError, "lacks 6 of the model's tensors, model.layers.0.mlp.down_proj.weight for one")


def test_a_tokenizer_without_codes(copy: Path) -> None:
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    tokenizer["added_tokens"] = tokenizer["added_tokens"][:20]
    (copy / "tokenizer.json").write_text(json.dumps(tokenizer))
    fails(copy, ModelError, "tokens and no speech codes up to 3,003", "--model")


def test_weights_and_tokenizer_disagree(copy: Path) -> None:
    edit_json(copy / "config.json", vocab_size=2000)
    fails(copy, ModelError, "weights for 2,000 tokens and a tokenizer of 3,072")


def test_a_quantised_head(checkpoint: Path, tmp_path: Path) -> None:
    config = transformers.BitsAndBytesConfig(load_in_4bit=True, llm_int8_skip_modules=["nothing"])
    edit_json(Path(shutil.copytree(checkpoint, tmp_path / "plain")) / "config.json", tie_word_embeddings=False)
    tensors = load_file(checkpoint / "model.safetensors")
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
    save_file(tensors, tmp_path / "plain/model.safetensors", metadata={"format": "pt"})
    model = transformers.LlamaForCausalLM.from_pretrained(str(tmp_path / "plain"), quantization_config=config)
    model.save_pretrained(tmp_path / "quantised")
    for name in ("tokenizer.json", "layout.json"):
        shutil.copy(checkpoint / name, tmp_path / "quantised" / name)
    fails(tmp_path / "quantised", ModelError, "head of", "quantised by bitsandbytes", "--model")


@pytest.mark.parametrize("n_tokens", [0, 256, 300])
def test_a_prompt_that_no_slot_holds(checkpoint: Path, n_tokens: int) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    with pytest.raises(EngineError, match=rf"prompt has {n_tokens} tokens and a slot holds 256; .*--context"):
        decoder.prefill(0, [5] * n_tokens)


def test_a_full_slot(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 2, 256, device="cpu")
    decoder.prefill(1, [5] * 254)
    for _ in range(2):
        decoder.step(only(decoder, 1, 6))
    with pytest.raises(EngineError, match=r"slot of 256 tokens is full; .*--context"):
        decoder.step(only(decoder, 1, 6))
    decoder.step(only(decoder, 0, 6))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_is_asked_for_and_not_there(checkpoint: Path) -> None:
    fails(checkpoint, EngineError, "CUDA was asked for", "--device cpu", device="cuda")
    assert TransformersDecoder(checkpoint, 1, 256, device="auto").device == "CPU, float32"


def test_weights_that_do_not_fit_name_what_would(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_loading, "free_memory", lambda: 5_000_000)
    fails(checkpoint, EngineError, "and 5.0 MB are free", "--dtype float16 takes 3.9 MB")
    monkeypatch.setattr(model_loading, "free_memory", lambda: 3_800_000)
    fails(checkpoint, EngineError, "--quantisation nf4-double takes 3.8 MB")
    monkeypatch.setattr(model_loading, "free_memory", lambda: 1_000_000)
    fails(checkpoint, EngineError, "choose a smaller model")


def test_slots_that_do_not_fit_name_how_many_would(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    each = kv_bytes_per_slot(checkpoint, 4096, "float32")
    monkeypatch.setattr(model_loading, "free_memory", lambda: 5 * each)
    with pytest.raises(
        EngineError, match=r"8 slots of 4096 tokens take 67\.1 MB in float32 .*; 5 would fit with --slots"
    ):
        TransformersDecoder(checkpoint, 8, 4096, device="cpu")
    assert TransformersDecoder(checkpoint, 5, 4096, device="cpu").n_slots == 5
    monkeypatch.setattr(model_loading, "free_memory", lambda: each - 1 if each > 8_000_000 else each)
    with pytest.raises(EngineError, match=r"1 slots of 16384 tokens .* not one fits: give a smaller --context"):
        TransformersDecoder(checkpoint, 1, 16384, device="cpu")


def test_an_allocation_that_the_system_refuses(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_loading, "free_memory", lambda: 1 << 60)
    with pytest.raises(
        EngineError, match=r"1000000000 slots of 4096 tokens did not fit into memory; use fewer --slots"
    ):
        TransformersDecoder(checkpoint, 1_000_000_000, 4096, device="cpu")


ABSENT = """
import sys
from pathlib import Path
sys.modules[sys.argv[1]] = None
from mayabook.core.errors import EngineError
try:
    from mayabook.engines.transformers_decoder import TransformersDecoder
    TransformersDecoder(Path(sys.argv[2]), 1, 256, quantisation="nf4", device="cpu")
except EngineError as error:
    print(error)
"""


@pytest.mark.parametrize("package", ["torch", "transformers", "bitsandbytes", "accelerate"])
def test_a_library_is_not_installed(checkpoint: Path, package: str) -> None:
    said = subprocess.run([sys.executable, "-c", ABSENT, package, str(checkpoint)], capture_output=True, text=True)
    assert said.returncode == 0
    assert said.stdout.startswith(f"{package} is not installed")
    assert said.stdout.endswith("pip install 'mayabook[transformers]'\n")
    assert said.stdout.count("\n") == 1


def test_loading_says_nothing_of_its_own(checkpoint: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mayabook.engines.transformers_decoder import TransformersDecoder\n"
        "TransformersDecoder(Path(sys.argv[1]), 1, 256, quantisation='nf4', device='cpu').close()"
    )
    said = subprocess.run([sys.executable, "-c", code, str(checkpoint)], capture_output=True, text=True, check=True)
    assert said.stdout + said.stderr == ""


def test_a_closed_decoder_holds_no_weights(checkpoint: Path) -> None:
    decoder = TransformersDecoder(checkpoint, 1, 256, device="cpu")
    decoder.close()
    assert not {"model", "_head", "_cache"} & set(vars(decoder))
    decoder.close()
