import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mayabook.maya.token_layout import LAYOUT_KEY, Layout
from mayabook.model_check import CheckResult, check_model
from mayabook.models import store
from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_quantisation import quantize
from tests.models.foreign_gguf import as_converted_elsewhere
from tests.tiny_models import SMALL, Shape, edit_json, write_checkpoint, write_codec


@pytest.fixture
def model(small: Path, tmp_path: Path) -> Path:
    """A whole model folder to spoil."""
    return Path(shutil.copytree(small, tmp_path / "model"))


def found(model: Path) -> dict[str, CheckResult]:
    return {one.name: one for one in check_model(store.find(str(model)))}


def failures(model: Path) -> dict[str, str]:
    return {name: one.detail for name, one in found(model).items() if one.state == "failed"}


def test_a_good_model_passes_every_check(model: Path) -> None:
    source = model / "gguf" / "small-F16.gguf"
    quantize(source, model / "gguf" / "small-Q4_K_M.gguf", "Q4_K_M")
    convert(model / "checkpoint", model / "gguf" / "small-BF16.gguf", "BF16")
    checks = found(model)
    assert list(checks) == [
        *(f"checkpoint: {what}" for what in ("config", "token ids", "tensors")),
        *(f"{kind}: {what}" for kind in ("BF16", "F16", "Q4_K_M") for what in ("token ids", "tokenizer", "tensors", "rope")),
        "codec",
        *(f"{kind}: logits" for kind in ("BF16", "F16", "Q4_K_M")),
    ]  # fmt: skip
    assert {one.state for one in checks.values()} == {"ok"}
    assert checks["checkpoint: config"].detail == "Llama of 2 layers, width 256, 4/2 heads"
    assert "theta 500000, scaled as in config.json" in checks["F16: rope"].detail
    errors = {kind: float(checks[f"{kind}: logits"].detail.split()[2][:-1]) for kind in ("F16", "BF16", "Q4_K_M")}
    assert errors["F16"] < 5e-3 < errors["Q4_K_M"]
    assert errors["F16"] < errors["BF16"] < errors["Q4_K_M"]


