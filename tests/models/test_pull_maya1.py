"""`pull maya1`: GGUF files of other repositories, the codec's export, pinned revisions and hashes, what is told first."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mayabook.core.errors import ModelError
from mayabook.maya.codec import open_codec
from mayabook.model_check import check_model
from mayabook.models import store
from mayabook.models.catalogue import Repository, catalogue, repository
from mayabook.models.gguf_quantisation import quantize
from mayabook.models.hub import Download, pull
from mayabook.models.importer import import_model
from tests.models.foreign_gguf import as_converted_elsewhere
from tests.models.hub_server import COMMIT, Hub, hub
from tests.tiny_models import SMALL

MAYA1 = catalogue()["maya1"]
FIRST, SECOND = MAYA1.ggufs
METADATA = {"config.json", "layout.json", "tokenizer.json"}


@pytest.fixture(scope="session")
def ggufs(small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Repositories of GGUF files under the names that their makers use. Not to be changed."""
    folder = tmp_path_factory.mktemp("ggufs")
    source = as_converted_elsewhere(small / "gguf" / "small-F16.gguf", folder / "F16.gguf")
    names = {
        FIRST: {"maya1-q4_k_m": "Q4_K_M", "maya1-q8_0": "Q8_0", "maya1-f16_q8_0": "Q8_0", "maya1-q6_k_m": "Q6_K"},
        SECOND: {"maya1.Q4_K_M": "Q4_K_M", "maya1.Q5_K_M": "Q5_K_M"},
    }
    for repo, files in names.items():
        (folder / repo).mkdir(parents=True)
        for name, kind in files.items():
            quantize(source, folder / repo / f"{name}.gguf", kind)
    return {repo: folder / repo for repo in names}


@pytest.fixture
def served(
    small: Path, ggufs: dict[str, Path], hub_codec: Path, tmp_path: Path, store_folder: Path, unpinned: None
) -> Iterator[Hub]:
    """Every repository that the catalogue names for Maya1. Only that of the checkpoint may be changed."""
    checkpoint = Path(shutil.copytree(small / "checkpoint", tmp_path / "repo"))
    for name in ("chat_template.jinja", "emotions.txt", "prompt.txt", "README.md"):
        (checkpoint / name).write_text("words")
    (checkpoint / "tokenizer").mkdir()
    shutil.copy(checkpoint / "tokenizer.json", checkpoint / "tokenizer")
    repos = {MAYA1.repo: checkpoint, MAYA1.codec: small / "codec", MAYA1.codec_onnx: hub_codec}
    with hub({**repos, **ggufs}) as running:
        yield running


def asked_for(served: Hub) -> set[str]:
    return {name for name, _, _ in served.requests}


@pytest.mark.parametrize(
    ("asked", "file", "kind"),
    [
        ("Q8_0", "maya1-q8_0.gguf", "Q8_0"),
        ("f16_q8_0", "maya1-f16_q8_0.gguf", "F16_Q8_0"),
        ("q4_k_m", "maya1-q4_k_m.gguf", "Q4_K_M"),
        ("Q6_K", "maya1-q6_k_m.gguf", "Q6_K"),
        ("q6_k_m", "maya1-q6_k_m.gguf", "Q6_K"),
        ("Q5_K_M", "maya1.Q5_K_M.gguf", "Q5_K_M"),
    ],
)
def test_a_format_comes_with_tokenizer_and_codec_alone(
    served: Hub, store_folder: Path, ggufs: dict[str, Path], asked: str, file: str, kind: str
) -> None:
    files, left = pull("maya1", [asked], endpoint=served.endpoint)
    assert left == []
    assert asked_for(served) == {*METADATA, file, "onnx/decoder_model.onnx"}
    assert files.ggufs == {kind: store_folder / "maya1" / "gguf" / f"maya1-{kind}.gguf"}
    repo = next(folder for folder in ggufs.values() if (folder / file).is_file())
    assert files.ggufs[kind].read_bytes() == (repo / file).read_bytes()
    assert files.checkpoint is None
    assert store.missing_parts(store_folder / "maya1") == []


