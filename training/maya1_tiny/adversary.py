"""The codec's decoder against discriminators: small ones of spectra at three resolutions and of periods.

Least-squares losses and feature matching (Kong et al. 2020, arXiv 2010.05646): the decoder learns the texture of
speech that no distance between spectra asks for.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from training.maya1_tiny.codec import FromCodes, Training, descend
from training.maya1_tiny.losses import spectral_loss
from training.maya1_tiny.runs import load, save

RESOLUTIONS = (2048, 1024, 512)
"""Window lengths in samples."""
PERIODS = (2, 3, 5, 7, 11)
"""Samples, primes so that they overlap least."""
CHANNELS = 32
FEATURES = 2.0
"""Weight of feature matching."""
FOOLING = 0.3
"""Weight of the adversarial loss."""
SLOPE = 0.1

Judgement = list[Tensor]
"""Feature maps of one discriminator, its verdict last."""


class Spectra(nn.Module):
    """Judges complex spectra: (batch, samples) to maps over time and frequency."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self._window = window
        sizes = [(2, CHANNELS, 1), (CHANNELS, CHANNELS, 2), (CHANNELS, CHANNELS, 2), (CHANNELS, CHANNELS, 1)]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(inside, out, (3, 9), stride=(1, stride), padding=(1, 4)))
            for inside, out, stride in sizes
        )
        self.last = weight_norm(nn.Conv2d(CHANNELS, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> Judgement:
        shape = torch.hann_window(self._window, device=audio.device)
        spectrum = torch.stft(audio, self._window, self._window // 4, window=shape, return_complex=True)
        x = torch.view_as_real(spectrum).permute(0, 3, 2, 1) / self._window**0.5
        return _judge(self.layers, self.last, x)


class Periods(nn.Module):
    """Judges samples that are a period apart: (batch, samples) folded to (batch, 1, turns, period)."""

    def __init__(self, period: int) -> None:
        super().__init__()
        self._period = period
        sizes = [(1, CHANNELS // 2), (CHANNELS // 2, CHANNELS), (CHANNELS, 2 * CHANNELS), (2 * CHANNELS, 2 * CHANNELS)]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(inside, out, (5, 1), stride=(3, 1), padding=(2, 0))) for inside, out in sizes
        )
        self.last = weight_norm(nn.Conv2d(2 * CHANNELS, 1, (3, 1), padding=(1, 0)))

    def forward(self, audio: Tensor) -> Judgement:
        padded = functional.pad(audio, (0, -audio.shape[1] % self._period))
        return _judge(self.layers, self.last, padded.reshape(len(audio), 1, -1, self._period))


def _judge(layers: nn.ModuleList, last: nn.Module, x: Tensor) -> Judgement:
    maps = []
    for layer in layers:
        x = functional.leaky_relu(layer(x), SLOPE)
        maps.append(x)
    return [*maps, last(x)]


class Against:
    """A step of the discriminators, then one of the decoder. Their checkpoint is WORK/codec/adversary.pt."""

    def __init__(self, training: Training, source: FromCodes) -> None:
        self._training, self._source = training, source
        device = training.machine.device
        torch.manual_seed(1)
        parts: list[nn.Module] = [*(Spectra(window) for window in RESOLUTIONS), *(Periods(each) for each in PERIODS)]
        self._judges = nn.ModuleList(parts).to(device)
        self._optimizer = torch.optim.AdamW(
            self._judges.parameters(), lr=training.recipe.learning_rate / 2, betas=(0.8, 0.99)
        )
        self._file: Path = training.work / "codec" / "adversary.pt"
        if self._file.exists():
            state = load(self._file, device)
            self._judges.load_state_dict(state["judges"])
            self._optimizer.load_state_dict(state["optimizer"])

    def step(self) -> dict[str, Tensor]:
        made, audio = self._source.made()
        truth, fake = audio[:, 0], made[:, 0].float()
        telling = torch.stack(
            [
                (judge(truth)[-1] - 1).square().mean() + judge(fake.detach())[-1].square().mean()
                for judge in self._judges
            ]
        ).mean()
        self._optimizer.zero_grad(set_to_none=True)
        telling.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._judges.requires_grad_(False)
        fooling = features = torch.zeros((), device=fake.device)
        for judge in self._judges:
            with torch.no_grad():
                wanted = judge(truth)
            found = judge(fake)
            fooling = fooling + (found[-1] - 1).square().mean()
            pairs = list(zip(found[:-1], wanted[:-1], strict=True))
            apart = [(ours - theirs).abs().mean() / theirs.abs().mean() for ours, theirs in pairs]
            features = features + torch.stack(apart).mean()
        n_judges = len(self._judges)
        losses = spectral_loss(fake, truth)
        loss = losses["mel"] * 5 + losses["linear"]
        descend(
            self._training, loss + (FOOLING * fooling + FEATURES * features) / n_judges, self._training.snac.decoder
        )
        self._judges.requires_grad_(True)
        return {**losses, "telling": telling, "fooling": fooling / n_judges, "features": features / n_judges}

    def note(self) -> str:
        return ""

    def save(self) -> None:
        save(self._file, {"judges": self._judges.state_dict(), "optimizer": self._optimizer.state_dict()})
