import shutil
from pathlib import Path

import pytest
from platformdirs.macos import MacOS

from mayabook.core.errors import ModelError
from mayabook.models import store
from tests.tiny_models import write_codec


@pytest.fixture
def mine(small: Path, store_folder: Path) -> Path:
    """A model of the store."""
    return Path(shutil.copytree(small, store_folder / "mine"))


def test_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MAYABOOK_MODELS", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store.models_folder() == tmp_path / ".local" / "share" / "mayabook" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert store.models_folder() == tmp_path / "data" / "mayabook" / "models"
    monkeypatch.setenv("MAYABOOK_MODELS", str(tmp_path / "here"))
    assert store.models_folder() == tmp_path / "here"


def test_models_of_version_0_1_are_found_where_the_system_has_another_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MAYABOOK_MODELS", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(store, "user_data_path", lambda name, **options: MacOS(name, **options).user_data_path)
    assert store.models_folder() == tmp_path / "Library" / "Application Support" / "mayabook" / "models"
    old = tmp_path / ".local" / "share" / "mayabook" / "models"
    old.mkdir(parents=True)
    assert store.models_folder() == old


def test_a_model_is_found_by_name_and_by_folder(mine: Path) -> None:
    expected = store.ModelFiles("mine", mine / "checkpoint", {"F16": mine / "gguf" / "small-F16.gguf"}, mine / "codec")
    assert store.find("mine") == expected
    assert store.find(str(mine)) == expected
    assert store.installed() == [expected]
    assert store.missing_parts(mine) == []


def test_a_model_may_bring_voices_of_its_own(mine: Path) -> None:
    assert store.find("mine").voices() == {}
    file = mine / "voices.toml"
    file.write_text('anna = "A calm voice."\n')
    for model in (mine, mine / "gguf" / "small-F16.gguf", mine / "checkpoint"):
        assert store.find(str(model)).voices() == {"anna": "A calm voice."}
    for damaged in ("anna = ", "[anna]\nage = 30\n", 'anna = " "\n'):
        file.write_text(damaged)
        with pytest.raises(ModelError, match=r"voices\.toml.*correct or delete it\.$"):
            store.find("mine").voices()


def test_loose_files_find_the_codec_beside_them(small: Path, tmp_path: Path) -> None:
    file = small / "gguf" / "small-F16.gguf"
    assert store.find(str(file)) == store.ModelFiles("small", None, {"F16": file}, small / "codec")
    checkpoint = small / "checkpoint"
    assert store.find(str(checkpoint)) == store.ModelFiles("checkpoint", checkpoint, {}, small / "codec")
    alone = tmp_path / "Speaker.Q4_K_M.gguf"
    alone.touch()
    assert store.find(str(alone)) == store.ModelFiles("Speaker", None, {"Q4_K_M": alone}, None)
    write_codec(tmp_path / "codec")
    assert store.find(str(alone)).codec == tmp_path / "codec"
    inside = Path(shutil.copytree(checkpoint, tmp_path / "one"))
    shutil.move(tmp_path / "codec", inside / "codec")
    assert store.find(str(inside)) == store.ModelFiles("one", inside, {}, inside / "codec")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("maya1-Q4_K_M", "Q4_K_M"),
        ("maya1.i1-Q6_K", "Q6_K"),
        ("maya-1-f16", "F16"),
        ("model_bf16", "BF16"),
        ("voice-IQ4_XS", "IQ4_XS"),
        ("voice_q5_k_m_v2", "Q5_K_M"),
        ("maya1.Q4_K_M", "Q4_K_M"),
        ("maya1-q4_k_m", "Q4_K_M"),
        ("maya1-q6_k_m", "Q6_K"),
        ("maya1-q8_0", "Q8_0"),
        ("maya1-f16_q8_0", "F16_Q8_0"),
        ("maya1-bf16_q8_0", "BF16_Q8_0"),
        ("Q8_0", "Q8_0"),
        ("mq4_data-F32", "F32"),
        ("plain", "GGUF"),
    ],
)
def test_a_format_is_told_by_the_name(name: str, kind: str) -> None:
    assert store.format_of(Path(f"{name}.gguf")) == kind


def test_what_is_not_there_is_told_with_what_is(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"Unknown model 'other'; choose one of: mine; get one with `mayabook models pull`"
    ):
        store.find("other")
    with pytest.raises(ModelError, match=r"Unknown model 'other' .*; choose one of: mine"):
        store.stored("other")
    with pytest.raises(ModelError, match="is not a model; choose one of: mine"):
        store.find(str(tmp_path))


@pytest.mark.parametrize(
    ("gone", "lack"),
    [
        ("checkpoint/model.safetensors", "weights of the checkpoint"),
        ("checkpoint/tokenizer.json", "tokenizer.json of the checkpoint"),
        ("checkpoint/config.json", "config.json of the checkpoint"),
    ],
)
def test_an_incomplete_model_says_what_it_lacks(mine: Path, gone: str, lack: str) -> None:
    (mine / gone).unlink()
    assert store.find("mine").checkpoint is None  # the GGUF file suffices
    shutil.rmtree(mine / "gguf")
    shutil.rmtree(mine / "codec")
    assert store.missing_parts(mine) == [lack, "the codec"]
    with pytest.raises(ModelError, match=f"mine lacks {lack}; run the same pull or import again"):
        store.find("mine")


def test_parts_and_models_are_removed(mine: Path) -> None:
    keeps = store.origin_of(mine / "codec" / "config.json", "somewhere", "ab")
    goes = store.origin_of(mine / "checkpoint" / "config.json", "somewhere", "cd")
    store.record(mine, {"codec/config.json": keeps, "checkpoint/config.json": goes})
    with pytest.raises(ModelError, match="mine has no Q8_0; it has checkpoint, codec, F16"):
        store.remove("mine", "Q8_0")
    store.remove("mine", "checkpoint")
    assert not (mine / "checkpoint").exists()
    assert store.origins(mine) == {"codec/config.json": keeps}
    store.remove("mine", "F16")
    assert store.stored("mine").ggufs == {}
    store.remove("mine", "codec")
    assert list(mine.parent.iterdir()) == []


def test_nothing_outside_the_store_is_removed(mine: Path, tmp_path: Path) -> None:
    shutil.copytree(mine, tmp_path / "outside")
    for name in ("../outside", str(tmp_path / "outside"), "", ".", ".."):
        with pytest.raises(ModelError):
            store.remove(name)
    assert (tmp_path / "outside" / "checkpoint" / "config.json").is_file()
    store.remove("mine")
    assert not mine.exists()
