"""Encodes takes as data URIs, for self-contained HTML pages."""

import base64
import io
from pathlib import Path

import numpy as np
import soundfile

from mayabook.core.audio_files import read_flac
from mayabook.core.take import Audio


def embed_mp3(file: Path, level: float | None = 0.06) -> str:
    """A data URI of a FLAC file's audio as MP3. level: RMS amplitude to scale it to; None keeps the level."""
    audio, sample_rate = read_flac(file)
    return f"data:audio/mpeg;base64,{base64.b64encode(_encode_mp3(audio, sample_rate, level)).decode()}"


def _encode_mp3(audio: Audio, sample_rate: int, level: float | None) -> bytes:
    """Scales audio to an RMS level, if there is one, and encodes it as MP3."""
    if level is not None:
        audio = np.clip(audio * (level / max(1e-4, float(np.sqrt(np.mean(audio**2, dtype=np.float64))))), -1, 1)
    out = io.BytesIO()
    soundfile.write(out, audio, sample_rate, format="MP3", subtype="MPEG_LAYER_III")
    return out.getvalue()
