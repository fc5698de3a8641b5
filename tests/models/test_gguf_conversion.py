import json
import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from gguf import GGUFReader
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch

from mayabook.core.errors import ModelError
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.maya.prompt import PromptBuilder
from mayabook.maya.token_layout import LAYOUT_KEY, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.model_check.file_checks import TEXTS
from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_vocabulary import CONTROL
from mayabook.models.llama_config import LlamaConfig
from tests.tiny_models import SMALL, Shape, config_of, edit_json, special_names, weights_of, write_checkpoint

VOICE = "A warm, low voice, calm and clear."


def tensors(file: Path) -> dict[str, np.ndarray]:
    return {tensor.name: np.array(tensor.data) for tensor in GGUFReader(file).tensors}


def interleaved(matrix: np.ndarray, n_heads: int) -> np.ndarray:
    """Row 2i of a head is its row i, row 2i + 1 its row i + half."""
    half = len(matrix) // n_heads // 2
    order = [head * 2 * half + part * half + at for head in range(n_heads) for at in range(half) for part in (0, 1)]
    return matrix[order]


@pytest.fixture(params=["small", "true_layout"])
def model(request: pytest.FixtureRequest) -> tuple[Path, Path, Layout]:
    """Checkpoint, its F16 file, and its layout."""
    folder: Path = request.getfixturevalue(request.param)
    return folder / "checkpoint", next((folder / "gguf").iterdir()), Layout.read(folder / "checkpoint")


def test_llama_cpp_computes_what_transformers_computes(model: tuple[Path, Path, Layout]) -> None:
    checkpoint, file, layout = model
    reference = transformers.LlamaForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    prompts = PromptBuilder(CheckpointTokenizer(checkpoint), layout)
    decoder = GgufDecoder(file, 1, 512, n_threads=1)
    audio = slice(layout.code_end, layout.last_code + 1)
    errors, same = [], []
    for text in (TEXTS[0], TEXTS[1] * 3):
        prompt = prompts.build(VOICE, text)
        with torch.inference_mode():
            output = reference(torch.tensor([prompt]), use_cache=True)
            decoder.prefill(0, prompt)
            for _ in range(24):
                truth = output.logits[0, -1, audio].numpy()
                errors.append(np.linalg.norm(decoder.logits[0] - truth) / np.linalg.norm(truth))
                same.append(decoder.logits[0].argmax() == truth.argmax())
                token = layout.code_end + int(truth.argmax())
                output = reference(torch.tensor([[token]]), past_key_values=output.past_key_values)
                decoder.step(np.array([token], np.int32))
    decoder.close()
    assert max(errors) < 1e-2
    assert np.mean(same) >= 0.95


def test_both_tokenizers_give_the_same_ids(model: tuple[Path, Path, Layout]) -> None:
    checkpoint, file, layout = model
    ours = CheckpointTokenizer(checkpoint)
    decoder = GgufDecoder(file, 1, 256)
    assert decoder.layout == layout
    for text in TEXTS:
        assert ours.encode(text) == decoder.tokenizer.encode(text)
    for name in ("<laugh>", "<|begin_of_text|>", "<custom_token_10>"):
        assert ours.special(name) == decoder.tokenizer.special(name) is not None
    decoder.close()


def test_what_the_file_says(small: Path) -> None:
    reader = GGUFReader(small / "gguf" / "small-F16.gguf")
    said = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("tokenizer.ggml.m")}
    expected = {
        "general.architecture": "llama",
        "general.name": "small",
        "general.file_type": 1,
        "llama.block_count": 2,
        "llama.embedding_length": 256,
        "llama.feed_forward_length": 512,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.attention.key_length": 64,
        "llama.rope.freq_base": 500000.0,
        "llama.rope.dimension_count": 64,
        "llama.context_length": 131072,
        "llama.vocab_size": SMALL.vocab_size,
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.bos_token_id": SMALL.bos,
        "tokenizer.ggml.eos_token_id": SMALL.text_end,
    }
    assert {name: said[name] for name in expected} == expected
    assert json.loads(said[LAYOUT_KEY]) == json.loads(SMALL.to_json())
    assert said["tokenizer.ggml.tokens"][SMALL.bos :] == special_names(SMALL)
    assert set(said["tokenizer.ggml.token_type"][SMALL.bos :]) == {CONTROL}
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert "output.weight" not in kinds
    assert {kinds[f"blk.1.{name}.weight"] for name in ("attn_q", "attn_k", "ffn_down")} == {"F16"}
    assert {kinds["blk.0.attn_norm.weight"], kinds["output_norm.weight"], kinds["rope_freqs.weight"]} == {"F32"}


