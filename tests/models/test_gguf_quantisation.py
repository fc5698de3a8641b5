import shutil
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.errors import ModelError
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.maya.prompt import PromptBuilder
from mayabook.models import gguf_maker, store
from mayabook.models.gguf_formats import FORMATS, QUANTISED
from mayabook.models.gguf_quantisation import quantize


def audio_logits(file: Path) -> tuple[str, np.ndarray]:
    """Format as llama.cpp names it, and logits after a prompt."""
    decoder = GgufDecoder(file, 1, 256, n_threads=1)
    decoder.prefill(0, PromptBuilder(decoder.tokenizer, decoder.layout).build("A calm voice.", "Nobody was there."))
    logits = decoder.logits[0].copy()
    decoder.close()
    return decoder.format, logits


def test_every_format_loads_and_more_bits_are_nearer_the_truth(small: Path, tmp_path: Path) -> None:
    source = small / "gguf" / "small-F16.gguf"
    truth = audio_logits(source)[1]
    distances, sizes = {}, {}
    for name in QUANTISED:
        file = tmp_path / f"x-{name}.gguf"
        quantize(source, file, name)
        kind, logits = audio_logits(file)
        assert kind == name
        distances[name] = np.linalg.norm(logits - truth) / np.linalg.norm(truth)
        sizes[name] = file.stat().st_size
    by_bits = sorted(QUANTISED, key=lambda name: FORMATS[name].bits)
    assert sorted(sizes, key=sizes.__getitem__) == by_bits
    assert distances["Q8_0"] < distances["Q6_K"] < distances["Q5_K_M"] < distances["Q4_K_M"] < 0.5
    assert sizes["Q4_K_M"] < source.stat().st_size / 2
    assert {file.name for file in tmp_path.iterdir()} == {f"x-{name}.gguf" for name in QUANTISED}


def test_the_layout_goes_along(small: Path, tmp_path: Path) -> None:
    quantize(small / "gguf" / "small-F16.gguf", tmp_path / "x-Q8_0.gguf", "Q8_0")
    decoder = GgufDecoder(tmp_path / "x-Q8_0.gguf", 1, 256)
    assert decoder.layout.codebook_size == 256
    decoder.close()


def test_what_cannot_be_quantised_is_told_in_one_line(small: Path, tmp_path: Path) -> None:
    source = small / "gguf" / "small-F16.gguf"
    with pytest.raises(ModelError, match="Unknown format 'Q3_X'; choose one of: Q8_0, Q6_K"):
        quantize(source, tmp_path / "x.gguf", "Q3_X")
    with pytest.raises(ModelError, match=r"no .*gone\.gguf to quantise; run: mayabook models convert"):
        quantize(tmp_path / "gone.gguf", tmp_path / "x.gguf", "Q8_0")
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(source.read_bytes()[:-2000])
    with pytest.raises(ModelError, match=r"cannot quantise .*cut\.gguf \(.*\); convert or copy") as caught:
        quantize(cut, tmp_path / "x.gguf", "Q8_0")
    assert "\n" not in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == ["cut.gguf"]


def test_making_a_format_makes_what_it_needs_and_records_it(small: Path, store_folder: Path) -> None:
    shutil.copytree(small / "checkpoint", store_folder / "mine" / "checkpoint")
    made = gguf_maker.make_formats("mine", "Q4_K_S")
    assert [one.format for one in made] == ["F16", "Q4_K_S"]
    assert made[0].bits == 16
    assert 4.5 < made[1].bits < 6.6
    assert gguf_maker.make_formats("mine", "Q4_K_S") == []
    assert [one.format for one in gguf_maker.make_formats("mine", "Q8_0")] == ["Q8_0"]
    assert set(store.stored("mine").ggufs) == {"F16", "Q4_K_S", "Q8_0"}
    origins = store.origins(store_folder / "mine")
    assert "quantised from mine-F16.gguf" in origins["gguf/mine-Q8_0.gguf"].source
    assert origins["gguf/mine-F16.gguf"].size == made[0].size


def test_a_model_with_nothing_to_make_it_from_says_what_to_import(small: Path, store_folder: Path) -> None:
    (store_folder / "mine" / "gguf").mkdir(parents=True)
    quantize(small / "gguf" / "small-F16.gguf", store_folder / "mine" / "gguf" / "mine-Q8_0.gguf", "Q8_0")
    with pytest.raises(ModelError, match=r"no checkpoint to convert and no F16 file .*import FOLDER --name mine"):
        gguf_maker.make_formats("mine", "Q4_K_M")
    with pytest.raises(ModelError, match="Unknown format 'Q9'"):
        gguf_maker.make_formats("mine", "Q9")
