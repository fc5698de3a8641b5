"""Adversarial training of the codec's decoder, against spectral discriminators at three resolutions and period ones.

Least-squares losses and feature matching as in Kong et al. 2020 (arXiv 2010.05646). The decoder learns fine structure
of speech that spectral losses do not capture.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from training.maya1_tiny.codec import DecoderPhase, Training, descend
from training.maya1_tiny.losses import spectral_loss
from training.maya1_tiny.training_loop import load, save

RESOLUTIONS = (2048, 1024, 512)
"""Window lengths of the spectral discriminators in samples."""
PERIODS = (2, 3, 5, 7, 11)
"""Periods in samples. They are primes so that they overlap least."""
CHANNELS = 32
"""Width of the discriminators."""
FEATURE_WEIGHT = 2.0
"""Weight of the feature matching loss."""
ADVERSARIAL_WEIGHT = 0.3
"""Weight of the adversarial loss."""
SLOPE = 0.1
"""Negative slope of the leaky ReLU."""

FeatureMaps = list[Tensor]
"""Outputs of each layer of a discriminator; the last is its score."""


class SpectralDiscriminator(nn.Module):
    """Discriminates by complex spectra: audio (batch, samples) to feature maps over time and frequency."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self._window = window
        sizes = [(2, CHANNELS, 1), (CHANNELS, CHANNELS, 2), (CHANNELS, CHANNELS, 2), (CHANNELS, CHANNELS, 1)]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(inside, out, (3, 9), stride=(1, stride), padding=(1, 4)))
            for inside, out, stride in sizes
        )
        self.last = weight_norm(nn.Conv2d(CHANNELS, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> FeatureMaps:
        shape = torch.hann_window(self._window, device=audio.device)
        spectrum = torch.stft(audio, self._window, self._window // 4, window=shape, return_complex=True)
        x = torch.view_as_real(spectrum).permute(0, 3, 2, 1) / self._window**0.5
        return _feature_maps(self.layers, self.last, x)


class PeriodDiscriminator(nn.Module):
    """Discriminates by samples that are a period apart: audio (batch, samples) is reshaped to (batch, 1, n, period)."""

    def __init__(self, period: int) -> None:
        super().__init__()
        self._period = period
        sizes = [(1, CHANNELS // 2), (CHANNELS // 2, CHANNELS), (CHANNELS, 2 * CHANNELS), (2 * CHANNELS, 2 * CHANNELS)]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(inside, out, (5, 1), stride=(3, 1), padding=(2, 0))) for inside, out in sizes
        )
        self.last = weight_norm(nn.Conv2d(2 * CHANNELS, 1, (3, 1), padding=(1, 0)))

    def forward(self, audio: Tensor) -> FeatureMaps:
        padded = functional.pad(audio, (0, -audio.shape[1] % self._period))
        return _feature_maps(self.layers, self.last, padded.reshape(len(audio), 1, -1, self._period))


def _feature_maps(layers: nn.ModuleList, last: nn.Module, x: Tensor) -> FeatureMaps:
    maps = []
    for layer in layers:
        x = functional.leaky_relu(layer(x), SLOPE)
        maps.append(x)
    return [*maps, last(x)]


class AdversarialPhase:
    """The adversarial phase. Each step updates the discriminators, then the decoder.

    The discriminators' checkpoint is WORK/codec/adversary.pt.
    """

    def __init__(self, training: Training, source: DecoderPhase) -> None:
        self._training, self._source = training, source
        device = training.machine.device
        torch.manual_seed(1)
        parts: list[nn.Module] = [
            *(SpectralDiscriminator(window) for window in RESOLUTIONS),
            *(PeriodDiscriminator(each) for each in PERIODS),
        ]
        self._discriminators = nn.ModuleList(parts).to(device)
        self._optimizer = torch.optim.AdamW(
            self._discriminators.parameters(), lr=training.recipe.learning_rate / 2, betas=(0.8, 0.99)
        )
        self._file: Path = training.work / "codec" / "adversary.pt"
        if self._file.exists():
            state = load(self._file, device)
            self._discriminators.load_state_dict(state["judges"])
            self._optimizer.load_state_dict(state["optimizer"])

    def step(self) -> dict[str, Tensor]:
        generated, audio = self._source.decode_batch()
        truth, fake = audio[:, 0], generated[:, 0].float()
        discriminator_loss = torch.stack(
            [
                (discriminator(truth)[-1] - 1).square().mean() + discriminator(fake.detach())[-1].square().mean()
                for discriminator in self._discriminators
            ]
        ).mean()
        self._optimizer.zero_grad(set_to_none=True)
        discriminator_loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._discriminators.requires_grad_(False)
        adversarial_loss = features = torch.zeros((), device=fake.device)
        for discriminator in self._discriminators:
            with torch.no_grad():
                real = discriminator(truth)
            found = discriminator(fake)
            adversarial_loss = adversarial_loss + (found[-1] - 1).square().mean()
            pairs = list(zip(found[:-1], real[:-1], strict=True))
            apart = [(ours - theirs).abs().mean() / theirs.abs().mean() for ours, theirs in pairs]
            features = features + torch.stack(apart).mean()
        n_discriminators = len(self._discriminators)
        losses = spectral_loss(fake, truth)
        loss = losses["mel"] * 5 + losses["linear"]
        descend(
            self._training,
            loss + (ADVERSARIAL_WEIGHT * adversarial_loss + FEATURE_WEIGHT * features) / n_discriminators,
            self._training.snac.decoder,
        )
        self._discriminators.requires_grad_(True)
        return {
            **losses,
            "discriminator_loss": discriminator_loss,
            "adversarial_loss": adversarial_loss / n_discriminators,
            "features": features / n_discriminators,
        }

    def note(self) -> str:
        return ""

    def save(self) -> None:
        save(self._file, {"judges": self._discriminators.state_dict(), "optimizer": self._optimizer.state_dict()})