def test_what_was_pulled_passes_its_checks(served: Hub, store_folder: Path) -> None:
    files, _ = pull("maya1", ["Q8_0"], endpoint=served.endpoint)
    checks = {one.name: one.state for one in check_model(files)}
    assert checks == {
        "checkpoint: config": "ok",
        "checkpoint: token ids": "ok",
        "Q8_0: token ids": "ok",
        "Q8_0: tokenizer": "ok",
        "Q8_0: tensors": "ok",
        "Q8_0: rope": "ok",
        "codec": "ok",
        "logits": "skipped",
    }
    assert files.codec is not None
    assert "onnxruntime" in open_codec(files.codec, SMALL).platform


def test_formats_of_one_number_stay_apart(served: Hub, store_folder: Path) -> None:
    pull("maya1", ["Q8_0", "F16_Q8_0"], endpoint=served.endpoint)
    copy = import_model(store_folder / "maya1", "copy")
    assert set(copy.ggufs) == {"Q8_0", "F16_Q8_0"}
    assert copy.metadata is not None


def test_the_checkpoint_joins_later_and_brings_its_codec(served: Hub, store_folder: Path) -> None:
    pull("maya1", ["Q8_0"], endpoint=served.endpoint)
    served.requests.clear()
    files, _ = pull("maya1", endpoint=served.endpoint)
    assert files.checkpoint is not None
    assert asked_for(served).isdisjoint(METADATA - {"config.json"})
    assert (store_folder / "maya1" / "codec" / "pytorch_model.bin").is_file()
    served.requests.clear()
    pull("maya1", ["Q4_K_M"], endpoint=served.endpoint)
    assert asked_for(served) == {"maya1-q4_k_m.gguf"}


def test_a_repository_of_others_may_be_gone(served: Hub) -> None:
    served.refused[FIRST] = (404, "RepoNotFound")
    pull("maya1", ["Q4_K_M"], endpoint=served.endpoint)
    assert "maya1.Q4_K_M.gguf" in asked_for(served)
    served.refused[SECOND] = (401, "RepoNotFound")
    assert pull("maya1", ["Q8_0"], endpoint=served.endpoint)[1] == ["Q8_0"]  # to be made from the checkpoint


def test_a_format_that_nobody_has_and_that_is_not_made_here(served: Hub) -> None:
    with pytest.raises(ModelError, match=r"has no IQ4_XS; its GGUF formats are F16_Q8_0, Q4_K_M, Q5_K_M, Q6_K, Q8_0"):
        pull("maya1", ["IQ4_XS"], endpoint=served.endpoint)
    assert served.requests == []


def test_the_newest_export_without_its_file_is_told(served: Hub, small: Path) -> None:
    served.repos[MAYA1.codec_onnx] = small / "codec"
    with pytest.raises(
        ModelError, match=r"snac_24khz-ONNX has no onnx/decoder_model\.onnx; pull maya1 without --format"
    ):
        pull("maya1", ["Q8_0"], endpoint=served.endpoint)


def test_sizes_and_licences_are_told_before_anything_comes(served: Hub, ggufs: dict[str, Path]) -> None:
    seen: list[Download] = []

    def announce(download: Download) -> None:
        assert served.requests == []
        seen.append(download)

    served.licences[FIRST] = "apache-2.0"
    pull("maya1", ["Q8_0"], endpoint=served.endpoint, announce=announce)
    (download,) = seen
    assert {file.path: file.size for file in download.absent}["maya1-q8_0.gguf"] == (
        (ggufs[FIRST] / "maya1-q8_0.gguf").stat().st_size
    )
    assert download.n_bytes == sum(file.size for file in download.absent) == sum(size for *_, size in served.requests)
    assert download.plan.licences[FIRST] == "apache-2.0"
    pull("maya1", ["Q8_0"], endpoint=served.endpoint, announce=lambda download: pytest.fail("nothing is to be told"))


