"""How far audio is from what it should be: spectra and mel spectra at several resolutions.

Magnitudes only: at under a kilobit a second a waveform cannot be matched sample by sample.
"""

from functools import lru_cache

import torch
from torch import Tensor

from mayabook.maya.token_layout import SAMPLE_RATE

WINDOWS = (2048, 1024, 512, 256, 128)
"""Samples; a hop is a quarter."""
MELS = (80, 80, 48, 24, 12)
FLOOR = 2e-2
"""Added to mel magnitudes before the logarithm: a smaller one lets silence rule the loss."""
QUIET_FLOOR = 5e-3
"""The decoder's: with codes to go by it does not get lost in silence, and the quiet consonants are what words are told
apart by."""


@lru_cache(maxsize=32)
def mel_bands(window: int, n_mels: int) -> Tensor:
    """Triangular filters on the mel scale of O'Shaughnessy (2595 log10(1 + f / 700)), evenly spaced, each divided by
    the root of its area; shape (window / 2 + 1, n_mels)."""
    frequencies = torch.linspace(0, SAMPLE_RATE / 2, window // 2 + 1)
    top = 2595 * torch.log10(torch.tensor(1 + SAMPLE_RATE / 2 / 700))
    edges = 700 * (10 ** (torch.linspace(0, float(top), n_mels + 2) / 2595) - 1)
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    bands = torch.minimum(rising, falling).clamp(min=0)
    even: Tensor = bands / bands.sum(0).clamp(min=1.0).sqrt()
    return even


def magnitudes(audio: Tensor, window: int) -> Tensor:
    """audio (batch, n_samples) to (batch, frames, window / 2 + 1); a full-scale sine has magnitude near 1 x
    sqrt(window) / 4."""
    shape = torch.hann_window(window, device=audio.device)
    spectrum = torch.stft(audio, window, window // 4, window=shape, return_complex=True)
    squared = spectrum.real.square() + spectrum.imag.square()
    size: Tensor = (squared + 1e-9).sqrt().transpose(1, 2) / window**0.5
    return size


def log_mel(audio: Tensor, window: int = 1024, n_mels: int = 80) -> Tensor:
    bands: Tensor = magnitudes(audio, window) @ mel_bands(window, n_mels).to(audio.device)
    return (bands + FLOOR).log()


def mel_distance(audio: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of log mel spectra (80 bands, window 1024), a number: the figure that is reported."""
    return (log_mel(audio) - log_mel(target)).abs().mean()


def spectral_loss(audio: Tensor, target: Tensor) -> dict[str, Tensor]:
    """audio, target: (batch, n_samples). mel: of log mel spectra; linear: of magnitudes, relative to the target's."""
    mel = linear = torch.zeros((), device=audio.device)
    for window, n_mels in zip(WINDOWS, MELS, strict=True):
        ours, theirs = magnitudes(audio, window), magnitudes(target, window)
        bands = mel_bands(window, n_mels).to(audio.device)
        mel = mel + ((ours @ bands + QUIET_FLOOR).log() - (theirs @ bands + QUIET_FLOOR).log()).abs().mean()
        linear = linear + (ours - theirs).abs().mean() / theirs.mean().clamp(min=1e-2)
    return {"mel": mel / len(WINDOWS), "linear": linear / len(WINDOWS)}
