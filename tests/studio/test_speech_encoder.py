"""What is sent is decoded again: every format, at every speed."""

import io

import av
import numpy as np
import pytest

from mayabook.studio.speech_encoder import SpeechEncoder
from mayabook.studio.speech_formats import MAX_SPEED, MIN_SPEED, SPEECH_FORMATS

RATE = 24_000
SECONDS = 2.0
TONE = 440.0


def encoded(format: str, speed: float = 1.0) -> list[bytes]:
    time = np.arange(round(SECONDS * RATE)) / RATE
    tone = (0.3 * np.sin(2 * np.pi * TONE * time)).astype(np.float32)
    encoder = SpeechEncoder(format, RATE, speed)
    return [*map(encoder.encode, np.split(tone, 8)), encoder.finish()]


def decoded(format: str, file: bytes) -> tuple[np.ndarray, int]:
    """Samples and their rate."""
    if format == "pcm":
        return np.frombuffer(file, "<i2") / 32768, RATE
    with av.open(io.BytesIO(file)) as container:
        resampler = av.AudioResampler("flt", "mono", RATE)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), RATE


@pytest.mark.parametrize("format", SPEECH_FORMATS)
def test_every_format_holds_the_speech_and_is_sent_while_it_is_made(format: str) -> None:
    pieces = encoded(format)
    audio, rate = decoded(format, b"".join(pieces))
    assert len(audio) / rate == pytest.approx(SECONDS, abs=0.1)
    assert np.sqrt(np.mean(audio[rate // 4 : rate] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)
    assert sum(map(len, pieces[:4])) > 0


@pytest.mark.parametrize("speed", [MIN_SPEED, 0.85, 1.5, MAX_SPEED])
def test_speed_changes_the_duration_and_not_the_pitch(speed: float) -> None:
    audio, rate = decoded("wav", b"".join(encoded("wav", speed)))
    assert len(audio) / rate == pytest.approx(SECONDS / speed, rel=0.05, abs=0.05)
    middle = audio[len(audio) // 4 : 3 * len(audio) // 4]
    loudest = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle))))) * rate / len(middle)
    assert loudest == pytest.approx(TONE, rel=0.02)
