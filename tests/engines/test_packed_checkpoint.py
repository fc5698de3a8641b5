"""Quantised checkpoints on the engine transformers: their weights, how they are chosen, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("compressed_tensors")

import torch

from mayabook.core.errors import EngineError, ModelError
from mayabook.core.settings import MayaSettings
from mayabook.engines import model_loading
from mayabook.engines.gguf_plugin import GgufPlugin
from mayabook.engines.plugin import EngineContext
from mayabook.engines.transformers_decoder import TransformersDecoder, weight_bytes
from mayabook.engines.transformers_plugin import TransformersPlugin
from mayabook.models.store import ModelFiles
from tests.packed_checkpoints import pack_checkpoint, quantisation_config, round_checkpoint
from tests.tiny_models import SMALL, edit_json

PROMPT = list(range(40, 70))


@pytest.fixture(scope="module")
def packed(tiny: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert tiny.checkpoint is not None
    return pack_checkpoint(tiny.checkpoint, tmp_path_factory.mktemp("packed") / "GPTQ")


def decoder(folder: Path, **options: Any) -> TransformersDecoder:
    return TransformersDecoder(folder, 1, 256, device="cpu", **options)


def logits(one: TransformersDecoder) -> torch.Tensor:
    one.prefill(0, PROMPT)
    one.step(np.array([SMALL.first_code], np.int32))
    return one.logits.clone()


def test_packed_weights_are_unpacked_to_what_was_packed(tiny: ModelFiles, packed: Path, tmp_path: Path) -> None:
    assert tiny.checkpoint is not None
    ours, plain = decoder(packed), decoder(tiny.checkpoint)
    assert torch.equal(logits(ours), logits(decoder(round_checkpoint(tiny.checkpoint, tmp_path / "rounded"))))
    assert not torch.equal(logits(ours), logits(plain))


def test_it_says_that_they_are_unpacked(tiny: ModelFiles, packed: Path) -> None:
    assert tiny.checkpoint is not None
    plain, ours = decoder(tiny.checkpoint), decoder(packed, quantisation="nf4")
    assert ours.notes == (
        "weights in compressed-tensors (its own), computed in float32; head and cache in float32",
        "transformers unpacks these weights to float32: they take 7.9 MB of memory and are no faster than plain ones",
        "this checkpoint is already quantised by compressed-tensors; --quantisation nf4 is ignored",
    )
    assert weight_bytes(packed, "float32", device="cpu") == weight_bytes(tiny.checkpoint, "float32", device="cpu")
    held = sum(tensor.nbytes for tensor in ours.model.parameters())
    assert weight_bytes(packed, "float32", device="cpu") == pytest.approx(held, rel=0.001)
    assert ours.identity != plain.identity
    assert "compressed-tensors (its own)" in ours.identity
    assert "compressed-tensors 0" in ours.platform
    assert "compressed-tensors" not in plain.platform


@pytest.mark.parametrize(
    ("config", "absent", "message"),
    [
        ({"quant_method": "magic"}, "", "is quantised by 'magic', which is not supported (known: compressed-tensors"),
        ({"quant_method": "gptq", "bits": 4}, "gptqmodel", "needs gptqmodel, and that is not installed"),
        (
            {"quant_method": "gptq", "bits": 4},
            "gptqmodel optimum",
            "gptqmodel and optimum, and those are not installed; run: pip install gptqmodel optimum, or",
        ),
        ({"quant_method": "awq", "bits": 4}, "gptqmodel", "pip install gptqmodel, or choose another model"),
        (quantisation_config(), "compressed_tensors", "run: pip install 'mayabook[transformers]'"),
        (quantisation_config(8, "float"), "", "is in FP8, which CPU does not compute"),
    ],
)
def test_what_cannot_be_loaded_here_is_one_line(
    config: dict[str, Any], absent: str, message: str, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in packed.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    edit_json(folder / "config.json", quantization_config=config)
    monkeypatch.setattr(model_loading, "find_spec", lambda name: None if name in absent.split() else object())
    with pytest.raises(EngineError) as caught:
        decoder(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def installed(tiny: ModelFiles, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes a model with these parts the only one, and returns its name."""

    def install(*, plain: bool = True, ggufs: bool = True) -> str:
        folder = tmp_path / "mine"
        (folder / "quantised").mkdir(parents=True)
        (folder / "quantised" / "GPTQ").symlink_to(packed)
        assert tiny.checkpoint is not None
        assert tiny.codec is not None
        (folder / "codec").symlink_to(tiny.codec)
        if plain:
            (folder / "checkpoint").symlink_to(tiny.checkpoint)
        if ggufs:
            (folder / "gguf").mkdir()
            (folder / "gguf" / "mine-Q8_0.gguf").symlink_to(tiny.ggufs["Q8_0"])
        monkeypatch.setenv("MAYABOOK_MODELS", str(tmp_path))
        return "mine"

    return install


