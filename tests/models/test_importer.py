import os
import shutil
from pathlib import Path

import pytest

from mayabook.core.errors import MayaBookError, ModelError
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.maya.token_layout import Layout
from mayabook.models import store
from mayabook.models.gguf_quantisation import quantize
from mayabook.models.importer import import_model
from tests.tiny_models import SMALL, Shape, edit_json, write_checkpoint, write_codec


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_model_folder_comes_whole_and_is_linked(small: Path, store_folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    files = import_model(small, "mine", lambda done, total: seen.append((done, total)))
    assert names(store_folder / "mine") == {
        "checkpoint/config.json",
        "checkpoint/layout.json",
        "checkpoint/model.safetensors",
        "checkpoint/tokenizer.json",
        "checkpoint/tokenizer_config.json",
        "codec/config.json",
        "codec/pytorch_model.bin",
        "gguf/mine-F16.gguf",
        "source.json",
    }
    assert files == store.find("mine")
    assert store.missing_parts(store_folder / "mine") == []
    assert (store_folder / "mine" / "checkpoint" / "model.safetensors").samefile(
        small / "checkpoint" / "model.safetensors"
    )
    assert seen[-1][0] == seen[-1][1] == sum(store.size_of(small / part) for part in ("checkpoint", "codec", "gguf"))
    origin = store.origins(store_folder / "mine")["gguf/mine-F16.gguf"]
    assert origin.source == str((small / "gguf" / "small-F16.gguf").resolve())
    assert origin.size == (small / "gguf" / "small-F16.gguf").stat().st_size


def test_a_models_own_voices_come_with_it(small: Path, store_folder: Path, tmp_path: Path) -> None:
    """Also with a checkpoint or a GGUF file that lies beside them; those that are there already are kept."""
    source = Path(shutil.copytree(small, tmp_path / "small"))
    (source / "voices.toml").write_text('anna = "A low voice."\n')
    for name, path in (
        ("whole", source),
        ("part", source / "checkpoint"),
        ("file", source / "gguf" / "small-F16.gguf"),
    ):
        assert import_model(path, name).voices() == {"anna": "A low voice."}
    assert "voices.toml" in store.origins(store_folder / "whole")
    import_model(small / "gguf" / "small-F16.gguf", "part")
    (source / "voices.toml").write_text('bert = "A high voice."\n')
    shutil.rmtree(store_folder / "whole" / "gguf")
    assert import_model(source / "gguf" / "small-F16.gguf", "whole").voices() == {"anna": "A low voice."}
    (source / "voices.toml").write_text("bert = 3\n")
    with pytest.raises(ModelError, match="correct or delete it"):
        import_model(source, "third")
    assert not (store_folder / "third").exists()


def test_a_models_tuning_profile_comes_with_it(small: Path, store_folder: Path, tmp_path: Path) -> None:
    """It is copied: `mayabook tune` writes it anew. One that is there already is kept."""
    source = Path(shutil.copytree(small, tmp_path / "small"))
    (source / "profile.json").write_text("first")
    here = store_folder / "whole" / "profile.json"
    import_model(source, "whole")
    assert here.read_text() == "first"
    assert not here.samefile(source / "profile.json")
    (source / "profile.json").write_text("second")
    shutil.rmtree(store_folder / "whole" / "gguf")
    (source / "gguf" / "small.profile.json").write_text("third")
    import_model(source / "gguf" / "small-F16.gguf", "whole")
    assert here.read_text() == "first"
    import_model(source / "gguf" / "small-F16.gguf", "file")
    assert (store_folder / "file" / "profile.json").read_text() == "third"


def test_files_are_copied_where_they_cannot_be_linked(
    small: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", no_links)
    import_model(small, "mine")
    copied = store_folder / "mine" / "codec" / "pytorch_model.bin"
    assert copied.read_bytes() == (small / "codec" / "pytorch_model.bin").read_bytes()
    assert not copied.samefile(small / "codec" / "pytorch_model.bin")


def test_a_model_is_put_together_from_its_parts(small: Path, store_folder: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(small / "checkpoint", tmp_path / "alone"))
    assert import_model(alone).name == "alone"
    assert store.missing_parts(store_folder / "alone") == ["the codec"]
    with pytest.raises(ModelError, match="A codec belongs to a model; give its name with --name"):
        import_model(small / "codec")
    import_model(small / "codec", "alone")
    quantize(small / "gguf" / "small-F16.gguf", tmp_path / "of-any-name.gguf", "Q6_K")
    files = import_model(tmp_path / "of-any-name.gguf", "alone")
    assert files.ggufs == {"Q6_K": store_folder / "alone" / "gguf" / "alone-Q6_K.gguf"}
    assert store.missing_parts(store_folder / "alone") == []
    decoder = GgufDecoder(files.ggufs["Q6_K"], 1, 256)
    assert decoder.layout == SMALL
    decoder.close()
    assert {name.split("/")[0] for name in store.origins(store_folder / "alone")} == {"checkpoint", "codec", "gguf"}


def test_nothing_is_replaced(small: Path, store_folder: Path) -> None:
    import_model(small, "mine")
    before = {name: (store_folder / "mine" / name).stat().st_mtime_ns for name in names(store_folder / "mine")}
    for part, kind in (("checkpoint", "checkpoint"), ("codec", "codec"), ("gguf/small-F16.gguf", "F16")):
        with pytest.raises(ModelError, match=f"mine already has its {kind}; choose another --name, or remove it first"):
            import_model(small / part, "mine")
    assert before == {name: (store_folder / "mine" / name).stat().st_mtime_ns for name in before}


def test_after_an_interruption_the_same_import_goes_on(
    small: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_model(small / "checkpoint", "mine", stop)
    assert store.stored("mine").checkpoint is None
    assert import_model(small / "checkpoint", "mine").checkpoint is not None


def test_another_model_does_not_join(small: Path, store_folder: Path, tmp_path: Path) -> None:
    import_model(small, "mine")
    layout = Layout.from_json(SMALL.to_json().replace("3072", "3328"), "")
    other = write_checkpoint(tmp_path / "other", layout, Shape())
    store.remove("mine", "checkpoint")
    with pytest.raises(ModelError, match="mine has another token layout, so it belongs to another model"):
        import_model(other, "mine")
    with pytest.raises(ModelError, match="codebook_size is 128, not 256; use the codec that belongs"):
        store.remove("mine", "codec")
        import_model(write_codec(tmp_path / "narrow", 128), "mine")
    assert store.stored("mine").codec is None


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3000])


def test_damaged_files_stay_out(small: Path, store_folder: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(small, tmp_path / "bad"))
    cut(model / "gguf" / "small-F16.gguf")
    cut(model / "checkpoint" / "model.safetensors")
    cut(model / "codec" / "pytorch_model.bin")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.gguf").write_text("a page that says 404")
    for path, message in (
        (model / "gguf" / "small-F16.gguf", r"cannot load .*get the file again"),
        (model / "checkpoint", "cut short"),
        (tmp_path / "empty", "is not a model"),
        (tmp_path / "gone", "gone does not exist; give a model folder"),
        (tmp_path / "text.gguf", r"cannot load .*text\.gguf"),
    ):
        with pytest.raises(MayaBookError, match=message) as caught:
            import_model(path, "mine")
        assert "\n" not in str(caught.value)
    assert names(store_folder) == set()
    with pytest.raises(ModelError, match="Unknown model 'mine'"):
        import_model(small / "codec", "mine")
    import_model(Path(shutil.copytree(small / "checkpoint", tmp_path / "alone")), "mine")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin is damaged or cut short"):
        import_model(model / "codec", "mine")
    edit_json(model / "codec" / "config.json", vq_strides=[2, 1])
    with pytest.raises(ModelError, match="vq_strides"):
        import_model(model / "codec", "mine")
    assert store.stored("mine").codec is None


def test_a_name_cannot_lead_out_of_the_store(small: Path, store_folder: Path) -> None:
    for name in ("../x", "a/b", ".hidden", "/abs"):
        with pytest.raises(ModelError, match="is not a valid model name"):
            import_model(small, name)