@pytest.mark.parametrize("base", [10_000.0, 500_000.0])
@pytest.mark.parametrize("style", ["rope_scaling", "rope_parameters"])
def test_rope_is_scaled_as_in_transformers(checkpoint: Path, style: str, base: float) -> None:
    scaling = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    scaling |= {"original_max_position_embeddings": 1024}
    beside = {"rope_theta": base} if style == "rope_scaling" else {"rope_theta": None}
    inside = {} if style == "rope_scaling" else {"rope_theta": base}
    edit_json(checkpoint / "config.json", **beside, **{"rope_scaling": None, style: {**scaling, **inside}})
    rotary = transformers.models.llama.modeling_llama.LlamaRotaryEmbedding(
        transformers.LlamaConfig(
            hidden_size=256, num_attention_heads=4, head_dim=64, rope_parameters={**scaling, "rope_theta": base}
        )
    )
    config = LlamaConfig.read(checkpoint)
    plain = base ** -(np.arange(0, 64, 2) / 64)
    divisors = config.rope_divisors()
    assert divisors is not None
    np.testing.assert_allclose(plain / divisors, rotary.inv_freq.numpy(), rtol=1e-5)
    assert divisors.min() == 1.0
    assert divisors.max() == 8.0
    assert ((divisors > 1) & (divisors < 8)).any()


def test_a_model_without_rope_scaling_has_no_divisors(checkpoint: Path, tmp_path: Path) -> None:
    edit_json(checkpoint / "config.json", rope_scaling=None)
    convert(checkpoint, tmp_path / "plain.gguf")
    assert "rope_freqs.weight" not in tensors(tmp_path / "plain.gguf")


def test_values_arrive_where_they_belong(small: Path) -> None:
    source = load_file(small / "checkpoint" / "model.safetensors")
    made = tensors(small / "gguf" / "small-F16.gguf")
    for ours, theirs in (
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("model.layers.1.self_attn.v_proj", "blk.1.attn_v"),
        ("model.layers.1.self_attn.o_proj", "blk.1.attn_output"),
        ("model.layers.0.mlp.gate_proj", "blk.0.ffn_gate"),
        ("model.layers.0.mlp.up_proj", "blk.0.ffn_up"),
        ("model.layers.1.mlp.down_proj", "blk.1.ffn_down"),
    ):
        expected = source[f"{ours}.weight"].astype(made[f"{theirs}.weight"].dtype)
        np.testing.assert_array_equal(made[f"{theirs}.weight"], expected)
    for part, n_heads in (("q", 4), ("k", 2)):
        matrix = source[f"model.layers.1.self_attn.{part}_proj.weight"].astype(np.float16)
        np.testing.assert_array_equal(made[f"blk.1.attn_{part}.weight"], interleaved(matrix, n_heads))


