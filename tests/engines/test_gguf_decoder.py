from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader

from mayabook.core.errors import EngineError, ModelError
from mayabook.engines.gguf_decoder import GgufDecoder, kv_bytes_per_slot, n_rows
from mayabook.engines.slot_decoder import IDLE
from mayabook.maya.token_layout import LAYOUT_KEY, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models.llama_api import LlamaVocabulary, load_model, metadata
from mayabook.models.store import ModelFiles
from tests.tiny_models import SMALL


def test_it_says_what_it_is(gguf: Path, tiny: ModelFiles) -> None:
    decoder = GgufDecoder(gguf, 3, 300)
    assert (decoder.device, decoder.format, decoder.gpu_layers, decoder.n_layers) == ("CPU, F16", "F16", 0, 3)
    assert decoder.layout == SMALL
    assert decoder.n_context == 512  # whole blocks of 256
    assert "slots 3" in decoder.identity
    decoder.close()
    other = GgufDecoder(tiny.ggufs["Q4_K_M"], 3, 300)
    assert (other.device, other.format) == ("CPU, Q4_K_M", "Q4_K_M")
    assert other.identity != decoder.identity
    other.close()


def test_its_tokenizer_is_the_checkpoints(gguf: Path, tiny: ModelFiles) -> None:
    assert tiny.checkpoint is not None
    theirs = CheckpointTokenizer(tiny.checkpoint)
    model, _ = load_model(gguf, vocab_only=True)
    ours = LlamaVocabulary(model)
    for text in (
        "She counted 212 steps, “and then”.",
        "naïve café",
        "a <laugh> b <|eot_id|> <custom_token_12>",
        "  two  ",
    ):
        assert ours.encode(text) == theirs.encode(text)
    for name in ("<laugh>", "<|begin_of_text|>", "<custom_token_12>", "<nothing>", "the"):
        assert ours.special(name) == theirs.special(name)
    assert metadata(model, LAYOUT_KEY) == SMALL.to_json()
    assert metadata(model, "no.such.key") is None


def test_a_slot_is_as_long_as_it_says(gguf: Path) -> None:
    decoder = GgufDecoder(gguf, 2, 256)
    with pytest.raises(EngineError, match=r"prompt has 256 tokens and a slot holds 256.*--context"):
        decoder.prefill(0, [1] * 256)
    decoder.prefill(0, [1] * 255)
    decoder.prefill(1, [1] * 10)
    before = decoder.logits[1].copy()
    decoder.step(np.array([5, 5], np.int32))
    assert not np.array_equal(decoder.logits[1], before)
    with pytest.raises(EngineError, match="could not decode"):
        decoder.step(np.array([5, 5], np.int32))
    decoder.prefill(0, [1] * 10)  # what was too long does not spoil the slot
    decoder.prefill(1, [1] * 10)
    np.testing.assert_array_equal(decoder.logits[1], before)
    decoder.close()


def test_idle_slots_never_grow(gguf: Path) -> None:
    decoder = GgufDecoder(gguf, 2, 256)
    decoder.prefill(0, [1, 2, 3])
    decoder.prefill(1, [4] * 200)
    for _ in range(200):
        decoder.step(np.array([7, IDLE], np.int32))
    decoder.close()


@pytest.mark.parametrize(("slots", "rows"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 8), (8, 8), (9, 12), (16, 16)])
def test_rows_come_in_fours(slots: int, rows: int) -> None:
    assert n_rows(slots) == rows


def test_the_cache_is_forecast(gguf: Path) -> None:
    """Two layers of keys and values, two heads of 64, two bytes each."""
    assert kv_bytes_per_slot(gguf, 1024) == 2 * 2 * 2 * 64 * 2 * 1024
    assert kv_bytes_per_slot(gguf, 1024, "f32") == 2 * kv_bytes_per_slot(gguf, 1024)


def patched(gguf: Path, folder: Path, old: bytes, new: bytes) -> Path:
    assert len(old) == len(new)
    data = gguf.read_bytes()
    assert old in data
    spoilt = folder / "spoilt.gguf"
    spoilt.write_bytes(data.replace(old, new, 1))
    return spoilt


def test_files_that_cannot_be_used(gguf: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no model file .*nothing\.gguf; see `mayabook models list`"):
        GgufDecoder(tmp_path / "nothing.gguf")
    whole = gguf.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 1000):
        cut = tmp_path / "cut.gguf"
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"llama\.cpp cannot load .*cut\.gguf \(.+\); get the file again"):
            GgufDecoder(cut)
    other = patched(gguf, tmp_path, b"llama", b"gemma")  # the first is general.architecture
    with pytest.raises(ModelError, match=r"spoilt\.gguf"):
        GgufDecoder(other)


def test_a_layout_that_is_not_the_files(gguf: Path, tmp_path: Path) -> None:
    assert LAYOUT_KEY in GGUFReader(gguf).fields
    moved = SMALL.to_json().replace('"first_code": 1212', '"first_code": 1213').encode()
    with pytest.raises(ModelError, match=r"spoilt\.gguf"):
        GgufDecoder(patched(gguf, tmp_path, SMALL.to_json().encode(), moved))
    hidden = patched(gguf, tmp_path, LAYOUT_KEY.encode(), b"x" * len(LAYOUT_KEY))
    with pytest.raises(ModelError, match=r"3,072 tokens and no speech codes up to 156,937"):
        GgufDecoder(hidden)  # without its layout it would have to be Maya1's
    assert Layout().last_code == 156_937


@pytest.mark.parametrize(("info", "extra"), [(b"CPU : AMX_INT8 = 1 | ", False), (b"CPU : AVX512 = 1 | ", True)])
def test_amx_tiles_are_done_without(monkeypatch: pytest.MonkeyPatch, info: bytes, extra: bool) -> None:
    import llama_cpp

    from mayabook.models.llama_api import model_parameters, our_defaults

    monkeypatch.setattr(llama_cpp, "llama_print_system_info", lambda: info)
    assert model_parameters().use_extra_bufts is extra
    before = llama_cpp.llama_cpp.llama_model_default_params
    with our_defaults():
        assert llama_cpp.llama_cpp.llama_model_default_params().use_extra_bufts is extra
    assert llama_cpp.llama_cpp.llama_model_default_params is before