SETTINGS = MayaSettings(context=256, slots=1, device="cpu")


def with_format(format: str) -> MayaSettings:
    return SETTINGS.model_copy(update={"format": format})


def opened(settings: MayaSettings, context: EngineContext = EngineContext()) -> tuple[str, str]:  # noqa: B008
    """The format that the job keeps, and the weights of the opened engine."""
    engine, choice = TransformersPlugin().open(settings, context)
    engine.close()
    return choice.format, engine.identity.split("; ")[0]


def test_a_format_is_chosen_by_its_name_and_a_job_keeps_it(installed: Callable[..., str]) -> None:
    installed()
    notes: list[str] = []
    chosen = SETTINGS.model_copy(update={"format": "GPTQ", "dtype": "bfloat16"})
    format, identity = opened(chosen, EngineContext(note=notes.append))
    assert format == "GPTQ bfloat16"
    assert any(note.startswith("transformers unpacks these weights to bfloat16") for note in notes)
    _, choice = TransformersPlugin().open(chosen, EngineContext())
    assert opened(SETTINGS, EngineContext(earlier=choice)) == (format, identity)
    assert opened(SETTINGS)[0] == "float32"
    plugin = TransformersPlugin()
    assert plugin.fingerprint(chosen) != plugin.fingerprint(SETTINGS)
    levels = {factor.name: factor.levels for factor in plugin.tuning_factors(SETTINGS)}["format"]
    assert levels[0].name == "float32"
    assert levels[-1].changes == {"engine": {"kind": "transformers"}, "maya": {"format": "GPTQ"}}


def test_a_model_with_quantised_weights_alone_is_whole(installed: Callable[..., str]) -> None:
    installed(plain=False, ggufs=False)
    assert TransformersPlugin().unavailable_reason(SETTINGS) is None
    assert opened(SETTINGS)[0] == "GPTQ float32"


def test_a_format_of_the_other_kind_says_which_engine_has_it(installed: Callable[..., str]) -> None:
    installed()
    notes: list[str] = []
    assert opened(with_format("Q8_0"), EngineContext(note=notes.append))[0] == "float32"
    assert notes[0] == "Q8_0 is a format of GGUF files; the engine transformers reads the checkpoint."
    with pytest.raises(ModelError, match="add --engine transformers"):
        GgufPlugin().open(with_format("GPTQ"), EngineContext())
    assert "the engine transformers reads" in str(GgufPlugin().unavailable_reason(with_format("GPTQ")))


@pytest.mark.parametrize(
    ("format", "message"),
    [("AWQ", "make it: mayabook models quantize mine AWQ"), ("GPTX", "Unknown format 'GPTX'; choose one of: F32")],
)
def test_a_format_that_is_not_there_is_one_line(format: str, message: str, installed: Callable[..., str]) -> None:
    installed()
    with pytest.raises(ModelError, match=message):
        opened(with_format(format))
