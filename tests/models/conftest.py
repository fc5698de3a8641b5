from pathlib import Path

import pytest

from mayabook.maya.token_layout import Layout
from mayabook.models.catalogue import Repository
from mayabook.models.gguf_conversion import convert
from tests.tiny_models import SMALL, Shape, write_checkpoint, write_codec, write_hub_codec

SHAPE = Shape(scale=0.08)
"""Weights so large that attention, and with it rope, decides the logits."""


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder of the small layout: checkpoint, F16 file and codec. Not to be changed."""
    folder = tmp_path_factory.mktemp("models") / "small"
    write_checkpoint(folder / "checkpoint", SMALL, SHAPE)
    convert(folder / "checkpoint", folder / "gguf" / "small-F16.gguf", name="small")
    write_codec(folder / "codec")
    return folder


@pytest.fixture(scope="session")
def true_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in Maya1's true layout, without a codec. Not to be changed."""
    folder = tmp_path_factory.mktemp("models") / "true"
    write_checkpoint(folder / "checkpoint", Layout(), SHAPE)
    convert(folder / "checkpoint", folder / "gguf" / "true-F16.gguf", name="true")
    return folder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A small checkpoint to spoil."""
    return write_checkpoint(tmp_path / "checkpoint", SMALL, SHAPE)


@pytest.fixture
def store_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store."""
    folder = tmp_path / "store"
    monkeypatch.setenv("MAYABOOK_MODELS", str(folder))
    return folder


@pytest.fixture(scope="session")
def hub_codec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub's repository of the small codec for ONNX Runtime. Not to be changed."""
    folder = tmp_path_factory.mktemp("hub_codec")
    write_hub_codec(folder / "onnx")
    (folder / "README.md").write_text("words")
    return folder


@pytest.fixture
def unpinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue pins nothing: the tests' repositories have the names of the real ones."""
    monkeypatch.setattr("mayabook.models.pull_plan.repository", lambda name, *, pinned: Repository(name))
