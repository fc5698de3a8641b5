"""Quantised checkpoints are made of a stored model: the calibration by the real model; a packer stands for llmcompressor,
which `test_llmcompressor.py` runs where it is installed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("compressed_tensors")

from mayabook.cli.models import app
from mayabook.core.errors import MayaBookError
from mayabook.core.settings import Settings, load_settings
from mayabook.lab.calibration import built_in_passages, calibration_texts
from mayabook.maya.frames import pack
from mayabook.maya.prompt import PromptBuilder
from mayabook.maya.token_layout import Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models import store
from mayabook.quantisation import checkpoint_quantisation
from mayabook.quantisation.checkpoint_quantisation import Calibration, make_checkpoints
from tests.quantisation.memorised_speech import SHORT, WEIGHTS, calibration, listening, reference
from tests.tiny_models import Shape, write_checkpoint, write_codec


def test_gptq_is_calibrated_on_speech_of_the_model_and_rtn_on_nothing(tiny_model: Path, packer: Path) -> None:
    listener, lines = listening()
    partial = tiny_model / "quantised" / ".RTN.partial"
    partial.mkdir(parents=True)
    (partial / "of a run that was killed").touch()
    made = list(make_checkpoints("tiny", ["RTN", "GPTQ"], calibration(*SHORT), listener))
    assert [one.format for one in made] == ["RTN", "GPTQ"]
    calls = [json.loads(line) for line in (packer / "calls").read_text().splitlines()]
    assert calls[0] == ["RTN", "128"]
    assert calls[1][:2] == ["GPTQ", "128"]
    assert lines[:2] == ["RTN: llmcompressor is at work", "Calibration: 3 takes of the sample book"]
    assert lines[-2:] == ["3 of 3", "GPTQ: llmcompressor is at work"]
    with np.load(packer / "sequences.npz") as arrays:
        sequences = np.split(arrays["ids"], np.cumsum(arrays["lengths"])[:-1])
    layout, files = Layout.read(tiny_model / "checkpoint"), store.stored("tiny")
    prompts = PromptBuilder(CheckpointTokenizer(tiny_model / "checkpoint"), layout)
    texts, frames = reference()
    expected = {
        (*prompts.build(voice, texts[at]), *pack(frames[at].astype(np.int32), layout), layout.code_end)
        for at, voice in zip(SHORT, files.voices().values(), strict=False)
    }
    assert {tuple(sequence.tolist()) for sequence in sequences} == expected
    assert files.quantised.keys() == {"GPTQ", "RTN"}
    assert sorted(path.name for path in (tiny_model / "quantised").iterdir()) == ["GPTQ", "RTN"]
    origins = store.origins(tiny_model)
    assert origins["quantised/GPTQ/model.safetensors"].source.endswith("calibrated on takes of the sample book")
    assert "calibrated" not in origins["quantised/RTN/config.json"].source
    assert (tiny_model / "quantised" / "GPTQ" / "layout.json").is_file()
    assert 4 < made[1].bits < 16
    assert list(make_checkpoints("tiny", ["RTN", "GPTQ"], calibration(*SHORT), listener)) == []


def error_of(formats: list[str], texts: Calibration | None = None) -> str:
    """The error of making these formats, which is one line and leaves nothing behind."""
    listener, _ = listening()
    with pytest.raises(MayaBookError) as caught:
        list(make_checkpoints("tiny", formats, texts or calibration(*SHORT), listener))
    assert "\n" not in str(caught.value)
    folder = store.model_folder("tiny") / "quantised"
    assert not folder.exists() or list(folder.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -9 $$", "llmcompressor ran out of memory at RTN; close other programs"),
        ('echo "RuntimeError: can\'t allocate memory" >&2; exit 1', "llmcompressor ran out of memory at RTN"),
        ("echo 'OSError: [Errno 28] No space left on device'; exit 1", "No space left to write"),
        ("echo Traceback; echo; echo 'ValueError: wrong'; exit 1", "llmcompressor failed at RTN (ValueError: wrong);"),
        ("exit 3", "failed at RTN (it printed nothing); install its environment again: mayabook engines remove"),
        ("exit 0", "has no readable config.json"),
    ],
)
def test_what_goes_wrong_in_llmcompressor_is_one_line(
    script: str, message: str, tiny_model: Path, interpreter: Callable[[str], None]
) -> None:
    interpreter(script)
    assert message in error_of(["RTN"])


def test_without_the_environment_nothing_is_begun(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAYABOOK_ENVIRONMENTS", str(tmp_path / "none"))
    assert error_of(["GPTQ"]).endswith("run: mayabook engines install quantisation.")


def test_what_cannot_be_quantised_is_one_line(
    tiny_model: Path, interpreter: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter("exit 1")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_quantisation, "free_memory", lambda: 1_000_000)
        assert "Quantising takes at least 8.8 MB of memory and 1.0 MB are free" in error_of(["RTN"])
    with monkeypatch.context() as patch:
        patch.setattr("mayabook.models.disk.free_space", lambda folder: 1_000_000)
        assert "has 1.0 MB free and" in error_of(["RTN"])
    config = tiny_model / "checkpoint" / "config.json"
    own = json.loads(config.read_text())
    config.unlink()  # it is a link to the original
    config.write_text(json.dumps({**own, "quantization_config": {"quant_method": "gptq"}}))
    assert "are quantised already (gptq); use the model in full precision" in error_of(["RTN"])
    shutil.rmtree(tiny_model / "checkpoint")
    assert "tiny has no checkpoint to quantise; import one: mayabook models import FOLDER --name tiny" in error_of(
        ["RTN"]
    )
    write_checkpoint(tiny_model / "checkpoint", shape=Shape(ffn=272))
    assert "rows are no multiple of 32 weights (256 and 272)" in error_of(["RTN"])


def test_takes_that_do_not_end_are_not_calibrated_on(tiny_model: Path, interpreter: Callable[[str], None]) -> None:
    """Random weights, whose takes end by their cap."""
    interpreter("exit 1")
    for part in ("checkpoint", "codec", "gguf"):
        shutil.rmtree(tiny_model / part)
    write_checkpoint(tiny_model / "checkpoint", shape=Shape(head_scale=10))
    write_codec(tiny_model / "codec")
    texts = calibration(*SHORT)
    short = texts.settings.model_copy(update={"max_tokens": 42})
    message = error_of(["AWQ"], Calibration(texts.name, texts.texts, short, 2))
    assert message.startswith("Only 0 of 2 takes of tiny ended by themselves, too few to calibrate on")
    message = error_of(["AWQ"], Calibration(texts.name, texts.texts, short, 128))
    assert message.startswith("Only 0 of 16 takes of tiny ended by themselves")


def test_texts_are_the_built_in_ones_or_a_books(tmp_path: Path) -> None:
    name, texts = calibration_texts(None, Settings())
    assert name == "the built-in texts"
    assert len(texts) >= len(built_in_passages().blocks)
    assert max(map(len, texts)) < 1.5 * 14 * 14  # spoken forms may be longer than the limit of the written ones
    book = WEIGHTS.parents[2] / "examples" / "four-minutes-slow.epub"
    (tmp_path / "settings.toml").write_text((WEIGHTS / "settings.toml").read_text() + '[book]\nonly = ["4"]\n')
    name, texts = calibration_texts(book, load_settings(tmp_path / "settings.toml", {}))
    assert name == "four-minutes-slow.epub"
    assert sorted(texts) == sorted(reference()[0][:12])
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(MayaBookError) as caught:
        calibration_texts(tmp_path / "empty.txt", Settings())
    assert "\n" not in str(caught.value)


def test_the_command_refuses_what_it_does_not_know(tiny_model: Path, tmp_path: Path, packer: Path) -> None:
    def refused(*arguments: str | Path) -> str:
        result = CliRunner().invoke(app, ["quantize", *map(str, arguments)])
        assert isinstance(result.exception, MayaBookError), result.output
        return str(result.exception)

    assert "choose one of: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_K_S, FP8, GPTQ, AWQ, RTN" in refused("tiny", "GPTX")
    assert "Unknown model 'other'" in refused("other", "GPTQ")
    assert "nowhere.epub" in refused("tiny", "GPTQ", "--calibration", tmp_path / "nowhere.epub")
    made = CliRunner().invoke(app, ["quantize", "tiny", "RTN", "--json"])
    assert json.loads(made.stdout)["file"] == str(tiny_model / "quantised" / "RTN")
    assert CliRunner().invoke(app, ["quantize", "tiny", "RTN"]).stdout == "tiny already has RTN.\n"
