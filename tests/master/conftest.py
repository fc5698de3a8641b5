from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mayabook.core.audio_files import write_flac
from mayabook.core.chunk import Pause
from mayabook.master import TakeSegment

RATE = 24000

MakeSegment = Callable[..., TakeSegment]


@pytest.fixture
def segment(tmp_path: Path) -> MakeSegment:
    """Writes a take and says where in the book it goes."""
    folder = tmp_path / "takes"
    folder.mkdir()

    def make(
        audio: NDArray[np.floating],
        pause: Pause = Pause.SENTENCE,
        chapter: int = 1,
        text: str = "Text.",
        rate: int = RATE,
    ) -> TakeSegment:
        path = folder / f"{len(list(folder.iterdir())):04}.flac"
        write_flac(path, audio.astype(np.float32), rate)
        return TakeSegment(path, chapter, text, pause)

    return make
