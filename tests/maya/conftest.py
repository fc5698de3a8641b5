"""Random tokenizers and a random codec, written once for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mayabook.maya.codec import export_codec
from mayabook.maya.token_layout import Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from tests import tiny_models


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fingerprints are remembered there, and not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAYABOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def _tokenizer(folder: Path, layout: Layout) -> CheckpointTokenizer:
    tiny_models.write_tokenizer(folder, layout)
    return CheckpointTokenizer(folder)


@pytest.fixture(scope="session")
def small_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CheckpointTokenizer:
    return _tokenizer(tmp_path_factory.mktemp("small"), tiny_models.SMALL)


@pytest.fixture(scope="session")
def true_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CheckpointTokenizer:
    """In Maya1's own layout."""
    return _tokenizer(tmp_path_factory.mktemp("true"), Layout())


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A codec folder with decoder.onnx in it; not to be changed."""
    folder = tiny_models.write_codec(tmp_path_factory.mktemp("codec"))
    export_codec(folder)
    return folder
