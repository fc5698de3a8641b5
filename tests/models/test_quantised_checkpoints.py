"""Quantised checkpoints as parts of a model: listed, checked, imported and removed like GGUF files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from mayabook.core.errors import ModelError
from mayabook.model_check import CheckResult, check_model
from mayabook.models import importer, store
from tests.models.test_model_commands import printed
from tests.packed_checkpoints import pack_checkpoint, quantisation_config
from tests.tiny_models import SMALL, Shape, edit_json, write_checkpoint

pytest.importorskip("compressed_tensors")


@pytest.fixture
def mine(small: Path, store_folder: Path) -> Path:
    """A stored model of a checkpoint, a quantised one and a codec."""
    folder = store_folder / "mine"
    for part in ("checkpoint", "codec"):
        shutil.copytree(small / part, folder / part)
    pack_checkpoint(folder / "checkpoint", folder / "quantised" / "GPTQ")
    return folder


def results(folder: Path) -> dict[str, CheckResult]:
    return {one.name: one for one in check_model(store.find(str(folder)))}


def test_it_is_listed_and_removed(mine: Path) -> None:
    assert store.stored("mine").quantised == {"GPTQ": mine / "quantised" / "GPTQ"}
    (row,) = [json.loads(line) for line in printed("list", "--json").splitlines()]
    assert row["quantised"] == {"GPTQ": store.size_of(mine / "quantised" / "GPTQ")}
    assert "GPTQ" in printed("list")
    assert printed("remove", "mine", "--format", "GPTQ", "--yes") == f"Deleted {mine / 'quantised' / 'GPTQ'}\n"
    assert store.stored("mine").quantised == {}
    assert store.stored("mine").checkpoint is not None


def test_one_that_is_not_complete_is_none(mine: Path) -> None:
    (mine / "quantised" / "GPTQ" / "model.safetensors").unlink()
    (mine / "quantised" / "MINE").mkdir()
    assert store.stored("mine").quantised == {}


def test_a_model_of_quantised_weights_alone_is_found(mine: Path) -> None:
    shutil.rmtree(mine / "checkpoint")
    assert store.missing_parts(mine) == []
    assert store.find("mine").quantised.keys() == {"GPTQ"}
    assert {one.state for one in results(mine).values()} == {"ok", "skipped"}


def test_a_good_one_passes_the_checks(mine: Path) -> None:
    found = results(mine)
    assert {one.state for one in found.values()} == {"ok"}
    assert found["GPTQ: tensors"].detail.endswith("shapes as in config.json")
    error = float(found["GPTQ: logits"].detail.split()[2][:-1])
    assert 5e-3 < error < 0.6


def test_fp8_is_not_computed_by_the_checks(mine: Path) -> None:
    edit_json(mine / "quantised" / "GPTQ" / "config.json", quantization_config=quantisation_config(8, "float"))
    (mine / "quantised" / "GPTQ").rename(mine / "quantised" / "FP8")
    found = results(mine)["FP8: logits"]
    assert (found.state, found.detail) == ("skipped", "they are computed on GPUs with FP8 only")


def other_layout(folder: Path) -> None:
    edit_json(folder / "layout.json", code_end=SMALL.code_end + 1)


def other_shape(folder: Path) -> None:
    edit_json(folder / "config.json", rope_theta=10000.0)


def cut_rows(folder: Path) -> None:
    _change(folder, "model.layers.0.mlp.up_proj.weight_packed", lambda tensor: tensor[:-1])


def without_scale(folder: Path) -> None:
    _change(folder, "model.layers.1.self_attn.q_proj.weight_scale", lambda tensor: None)


def without_matrix(folder: Path) -> None:
    _change(folder, "model.layers.1.self_attn.q_proj.weight_packed", lambda tensor: None)


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-3000])


def _change(folder: Path, name: str, change) -> None:
    tensors = load_file(folder / "model.safetensors")
    changed = change(tensors.pop(name))
    if changed is not None:
        tensors[name] = np.ascontiguousarray(changed)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("spoil", "check", "message"),
    [
        (other_layout, "token ids", ""),
        (other_shape, "token ids", "another layout or shape than the checkpoint; quantise the checkpoint again"),
        (cut_rows, "tensors", "do not belong together; quantise the model again"),
        (without_scale, "tensors", "has no tensor model.layers.1.self_attn.q_proj.weight, packed or not"),
        (without_matrix, "tensors", "has no tensor model.layers.1.self_attn.q_proj.weight, packed or not"),
        (cut_short, "tensors", "is cut short"),
    ],
)
def test_what_is_wrong_with_one_is_found(spoil, check: str, message: str, mine: Path) -> None:
    spoil(mine / "quantised" / "GPTQ")
    failed = {name: one.detail for name, one in results(mine).items() if one.state == "failed"}
    assert list(failed) == [f"GPTQ: {check}"]
    assert message in failed[f"GPTQ: {check}"]


def test_another_models_weights_are_caught_by_their_logits(mine: Path, tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", SMALL, Shape(scale=0.08), seed=2)
    shutil.rmtree(mine / "quantised" / "GPTQ")
    pack_checkpoint(other, mine / "quantised" / "GPTQ")
    assert [name for name, one in results(mine).items() if one.state == "failed"] == ["GPTQ: logits"]


def test_it_comes_with_a_model_folder_that_is_imported(mine: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(mine, tmp_path / "elsewhere"))
    imported = importer.import_model(elsewhere)
    assert imported.quantised.keys() == {"GPTQ"}
    recorded = store.origins(store.model_folder("elsewhere"))
    assert "quantised/GPTQ/model.safetensors" in recorded
    shutil.rmtree(elsewhere / "checkpoint")
    with pytest.raises(ModelError, match="mine already has its GPTQ"):
        importer.import_model(elsewhere, "mine")
