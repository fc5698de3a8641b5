import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mayabook.core.errors import ModelError
from mayabook.models import store
from mayabook.models.catalogue import catalogue, resolve
from mayabook.models.disk import require_free_space
from mayabook.models.gguf_quantisation import quantize
from mayabook.models.hub import pull
from tests.models.hub_server import COMMIT, Hub, hub

SNAC = "hubertsiuzdak/snac_24khz"
SNAC_ONNX = "onnx-community/snac_24khz-ONNX"
WEIGHTS = "model.safetensors"


@pytest.fixture
def served(small: Path, hub_codec: Path, tmp_path: Path, store_folder: Path, unpinned: None) -> Iterator[Hub]:
    """A speech model and its codec, with files that are not needed beside those that are."""
    model = Path(shutil.copytree(small / "checkpoint", tmp_path / "repo"))
    (model / "README.md").write_text("words")
    (model / "training_args.bin").write_bytes(b"x" * 1000)
    (model / "onnx").mkdir()
    (model / "onnx" / "model.safetensors").write_bytes(b"y" * 1000)
    with hub({"some/voice": model, SNAC: small / "codec", SNAC_ONNX: hub_codec}) as running:
        yield running


def asked_for(served: Hub) -> set[str]:
    return {name for name, _, _ in served.requests}


def test_the_files_that_are_needed_come_and_no_others(served: Hub, small: Path, store_folder: Path) -> None:
    files, left = pull("some/voice", endpoint=served.endpoint)
    assert left == []
    assert files == store.find("voice")
    assert store.missing_parts(store_folder / "voice") == []
    needed = {"config.json", "layout.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json", "pytorch_model.bin"}
    assert asked_for(served) == needed
    for part in ("checkpoint", "codec"):
        for file in (small / part).iterdir():
            assert (store_folder / "voice" / part / file.name).read_bytes() == file.read_bytes()
    origin = store.origins(store_folder / "voice")[f"checkpoint/{WEIGHTS}"]
    assert origin.source == f"some/voice@{COMMIT}/{WEIGHTS}"
    assert origin.size == (small / "checkpoint" / WEIGHTS).stat().st_size
    assert not list(store_folder.rglob(".*"))


def test_small_files_come_first(served: Hub) -> None:
    pull("some/voice", endpoint=served.endpoint)
    names = [name for name, _, _ in served.requests]
    assert all(name.endswith(".json") for name in names[:-2])


def test_what_is_here_is_not_fetched_again(served: Hub, store_folder: Path) -> None:
    pull("some/voice", endpoint=served.endpoint)
    served.requests.clear()
    pull("some/voice", endpoint=served.endpoint)
    assert served.requests == []
    (store_folder / "voice" / "checkpoint" / "tokenizer.json").unlink()
    pull("some/voice", endpoint=served.endpoint)
    assert asked_for(served) == {"tokenizer.json"}


def test_a_changed_file_is_fetched_again(served: Hub, store_folder: Path) -> None:
    pull("some/voice", endpoint=served.endpoint)
    served.requests.clear()
    config = served.repos["some/voice"] / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "note": "new"}))
    pull("some/voice", endpoint=served.endpoint)
    assert asked_for(served) == {"config.json"}
    assert json.loads((store_folder / "voice" / "checkpoint" / "config.json").read_text())["note"] == "new"


def test_a_pull_that_was_cut_goes_on_where_it_stopped(
    served: Hub, small: Path, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)  # what the library may lose of a cut
    size = (small / "checkpoint" / WEIGHTS).stat().st_size
    served.cut[WEIGHTS] = size // 3
    with pytest.raises(ModelError, match="The hub answered 503; run the same command again: it resumes"):
        pull("some/voice", endpoint=served.endpoint)
    assert store.stored("voice").checkpoint is None
    (partial,) = (store_folder / "voice" / "checkpoint").glob(".*.partial")
    kept = partial.stat().st_size
    assert size // 3 - (1 << 16) < kept <= size // 3
    served.down = False
    served.requests.clear()
    pull("some/voice", endpoint=served.endpoint)
    assert [request for request in served.requests if request[0] == WEIGHTS] == [
        (WEIGHTS, f"bytes={kept}-", size - kept)
    ]
    fetched = store_folder / "voice" / "checkpoint" / WEIGHTS
    assert fetched.read_bytes() == (small / "checkpoint" / WEIGHTS).read_bytes()
    assert not partial.exists()


