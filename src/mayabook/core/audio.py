"""Takes on disk: 24-bit mono FLAC at the engine's sample rate."""

from pathlib import Path

import numpy as np
import soundfile

from mayabook.core.files import appearing
from mayabook.core.take import Audio


def write_flac(path: Path, audio: Audio, sample_rate: int) -> None:
    """Writes atomically. Samples beyond -1 to 1 are clipped, as FLAC holds integers."""
    with appearing(path) as temporary:
        soundfile.write(temporary, np.clip(audio, -1.0, 1.0), sample_rate, subtype="PCM_24", format="FLAC")


def read_flac(path: Path) -> tuple[Audio, int]:
    """Samples, and their rate in Hz."""
    audio, sample_rate = soundfile.read(path, dtype="float32")
    return audio, sample_rate
