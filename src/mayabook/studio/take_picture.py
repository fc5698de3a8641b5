"""Waveform peaks and a mel spectrogram of a take, small enough to send to a page."""

import base64
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mayabook.core.audio_files import read_flac
from mayabook.core.take import Audio

N_PEAKS = 600
N_FRAMES = 480
"""Most spectrogram frames; the hop is at least HOP_SECONDS, and longer for long takes."""
HOP_SECONDS = 0.008
WINDOW_SECONDS = 0.032
N_BANDS = 72
HIGHEST_HZ = 8000.0
RANGE_DB = 65.0
"""Dynamic range below the loudest point; fainter levels are 0."""


@dataclass(frozen=True, slots=True)
class TakePicture:
    """peaks: greatest absolute sample in each of at most N_PEAKS equal segments, 0 to 1. bands: base64 of uint8 levels
    of shape (n_frames, n_bands), bands from low to high. seconds: duration."""

    seconds: float
    peaks: tuple[float, ...]
    bands: str
    n_frames: int
    n_bands: int


@lru_cache(maxsize=64)
def picture_of(file: Path) -> TakePicture:
    """The picture of a FLAC file; cached by path, because takes never change."""
    audio, sample_rate = read_flac(file)
    if not len(audio):
        audio = np.zeros(1, np.float32)
    peaks = [float(np.abs(part).max(initial=0.0)) for part in np.array_split(audio, min(N_PEAKS, len(audio)))]
    levels = mel_levels(audio, sample_rate)
    return TakePicture(
        seconds=len(audio) / sample_rate,
        peaks=tuple(round(peak, 3) for peak in peaks),
        bands=base64.b64encode(levels.tobytes()).decode("ascii"),
        n_frames=levels.shape[0],
        n_bands=levels.shape[1],
    )


def mel_levels(audio: Audio, sample_rate: int) -> NDArray[np.uint8]:
    """Levels in decibels below the loudest point, scaled to 0 to 255; shape (n_frames, N_BANDS)."""
    window = round(WINDOW_SECONDS * sample_rate)
    hop = max(round(HOP_SECONDS * sample_rate), -(-len(audio) // N_FRAMES))
    padded = np.pad(audio, (window // 2, window))
    starts = np.arange(0, len(audio), hop)
    frames = padded[starts[:, None] + np.arange(window)] * np.hanning(window).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    mel = power @ _mel_filters(power.shape[1], sample_rate).T
    decibels = 10 * np.log10(np.maximum(mel, 1e-12))
    scaled = 1 + (decibels - decibels.max()) / RANGE_DB
    return np.asarray(np.clip(scaled, 0, 1) * 255, dtype=np.uint8)


def _mel_filters(n_bins: int, sample_rate: int) -> NDArray[np.float64]:
    """Triangles of equal width on the mel scale (2595 log10(1 + f / 700)); shape (N_BANDS, n_bins)."""
    highest = 2595 * np.log10(1 + min(HIGHEST_HZ, sample_rate / 2) / 700)
    edges = 700 * (10 ** (np.linspace(0, highest, N_BANDS + 2) / 2595) - 1)
    bins = np.linspace(0, sample_rate / 2, n_bins)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(bins - edges[1:-1, None]).argmin(axis=1)  # a low band may lie between two bins
    filters[np.arange(N_BANDS), nearest] = np.maximum(filters[np.arange(N_BANDS), nearest], 1e-3)
    return filters
