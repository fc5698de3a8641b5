"""Spectral losses between audio and its target: magnitude and mel spectra at several resolutions.

Phases are ignored, because a codec of less than a kilobit per second cannot match the waveform.
"""

from functools import lru_cache

import torch
from torch import Tensor

from mayabook.maya.token_layout import SAMPLE_RATE

WINDOWS = (2048, 1024, 512, 256, 128)
"""Window lengths in samples; hops are a quarter of them."""
MELS = (80, 80, 48, 24, 12)
"""Mel bands of each window."""
FLOOR = 2e-2
"""Added to mel magnitudes before the logarithm. With a smaller value silence would dominate the loss."""
QUIET_FLOOR = 5e-3
"""The same for the decoder's loss. It is smaller so that quiet consonants count, without which words are not
intelligible."""


@lru_cache(maxsize=32)
def mel_bands(window: int, n_mels: int) -> Tensor:
    """Triangular mel filters, each divided by the square root of its area, shape (window / 2 + 1, n_mels).

    Evenly spaced on O'Shaughnessy's mel scale, 2595 log10(1 + f / 700).
    """
    frequencies = torch.linspace(0, SAMPLE_RATE / 2, window // 2 + 1)
    top = 2595 * torch.log10(torch.tensor(1 + SAMPLE_RATE / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, float(top), n_mels + 2) / 2595) - 1)
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    bands = torch.minimum(rising, falling).clamp(min=0)
    even: Tensor = bands / bands.sum(0).clamp(min=1.0).sqrt()
    return even


def magnitudes(audio: Tensor, window: int) -> Tensor:
    """Magnitude spectra of audio (batch, n_samples), shape (batch, frames, window / 2 + 1).

    The peak of a full-scale sine is near sqrt(window) / 4.
    """
    shape = torch.hann_window(window, device=audio.device)
    spectrum = torch.stft(audio, window, window // 4, window=shape, return_complex=True)
    squared = spectrum.real.square() + spectrum.imag.square()
    size: Tensor = (squared + 1e-9).sqrt().transpose(1, 2) / window**0.5
    return size


def log_mel(audio: Tensor, window: int = 1024, n_mels: int = 80) -> Tensor:
    """Log mel spectra of audio (batch, n_samples), shape (batch, frames, n_mels)."""
    bands: Tensor = magnitudes(audio, window) @ mel_bands(window, n_mels).to(audio.device)
    return (bands + FLOOR).log()


def mel_distance(audio: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of log mel spectra (80 bands, window 1024): the mel distance of reports."""
    return (log_mel(audio) - log_mel(target)).abs().mean()


def spectral_loss(audio: Tensor, target: Tensor) -> dict[str, Tensor]:
    """audio, target: (batch, n_samples). mel: loss of log mel spectra; linear: of relative magnitudes."""
    mel = linear = torch.zeros((), device=audio.device)
    for window, n_mels in zip(WINDOWS, MELS, strict=True):
        ours, theirs = magnitudes(audio, window), magnitudes(target, window)
        bands = mel_bands(window, n_mels).to(audio.device)
        mel = mel + ((ours @ bands + QUIET_FLOOR).log() - (theirs @ bands + QUIET_FLOOR).log()).abs().mean()
        linear = linear + (ours - theirs).abs().mean() / theirs.mean().clamp(min=1e-2)
    return {"mel": mel / len(WINDOWS), "linear": linear / len(WINDOWS)}