def test_another_models_file_is_caught_by_its_logits(model: Path, tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", SMALL, Shape(scale=0.08), seed=2)
    convert(other, model / "gguf" / "small-F16.gguf")
    quantize(model / "gguf" / "small-F16.gguf", model / "gguf" / "small-Q8_0.gguf", "Q8_0")
    details = failures(model)
    assert set(details) == {"F16: logits", "Q8_0: logits"}
    assert "at most 0.01 is expected; convert and quantise" in details["F16: logits"]


def test_one_wrong_matrix_is_caught(model: Path, tmp_path: Path) -> None:
    """Queries that were not interleaved for llama.cpp."""
    weights = load_file(model / "checkpoint" / "model.safetensors")
    name = "model.layers.1.self_attn.q_proj.weight"
    weights[name] = np.roll(weights[name], 1, axis=0)
    other = Path(shutil.copytree(model / "checkpoint", tmp_path / "other"))
    save_file(weights, other / "model.safetensors")
    convert(other, model / "gguf" / "small-F16.gguf")
    assert set(failures(model)) == {"F16: logits"}


def swap_words(folder: Path) -> None:
    """Two words of the vocabulary trade their numbers."""
    file = folder / "tokenizer.json"
    values = json.loads(file.read_text())["model"]
    vocab = values["vocab"]
    words = [word for word, number in vocab.items() if 300 < number < 400][:2]
    vocab[words[0]], vocab[words[1]] = vocab[words[1]], vocab[words[0]]
    edit_json(file, model=values)


def drop_merges(folder: Path) -> None:
    file = folder / "tokenizer.json"
    values = json.loads(file.read_text())["model"]
    edit_json(file, model={**values, "merges": values["merges"][:20]})


def unscaled_rope(folder: Path) -> None:
    edit_json(folder / "config.json", rope_scaling=None)


def other_rope(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    edit_json(folder / "config.json", rope_scaling={**config["rope_scaling"], "factor": 8.0})


def other_theta(folder: Path) -> None:
    edit_json(folder / "config.json", rope_theta=10000.0)


@pytest.mark.parametrize(
    ("spoil", "name", "message"),
    [
        (swap_words, "F16: tokenizer", "they do not belong together; convert the checkpoint again"),
        (drop_merges, "F16: tokenizer", "in another way; convert the checkpoint again"),
        (unscaled_rope, "F16: rope", "RoPE settings"),
        (other_rope, "F16: rope", "RoPE settings"),
        (other_theta, "F16: rope", "RoPE settings"),
    ],
)
def test_a_file_that_was_made_from_something_else_is_caught(model: Path, tmp_path: Path, spoil, name, message) -> None:
    other = Path(shutil.copytree(model / "checkpoint", tmp_path / "other"))
    spoil(other)
    convert(other, model / "gguf" / "small-F16.gguf")
    checks = found(model)
    assert {one.name for one in checks.values() if one.state == "failed"} == {name}
    assert message in checks[name].detail
    assert checks["logits"].state == "skipped"


def test_shapes_of_the_file_are_compared(model: Path, tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", SMALL, Shape(ffn=768))
    convert(other, model / "gguf" / "small-F16.gguf")
    assert "ffn_gate.weight" in failures(model)["F16: tensors"]


def test_damaged_parts_fail_one_by_one(model: Path) -> None:
    for file in (model / "gguf" / "small-F16.gguf", model / "checkpoint" / "model.safetensors"):
        file.write_bytes(file.read_bytes()[:-3000])
    shutil.rmtree(model / "codec")
    details = failures(model)
    assert set(details) == {"F16: token ids", "checkpoint: tensors", "codec"}
    assert "cut short" in details["checkpoint: tensors"]
    assert "mayabook models import FOLDER --name model" in details["codec"]
    write_codec(model / "codec", 128)
    assert "codebook_size is 128, not 256" in failures(model)["codec"]
    shutil.copy(write_codec(model / "other") / "config.json", model / "codec" / "config.json")
    assert "codec" in failures(model)


def test_a_gguf_file_alone_is_checked_by_itself(small: Path) -> None:
    checks = found(small / "gguf" / "small-F16.gguf")
    assert {name: one.state for name, one in checks.items()} == {
        "F16: token ids": "ok",
        "codec": "ok",
        "logits": "skipped",
    }


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mayabook.engines.transformers_decoder", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.usefixtures("without_torch")
def test_without_transformers_the_rest_is_still_checked(model: Path) -> None:
    checks = found(model)
    assert checks["F16: tokenizer"].state == "ok"
    assert checks["logits"].state == "skipped"
    assert "pip install 'mayabook[transformers]'" in checks["logits"].detail


def test_a_folder_as_the_hub_has_it_passes(true_layout: Path, tmp_path: Path) -> None:
    """With Maya1's list of files, in its own layout, and the codec beside it."""
    folder = tmp_path / "maya1"
    shutil.copytree(true_layout / "checkpoint", folder, ignore=shutil.ignore_patterns("*.safetensors"))
    weights = load_file(true_layout / "checkpoint" / "model.safetensors")
    names = sorted(weights)
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for shard, part in shards.items():
        save_file({name: weights[name] for name in part}, folder / shard)
    index = {name: shard for shard, part in shards.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    for name in ("generation_config.json", "special_tokens_map.json"):
        (folder / name).write_text("{}")
    for name in ("chat_template.jinja", "emotions.txt", "prompt.txt"):
        (folder / name).write_text("words")
    write_codec(tmp_path / "codec", Layout().codebook_size)
    assert {name: one.state for name, one in found(folder).items()} == {
        "checkpoint: config": "ok",
        "checkpoint: token ids": "ok",
        "checkpoint: tensors": "ok",
        "codec": "ok",
        "logits": "skipped",
    }


@pytest.mark.parametrize(
    ("fixture", "layout", "names"),
    [
        ("small", SMALL, {"maya1.Q4_K_M": "Q4_K_M", "maya1-q4_k_m": "Q4_K_M", "maya1-q6_k_m": "Q6_K"}),
        ("true_layout", Layout(), {"maya1-q8_0": "Q8_0"}),
    ],
)
def test_gguf_files_as_the_hub_has_them_pass(
    fixture: str, layout: Layout, names: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Converted by other tools, in the spellings of their makers; in Maya1's own layout without a key for it."""
    folder: Path = request.getfixturevalue(fixture)
    source = next((folder / "gguf").iterdir())
    if layout == Layout():  # its vocabulary takes long to rewrite
        other_key = LAYOUT_KEY[::-1].encode()
        (tmp_path / "F16.gguf").write_bytes(source.read_bytes().replace(LAYOUT_KEY.encode(), other_key))
    else:
        as_converted_elsewhere(source, tmp_path / "F16.gguf")
    write_codec(tmp_path / "codec", layout.codebook_size)
    for name, kind in names.items():
        quantize(tmp_path / "F16.gguf", tmp_path / f"{name}.gguf", kind)
        checks = found(tmp_path / f"{name}.gguf")
        assert {check: one.state for check, one in checks.items()} == {
            f"{kind}: token ids": "ok",
            "codec": "ok",
            "logits": "skipped",
        }
