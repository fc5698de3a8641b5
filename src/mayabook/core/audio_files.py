"""Takes as files: 24-bit mono FLAC at the engine's sample rate."""

import io
from pathlib import Path

import numpy as np
import soundfile

from mayabook.core.files import write_bytes
from mayabook.core.take import Audio


def encode_flac(audio: Audio, sample_rate: int) -> bytes:
    """The content of a FLAC file, which holds integers: samples beyond -1 to 1 are clipped. sample_rate: Hz.

    NaN becomes full scale, which the checks find as clipping; 0 would hide it.
    """
    encoded = io.BytesIO()
    soundfile.write(
        encoded, np.clip(np.nan_to_num(audio, nan=1.0), -1.0, 1.0), sample_rate, subtype="PCM_24", format="FLAC"
    )
    return encoded.getvalue()


def decode_flac(encoded: bytes) -> tuple[Audio, int]:
    """Samples, and their rate in Hz."""
    audio, sample_rate = soundfile.read(io.BytesIO(encoded), dtype="float32")
    return audio, sample_rate


def write_flac(path: Path, audio: Audio, sample_rate: int) -> None:
    """Writes atomically what `encode_flac` gives; raises OutputError."""
    write_bytes(path, encode_flac(audio, sample_rate))


def read_flac(path: Path) -> tuple[Audio, int]:
    """Samples, and their rate in Hz."""
    audio, sample_rate = soundfile.read(path, dtype="float32")
    return audio, sample_rate
