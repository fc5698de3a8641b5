"""Speaker embeddings: vectors that tell who speaks, whatever is said.

The encoder (`speaker.onnx`, written by `python -m bench.speaker_weights`) is the d-vector of Resemblyzer, trained by
generalised end-to-end loss (Wan et al. 2018): windows of 1.6 s to unit vectors, whose cosine tells how alike two voices
are. Pauses are left out and the level is made equal first. A take's embedding is the mean over its windows.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.checks.thresholds import SignalThresholds
from mayabook.core.resampling import resample
from mayabook.core.take import Audio

if TYPE_CHECKING:
    import onnxruntime  # type: ignore[import-untyped]

SAMPLE_RATE = 16000
N_MELS = 40
WINDOW, HOP = 400, 160
"""Samples of a mel frame, and from one to the next."""
FRAMES_PER_WINDOW = 160
"""Mel frames that the encoder sees at once; it was trained on windows of this length."""
WINDOW_SECONDS = FRAMES_PER_WINDOW * HOP / SAMPLE_RATE
MEAN_POWER = 1e-3
"""Mean square of the voiced samples that the level is set to: -30 dBFS, that of the encoder's training."""
PAUSE_FRAMES = 5
"""Frames of FRAME_SECONDS kept of a pause on either side of speech."""
BATCH = 8
"""Most windows in one run of the encoder."""

Embedding = NDArray[np.float32]
"""Unit vector, shape (256,)."""


def embed_speaker(audio: Audio, sample_rate: int, signal: SignalThresholds) -> Embedding | None:
    """The embedding of a take; None if it has less voice than a window. sample_rate: Hz."""
    _, windows, _ = embed_windows(audio, sample_rate, signal)
    return mean_embedding(windows) if len(windows) else None


def embed_windows(
    audio: Audio, sample_rate: int, signal: SignalThresholds
) -> tuple[list[float], NDArray[np.float32], float]:
    """Starts, in seconds, and embeddings, shape (n_windows, 256), of windows that cover the voice of a take; and the
    seconds of voice.

    A take with less voice than a window has no windows.
    """
    times, frames = voiced_mels(audio, sample_rate, signal)
    if len(frames) < FRAMES_PER_WINDOW:
        return [], np.zeros((0, 256), np.float32), 0.0
    n_windows = -(-len(frames) // FRAMES_PER_WINDOW)
    firsts = np.linspace(0, len(frames) - FRAMES_PER_WINDOW, n_windows).round().astype(int)
    windows = np.stack([frames[first : first + FRAMES_PER_WINDOW] for first in firsts], axis=1)
    parts = np.array_split(windows, -(-n_windows // BATCH), axis=1)
    embedded = [_encoder().run(None, {"frames": np.ascontiguousarray(part)})[0] for part in parts]
    starts = [float(times[first]) for first in firsts]
    return starts, np.concatenate(embedded), len(frames) * HOP / SAMPLE_RATE


def mean_embedding(embeddings: NDArray[np.float32]) -> Embedding:
    """The mean of embeddings, shape (n, 256), scaled to unit length."""
    mean = embeddings.mean(axis=0)
    unit: Embedding = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def voiced_mels(
    audio: Audio, sample_rate: int, signal: SignalThresholds
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Times (seconds) and mel powers at equal level, shape (n, N_MELS), of the voiced frames, one each HOP."""
    voice = voiced_frames(audio, sample_rate, signal)
    if not voice.any():
        return np.zeros(0), np.zeros((0, N_MELS), np.float32)
    beside = np.convolve(voice, np.ones(2 * PAUSE_FRAMES + 1), mode="same") > 0
    kept = np.repeat(beside, round(FRAME_SECONDS * SAMPLE_RATE / HOP))
    padded = np.pad(resample(audio, sample_rate, SAMPLE_RATE), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    indices = np.flatnonzero(kept[: len(frames)])
    frames = frames[indices]
    spectra = np.fft.rfft(frames * _window()).view(np.float32)
    powers = np.square(spectra).reshape(len(frames), -1, 2).sum(axis=2) @ _filters()
    mels: NDArray[np.float32] = powers * (MEAN_POWER / np.mean(np.square(frames)))
    return indices * HOP / SAMPLE_RATE, mels


@cache
def _window() -> NDArray[np.float32]:
    return get_window("hann", WINDOW).astype(np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    from faster_whisper.feature_extractor import FeatureExtractor

    filters: NDArray[np.float32] = FeatureExtractor.get_mel_filters(SAMPLE_RATE, WINDOW, N_MELS).T.astype(np.float32)
    return filters


@cache
def _encoder() -> "onnxruntime.InferenceSession":
    """One thread, so that the order of sums is the same on every machine."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    weights = files("mayabook.checks").joinpath("speaker.onnx").read_bytes()
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