@pytest.mark.parametrize("name", [WEIGHTS, "tokenizer.json", "pytorch_model.bin"])
def test_damaged_content_is_removed_and_named(served: Hub, small: Path, store_folder: Path, name: str) -> None:
    part = "codec" if name == "pytorch_model.bin" else "checkpoint"
    content = bytearray((small / part / name).read_bytes())
    content[len(content) // 2] ^= 1
    served.spoilt[name] = bytes(content)
    with pytest.raises(
        ModelError, match=rf"{name} of .* was damaged in transfer .* and was removed; run the same command again"
    ):
        pull("some/voice", endpoint=served.endpoint)
    assert not (store_folder / "voice" / part / name).exists()
    assert not list(store_folder.rglob(".*"))
    pull("some/voice", endpoint=served.endpoint)
    assert (store_folder / "voice" / part / name).read_bytes() == (small / part / name).read_bytes()


def test_content_of_another_size_is_refused(served: Hub, store_folder: Path) -> None:
    served.spoilt["tokenizer.json"] = b"{}"
    with pytest.raises(ModelError, match=r"tokenizer\.json of some/voice has another size than the hub says"):
        pull("some/voice", endpoint=served.endpoint)
    pull("some/voice", endpoint=served.endpoint)
    assert store.missing_parts(store_folder / "voice") == []


def test_another_model_is_refused_before_its_weights_come(served: Hub) -> None:
    config = served.repos["some/voice"] / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "model_type": "qwen3"}))
    with pytest.raises(ModelError, match="not a Llama; choose a Maya1 model"):
        pull("some/voice", endpoint=served.endpoint)
    assert WEIGHTS not in asked_for(served)


def test_formats_the_hub_has_are_fetched_and_the_rest_is_left(served: Hub, small: Path, store_folder: Path) -> None:
    repo = served.repos["some/voice"]
    quantize(small / "gguf" / "small-F16.gguf", repo / "Voice-Q8_0.gguf", "Q8_0")
    files, left = pull("some/voice", ["Q8_0"], endpoint=served.endpoint)
    assert left == []
    assert files.checkpoint is None
    assert files.ggufs["Q8_0"].read_bytes() == (repo / "Voice-Q8_0.gguf").read_bytes()
    assert files.ggufs["Q8_0"].name == "voice-Q8_0.gguf"
    assert WEIGHTS not in asked_for(served)
    files, left = pull("some/voice", ["Q8_0", "Q4_K_M"], endpoint=served.endpoint)
    assert left == ["Q4_K_M"]
    assert files.checkpoint is not None
    (repo / WEIGHTS).unlink()
    no_checkpoint = r"has no checkpoint .*its GGUF formats are Q8_0"
    with pytest.raises(ModelError, match="has no Q5_K_M; its GGUF formats are Q8_0; choose with --format"):
        pull("some/voice", ["Q5_K_M"], endpoint=served.endpoint)
    with pytest.raises(ModelError, match=no_checkpoint):
        pull("some/voice", endpoint=served.endpoint)


def test_what_the_hub_refuses_is_told_in_one_line(served: Hub) -> None:
    with pytest.raises(ModelError, match=r"no some/nothing or .*check the name"):
        pull("some/nothing", endpoint=served.endpoint)
    served.refused["some/voice"] = (403, "GatedRepo")
    with pytest.raises(ModelError, match="some/voice is gated: accept its terms"):
        pull("some/voice", endpoint=served.endpoint)
    served.refused["some/voice"] = (500, "")
    with pytest.raises(ModelError, match="The hub answered 500; run the same command again"):
        pull("some/voice", endpoint=served.endpoint)
    with pytest.raises(
        ModelError, match="'voice' is not in the catalogue \\(maya1\\); name a repository as owner/name"
    ):
        pull("voice", endpoint=served.endpoint)


def test_without_a_hub_it_says_which_files_to_copy(store_folder: Path) -> None:
    with pytest.raises(ModelError) as caught:
        pull("maya1", endpoint="http://127.0.0.1:9")
    message = str(caught.value)
    assert "The hub cannot be reached" in message
    assert "config.json, tokenizer.json and all *.safetensors of maya-research/maya1 in FOLDER/checkpoint" in message
    assert f"config.json and pytorch_model.bin of {SNAC} in FOLDER/codec" in message
    assert message.endswith("mayabook models import FOLDER --name maya1")
    assert "\n" not in message


def test_a_full_disk_is_told(served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, n_bytes: int) -> None:
        assert n_bytes > 8e6
        require_free_space(folder, 1 << 60)

    monkeypatch.setattr("mayabook.models.hub.require_free_space", full)
    with pytest.raises(ModelError, match=r"free and .* GB are needed; free some space"):
        pull("some/voice", endpoint=served.endpoint)
    assert served.requests == []


def test_the_catalogue() -> None:
    assert catalogue()["maya1"].repo == "maya-research/maya1"
    assert resolve("maya1")[0] == "maya1"
    assert resolve("owner/Name-3B")[0] == "Name-3B"
    assert resolve("owner/Name-3B", "mine")[0] == "mine"
