"""Takes on disk: 24-bit mono FLAC at the engine's sample rate."""

import io
from pathlib import Path

import numpy as np
import soundfile

from mayabook.core.files import atomic_write
from mayabook.core.take import Audio


def write_flac(path: Path, audio: Audio, sample_rate: int) -> None:
    """Writes atomically; raises OutputError. FLAC holds integers: samples beyond -1 to 1 are clipped.

    NaN becomes full scale, which the checks find as clipping; 0 would hide it.
    """
    encoded = io.BytesIO()  # a full disk is then Python's OSError, not a short write inside the codec
    soundfile.write(
        encoded, np.clip(np.nan_to_num(audio, nan=1.0), -1.0, 1.0), sample_rate, subtype="PCM_24", format="FLAC"
    )
    with atomic_write(path) as temporary:
        temporary.write_bytes(encoded.getbuffer())


def read_flac(path: Path) -> tuple[Audio, int]:
    """Samples, and their rate in Hz."""
    audio, sample_rate = soundfile.read(path, dtype="float32")
    return audio, sample_rate