class Pins:
    """Pins of the served repositories, as the catalogue's."""

    def __init__(self, served: Hub) -> None:
        self.known = {repo: Repository(repo, "a licence", COMMIT) for repo in served.repos}

    def pin(self, repo: str, path: str, sha256: str) -> None:
        self.known[repo] = replace(self.known[repo], sha256={path: sha256})

    def __call__(self, name: str, *, pinned: bool) -> Repository:
        return self.known[name] if pinned else Repository(name)


@pytest.fixture
def pins(served: Hub, monkeypatch: pytest.MonkeyPatch) -> Pins:
    pins = Pins(served)
    monkeypatch.setattr("mayabook.models.pull_plan.repository", pins)
    return pins


@pytest.mark.parametrize("path", ["tokenizer.json", "config.json"])
def test_pinned_hashes_are_checked_and_can_be_overridden(
    served: Hub, pins: Pins, store_folder: Path, path: str
) -> None:
    content = (served.repos[MAYA1.repo] / path).read_bytes()
    pins.pin(MAYA1.repo, path, hashlib.sha256(content).hexdigest())
    pull("maya1", ["Q8_0"], endpoint=served.endpoint)
    assert store.origins(store_folder / "maya1")[f"checkpoint/{path}"].sha256 == hashlib.sha256(content).hexdigest()
    store.remove("maya1")
    served.requests.clear()
    pins.pin(MAYA1.repo, path, hashlib.sha256(b"other").hexdigest())
    with pytest.raises(ModelError, match=rf"{path} of maya-research/maya1 (is not the file|was damaged)") as caught:
        pull("maya1", ["Q8_0"], endpoint=served.endpoint)
    assert "\n" not in str(caught.value)
    assert "maya1-q8_0.gguf" not in asked_for(served)
    pull("maya1", ["Q8_0"], endpoint=served.endpoint, pinned=False)


def test_a_large_file_with_another_hash_is_refused_before_anything_comes(served: Hub, pins: Pins) -> None:
    pins.pin(FIRST, "maya1-q8_0.gguf", "0" * 64)
    with pytest.raises(ModelError, match=r"is not the file .* \(SHA-256 .*, not 000000000000\.\.\.\); .* --unpinned"):
        pull("maya1", ["Q8_0"], endpoint=served.endpoint)
    assert served.requests == []
    pull("maya1", ["Q4_K_M"], endpoint=served.endpoint)


def test_a_revision_that_is_gone_is_one_line(served: Hub, pins: Pins) -> None:
    pins.known[MAYA1.repo] = replace(pins.known[MAYA1.repo], revision="d" * 40)
    with pytest.raises(ModelError, match=r"^maya-research/maya1 no longer has the revision d+; .* --unpinned\.$"):
        pull("maya1", ["Q8_0"], endpoint=served.endpoint)
    pull("maya1", ["Q8_0"], endpoint=served.endpoint, pinned=False)


def test_without_a_hub_it_says_which_files_of_a_format_to_copy(store_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"the Q8_0 \.gguf of Mungert/maya1-GGUF or .* in FOLDER/gguf.*decoder_model"):
        pull("maya1", ["q8_0"], endpoint="http://127.0.0.1:9")


def test_the_catalogue_names_licences_and_whole_hashes() -> None:
    for name in (MAYA1.repo, *MAYA1.ggufs, MAYA1.codec, MAYA1.codec_onnx):
        known = repository(name)
        assert known.licence
        assert known.revision is None or len(known.revision) == 40
        assert all(len(sha256) == 64 for sha256 in known.sha256.values())
        assert repository(name, pinned=False) == Repository(name, known.licence)
    for name in (MAYA1.repo, *MAYA1.ggufs):
        assert "Built with Llama" in repository(name).licence
    assert repository("some/other") == Repository("some/other")