def test_bf16_and_fp16_in_shards_become_what_fp32_in_one_file_does(checkpoint: Path, tmp_path: Path) -> None:
    whole = load_torch(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    halves = {name: value.to(torch.bfloat16) if "mlp" in name else value.half() for name, value in whole.items()}
    shards = [dict(list(halves.items())[:7]), dict(list(halves.items())[7:])]
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    for name, shard in zip(names, shards, strict=True):
        save_torch(shard, checkpoint / name)
    places = {tensor: name for name, shard in zip(names, shards, strict=True) for tensor in shard}
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    convert(checkpoint, tmp_path / "halves.gguf", "F32")
    made = tensors(tmp_path / "halves.gguf")
    down = halves["model.layers.0.mlp.down_proj.weight"].float().numpy()
    np.testing.assert_array_equal(made["blk.0.ffn_down.weight"], down)
    np.testing.assert_array_equal(
        made["blk.0.attn_v.weight"], halves["model.layers.0.self_attn.v_proj.weight"].float().numpy()
    )
    convert(checkpoint, tmp_path / "bf16.gguf", "BF16")
    kept = tensors(tmp_path / "bf16.gguf")["blk.0.ffn_down.weight"].view(np.uint16)
    np.testing.assert_array_equal((kept.astype(np.uint32) << 16).view(np.float32), down)
    (checkpoint / names[1]).unlink()
    with pytest.raises(ModelError, match=f"lacks {names[1]}; copy the missing files"):
        convert(checkpoint, tmp_path / "never.gguf")


def test_bf16_is_rounded_to_the_nearest(checkpoint: Path, tmp_path: Path) -> None:
    convert(checkpoint, tmp_path / "bf16.gguf", "BF16")
    source = load_torch(checkpoint / "model.safetensors")["model.embed_tokens.weight"]
    made = tensors(tmp_path / "bf16.gguf")["token_embd.weight"].view(np.uint16)
    np.testing.assert_array_equal(made.reshape(source.shape), source.to(torch.bfloat16).view(torch.uint16).numpy())


def test_a_head_of_its_own_is_kept(checkpoint: Path, tmp_path: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    head = weights["model.embed_tokens.weight"][::-1].copy()
    save_file({**weights, "lm_head.weight": head}, checkpoint / "model.safetensors")
    edit_json(checkpoint / "config.json", tie_word_embeddings=False)
    convert(checkpoint, tmp_path / "untied.gguf", "F32")
    np.testing.assert_array_equal(tensors(tmp_path / "untied.gguf")["output.weight"], head)


def test_added_tokens_are_never_found_in_plain_text(checkpoint: Path, tmp_path: Path) -> None:
    """Whether tokenizer.json calls them special or not."""
    file = checkpoint / "tokenizer.json"
    added = [{**token, "special": False} for token in json.loads(file.read_text())["added_tokens"]]
    edit_json(file, added_tokens=added)
    convert(checkpoint, tmp_path / "plain.gguf")
    decoder = GgufDecoder(tmp_path / "plain.gguf", 1, 256)
    text = "He said <laugh> and <custom_token_10>."
    assert decoder.tokenizer.encode(text) == CheckpointTokenizer(checkpoint).encode(text)
    assert max(decoder.tokenizer.encode(text)) < SMALL.bos
    assert decoder.tokenizer.special("<laugh>") == SMALL.bos + special_names(SMALL).index("<laugh>")
    decoder.close()


def test_memory_holds_a_matrix_and_not_the_model(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "deep", SMALL, Shape(n_layers=24))
    convert(checkpoint, tmp_path / "warm.gguf")
    tracemalloc.start()
    seen = []
    convert(checkpoint, tmp_path / "deep.gguf", progress=lambda done, total: seen.append((done, total)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (tmp_path / "deep.gguf").stat().st_size / 3
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


def spoil_architecture(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", architectures=["MistralForCausalLM"], model_type="mistral")


def spoil_layers(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", num_hidden_layers=3)


def spoil_width(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", intermediate_size=768)


def spoil_number(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", hidden_size="wide")


def spoil_rope(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", rope_scaling={"rope_type": "yarn", "factor": 4.0})


def spoil_rope_numbers(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", rope_scaling={"rope_type": "llama3", "factor": 4.0})


def spoil_config(checkpoint: Path) -> None:
    (checkpoint / "config.json").write_text('{"model_type": ')


def spoil_quantised(checkpoint: Path) -> None:
    edit_json(checkpoint / "config.json", quantization_config={"quant_method": "bitsandbytes"})


def spoil_end(checkpoint: Path) -> None:
    file = checkpoint / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def spoil_begin(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


def spoil_presence(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()


def spoil_extra(checkpoint: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    weights["model.layers.0.self_attn.q_proj.bias"] = np.zeros(256, np.float32)
    save_file(weights, checkpoint / "model.safetensors")


def spoil_integers(checkpoint: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    weights["model.norm.weight"] = np.ones(256, np.int32)
    save_file(weights, checkpoint / "model.safetensors")


def spoil_value(checkpoint: Path) -> None:
    set_norm(checkpoint, math.nan)


def spoil_size(checkpoint: Path) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    weights["model.layers.0.mlp.up_proj.weight"][3, 4] = 1e5
    save_file(weights, checkpoint / "model.safetensors")


def set_norm(checkpoint: Path, value: float) -> None:
    weights = load_file(checkpoint / "model.safetensors")
    weights["model.norm.weight"][5] = value
    save_file(weights, checkpoint / "model.safetensors")


def spoil_split(checkpoint: Path) -> None:
    file = checkpoint / "tokenizer.json"
    steps = json.loads(file.read_text())["pre_tokenizer"]
    steps["pretokenizers"][0]["pattern"]["Regex"] = r"\p{L}+|\p{N}+|\s+|."
    edit_json(file, pre_tokenizer=steps)


def spoil_codes(checkpoint: Path) -> None:
    file = checkpoint / "tokenizer.json"
    edit_json(file, added_tokens=json.loads(file.read_text())["added_tokens"][:100])


def spoil_tokenizer(checkpoint: Path) -> None:
    (checkpoint / "tokenizer.json").unlink()


def spoil_vocabulary(checkpoint: Path) -> None:
    layout = Layout.from_json(SMALL.to_json().replace("3072", "3200"), "")
    (checkpoint / "layout.json").write_text(layout.to_json())


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_architecture, "describes a MistralForCausalLM, not a Llama; choose"),
        (spoil_layers, r"no tensor model\.layers\.2\.input_layernorm\.weight; copy the whole"),
        (spoil_width, r"gate_proj\.weight .*shape \(512, 256\) where config\.json says \(768, 256\)"),
        (spoil_number, r"no usable hidden_size \('wide'\); get"),
        (spoil_rope, "RoPE scaling 'yarn'"),
        (spoil_rope_numbers, "lacks a parameter of its RoPE scaling .*; get"),
        (spoil_config, r"config\.json is damaged .*get the file again"),
        (spoil_quantised, r"quantised already \(bitsandbytes\); use the model in full precision"),
        (spoil_end, "is cut short at .*get the file again"),
        (spoil_begin, "is damaged or not a safetensors file; get"),
        (spoil_presence, r"has no weights \(model\.safetensors\); copy"),
        (spoil_extra, r"a tensor that is not part of a Llama \(model\.layers\.0\.self_attn\.q_proj\.bias\)"),
        (spoil_integers, r"model\.norm\.weight .* is I32; use the model in bf16"),
        (spoil_value, r"model\.norm\.weight .*is not a number"),
        (spoil_size, "too large for F16; convert to BF16"),
        (spoil_split, "another way than Llama 3"),
        (spoil_codes, "speech codes|control token or speech code"),
        (spoil_tokenizer, r"no tokenizer\.json; copy"),
        (spoil_vocabulary, "belong"),
    ],
)
def test_bad_checkpoints_are_told_in_one_line(checkpoint: Path, tmp_path: Path, spoil, message: str) -> None:
    spoil(checkpoint)
    with pytest.raises(ModelError, match=message) as caught:
        convert(checkpoint, tmp_path / "out" / "never.gguf")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.glob("out/*")) == []
    assert list(tmp_path.glob("out/.*")) == []


def test_a_value_too_large_for_f16_is_none_for_bf16(checkpoint: Path, tmp_path: Path) -> None:
    spoil_size(checkpoint)
    convert(checkpoint, tmp_path / "wide.gguf", "BF16")
    kept = tensors(tmp_path / "wide.gguf")["blk.0.ffn_up.weight"].view(np.uint16).reshape(512, 256)[3, 4]
    assert (np.uint32(kept) << np.uint32(16)).view(np.float32) == pytest.approx(1e5, rel=0.005)


def test_other_formats_are_not_converted_to(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="converts to F32, F16, BF16, not 'Q4_K_M'"):
        convert(checkpoint, tmp_path / "never.gguf", "Q4_K_M")


def test_a_missing_package_is_named(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with pytest.raises(ModelError, match=r"pip install 'mayabook\[gguf\]'"):
        convert(checkpoint, tmp_path / "never.gguf")


def test_no_room_is_told_before_anything_is_written(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    with pytest.raises(ModelError, match=r"has 1\.0 MB free and .* are needed; free some space"):
        convert(checkpoint, tmp_path / "never.gguf")


def test_shapes_follow_the_config(checkpoint: Path) -> None:
    shapes = LlamaConfig.read(checkpoint).tensor_shapes()
    made = {name: value.shape for name, value in weights_of(Shape(), SMALL, 1).items()}
    assert shapes == made
    assert config_of(Shape(), SMALL)["tie_word_embeddings"]
