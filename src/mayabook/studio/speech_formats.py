"""The formats that speech is sent in, which OpenAI's clients ask for by these names."""

from collections.abc import Mapping
from dataclasses import dataclass

MIN_SPEED, MAX_SPEED = 0.25, 4.0
"""Of OpenAI's service."""


@dataclass(frozen=True, slots=True)
class SpeechFormat:
    """A format that needs no second look at what was sent: its header does not say how long the speech is."""

    media_type: str
    muxer: str
    """FFmpeg's name of the container."""
    codec: str
    """FFmpeg's name of the encoder."""
    bitrate: int = 0
    """Bits per second; 0 where it is lossless."""


SPEECH_FORMATS: Mapping[str, SpeechFormat] = {
    "mp3": SpeechFormat("audio/mpeg", "mp3", "libmp3lame", 64_000),
    "opus": SpeechFormat("audio/ogg", "ogg", "libopus", 48_000),
    "aac": SpeechFormat("audio/aac", "adts", "aac", 64_000),
    "flac": SpeechFormat("audio/flac", "flac", "flac"),
    "wav": SpeechFormat("audio/wav", "wav", "pcm_s16le"),
    "pcm": SpeechFormat("audio/pcm", "s16le", "pcm_s16le"),
}
"""By the names that OpenAI's clients use. `pcm` is 16-bit little-endian mono at the engine's rate, 24 kHz."""
