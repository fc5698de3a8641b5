"""The audio formats in which speech is sent, under OpenAI's names."""

from collections.abc import Mapping
from dataclasses import dataclass

MIN_SPEED, MAX_SPEED = 0.25, 4.0
"""The range of OpenAI's service."""


@dataclass(frozen=True, slots=True)
class SpeechFormat:
    """A format that can be streamed: its header does not contain the duration."""

    media_type: str
    muxer: str
    """FFmpeg's name of the container."""
    codec: str
    """FFmpeg's name of the encoder."""
    bitrate: int = 0
    """Bits per second; 0 for lossless formats."""


SPEECH_FORMATS: Mapping[str, SpeechFormat] = {
    "mp3": SpeechFormat("audio/mpeg", "mp3", "libmp3lame", 64_000),
    "opus": SpeechFormat("audio/ogg", "ogg", "libopus", 48_000),
    "aac": SpeechFormat("audio/aac", "adts", "aac", 64_000),
    "flac": SpeechFormat("audio/flac", "flac", "flac"),
    "wav": SpeechFormat("audio/wav", "wav", "pcm_s16le"),
    "pcm": SpeechFormat("audio/pcm", "s16le", "pcm_s16le"),
}
"""By the names that OpenAI's clients use. `pcm` is 16-bit little-endian mono at the engine's rate, 24 kHz."""
