"""Decodes audiobooks for the tests of mastering, without the code under test."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

Samples = NDArray[np.float64]


@dataclass
class DecodedAudiobook:
    """A file as a player sees it. chapters: (title, start, end) in seconds."""

    audio: Samples
    rate: int
    channels: int
    codec: str
    duration: float
    chapters: list[tuple[str, float, float]]
    tags: dict[str, str]
    language: str
    cover: bytes | None
    cover_kind: str


def decode_audiobook(path: Path) -> DecodedAudiobook:
    with av.open(path) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        scale = 2.0**31 if frames[0].format.name.startswith("s32") else 1.0
        audio = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]) / scale
        tags = {name.lower(): value for name, value in {**container.metadata, **stream.metadata}.items()}
        chapters = []
        for chapter in container.chapters():
            unit = chapter["time_base"]
            assert unit is not None
            title = chapter["metadata"].get("title", "")
            chapters.append((title, float(chapter["start"] * unit), float(chapter["end"] * unit)))
        assert container.duration is not None
        decoded = DecodedAudiobook(
            audio.astype(np.float64),
            frames[0].sample_rate,
            stream.layout.nb_channels,
            stream.codec_context.name,
            container.duration / 1e6,
            chapters,
            tags,
            stream.metadata.get("language", ""),
            None,
            "",
        )
    with av.open(path) as container:
        if container.streams.video:
            decoded.cover_kind = container.streams.video[0].metadata.get("comment", "")
            decoded.cover = next(bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size)
    return decoded


def loudness(audio: Samples, rate: int) -> float:
    """Integrated loudness in LUFS, with the 48 kHz coefficients that ITU-R BS.1770-5 prints."""
    audio = resample_poly(audio, 48000, rate) if rate != 48000 else audio
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621]
    weighted = lfilter(*high_pass, lfilter(*shelf, audio))
    size, step = 19200, 4800
    total = np.concatenate(([0.0], np.cumsum(weighted**2)))
    starts = np.arange(0, len(audio) - size + 1, step)
    power = (total[starts + size] - total[starts]) / size
    levels = -0.691 + 10 * np.log10(power + 1e-20)
    above = levels > -70
    relative = -0.691 + 10 * np.log10(power[above].mean()) - 10
    return float(-0.691 + 10 * np.log10(power[above & (levels > relative)].mean()))


def true_peak(audio: Samples) -> float:
    """dBTP, by interpolating 16 times in one piece."""
    return float(20 * np.log10(np.abs(resample_poly(audio, 16, 1)).max()))


def onset(audio: Samples, rate: int, near: float, frequency: float) -> float:
    """Second at which a tone of that frequency begins, looked for within half a second of `near`."""
    size = rate // 100
    first = max(0, round((near - 0.5) * rate))
    part = audio[first : first + rate]
    time = np.arange(len(part)) / rate
    mixed = np.cumsum(part * np.exp(-2j * np.pi * frequency * time))
    power = np.abs(mixed[size:] - mixed[:-size])
    return float((first + np.argmax(power > power.max() / 2) + size / 2) / rate)
