from pathlib import Path

import numpy as np
import pytest

from tests.lab.lab_engines import TEXTS
from tests.tiny_models import Shape, write_checkpoint, write_codec

CODES = 256


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """A reference archive of texts and codes."""
    draw = np.random.Generator(np.random.Philox(3))
    frames = [draw.integers(0, CODES, (6 + at % 5, 7)) for at in range(len(TEXTS))]
    file = tmp_path / "truth.npz"
    np.savez_compressed(
        file,
        texts=np.asarray(TEXTS),
        frames=np.concatenate(frames).astype(np.uint16),
        lengths=np.asarray([len(part) for part in frames]),
    )
    return file


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a reference archive; the random model has widely spread logits."""
    folder = tmp_path_factory.mktemp("lab") / "tiny"
    write_checkpoint(folder / "checkpoint", shape=Shape(head_scale=10))
    write_codec(folder / "codec")
    draw = np.random.Generator(np.random.Philox(4))
    frames = [draw.integers(0, CODES, (5 + at, 7)) for at in range(4)]
    np.savez_compressed(
        folder / "reference.npz",
        texts=np.asarray(TEXTS[:4]),
        frames=np.concatenate(frames).astype(np.uint16),
        lengths=np.asarray([len(part) for part in frames]),
    )
    return folder
