from pathlib import Path

import numpy as np
import pytest
from lab_engines import TEXTS

CODES = 256


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """An archive of texts and codes, as a truth is."""
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
