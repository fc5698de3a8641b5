"""Codebooks of a SNAC in training: initialised by k-means, updated by moving averages, restarted if unused.

The codec compares directions only (its quantiser normalises latents and codes), so all vectors have unit length.
"""

from dataclasses import dataclass

import torch
from snac import SNAC
from torch import Tensor
from torch.nn import functional

DECAY = 0.95
"""Decay of the moving averages, per as many vectors as there are codes."""
MAX_SEED_VECTORS = 20_000
"""Most vectors that k-means++ chooses its seeds from."""
MIN_USE = 0.05
"""Codes used less than this, relative to uniform use, are dead and are restarted."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """Result of residual quantisation."""

    signal: Tensor
    """Sum of the levels' outputs, shape (batch, latent, steps)."""
    latents: list[Tensor]
    """Unit vectors of each level, shape (n, 8), without gradients."""
    codes: list[Tensor]
    """Code indices of each level, shape (n,); empty without codebooks."""
    commitment: Tensor
    """Squared distance between latents and their codes, summed over the levels."""
    spread: Tensor
    """Deviation of the latents from uniform use of all directions, summed over the levels."""


def quantise(snac: SNAC, z: Tensor, *, hard: bool) -> Quantised:
    """Residual quantisation of z (batch, latent, steps) as in the codec, with straight-through gradients for training.

    hard: False skips the codebooks and passes the unit vectors on, so that the encoder can be trained before there are
    codebooks.
    """
    residual, signal = z, torch.zeros_like(z)
    latents, codes = [], []
    commitment = spread = torch.zeros((), device=z.device)
    for level in snac.quantizer.quantizers:
        pooled = functional.avg_pool1d(residual, level.stride) if level.stride > 1 else residual
        unit = functional.normalize(level.in_proj(pooled), dim=1)
        flat = unit.transpose(1, 2).reshape(-1, unit.shape[1])
        latents.append(flat.detach())
        spread = spread + _deviation_from_uniform(flat)
        passed = unit
        if hard:
            with torch.no_grad():
                chosen = (flat @ level.codebook.weight.t()).argmax(1)
            codes.append(chosen)
            code = level.codebook.weight[chosen].reshape(unit.shape[0], -1, unit.shape[1]).transpose(1, 2)
            commitment = commitment + (unit - code.detach()).square().sum(1).mean()
            passed = unit + (code - unit).detach()
        part = level.out_proj(passed)
        if level.stride > 1:
            part = part.repeat_interleave(level.stride, dim=-1)
        signal, residual = signal + part, residual - part
    return Quantised(signal, latents, codes, commitment, spread)


def _deviation_from_uniform(unit: Tensor) -> Tensor:
    """Deviation of mean and second moments of unit vectors (n, dim) from those of a uniform distribution."""
    dim = unit.shape[1]
    moments = unit.t() @ unit / len(unit) * dim - torch.eye(dim, device=unit.device)
    return moments.square().mean() + unit.mean(0).square().sum()


@torch.no_grad()
def spread_projections(snac: SNAC, z: Tensor) -> None:
    """Initialises the quantiser's projections so that the latents of z (batch, latent, steps) fill all directions.

    With the default initialisation all latents of a level have nearly the same direction, and training does not change
    that.
    """
    residual = z
    for level in snac.quantizer.quantizers:
        pooled = functional.avg_pool1d(residual, level.stride)
        narrow = level.in_proj(pooled)
        mean, deviation = narrow.mean((0, 2)), narrow.std((0, 2)) + 1e-6
        level.in_proj.parametrizations.weight.original0.div_(deviation[:, None, None])
        level.in_proj.bias.sub_(mean).div_(deviation)
        part = level.out_proj(functional.normalize(level.in_proj(pooled), dim=1))
        residual = residual - part.repeat_interleave(level.stride, dim=-1)


def k_means(vectors: Tensor, size: int, generator: torch.Generator, rounds: int = 15) -> Tensor:
    """Spherical k-means: `size` unit vectors that represent the unit vectors (n, dim).

    Seeds are chosen by k-means++ (Arthur and Vassilvitskii 2007) from a sample of the vectors. Empty clusters restart
    at the vectors that are farthest from their codes. If there are fewer vectors than codes, some codes are nearly
    equal.
    """
    some = vectors[torch.randperm(len(vectors), generator=generator)[:MAX_SEED_VECTORS]]
    centres = some[:1].repeat(size, 1)
    distance = 2 - 2 * some @ centres[0]
    for at in range(1, size):
        picked = torch.multinomial(distance.clamp(min=1e-6), 1, generator=generator)[0]
        centres[at] = some[picked]
        distance = torch.minimum(distance, 2 - 2 * some @ centres[at])
    centres = functional.normalize(centres + 1e-4 * torch.randn(centres.shape, generator=generator), dim=1)
    for _ in range(rounds):
        likeness, nearest = (vectors @ centres.t()).max(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, vectors)
        empty = torch.bincount(nearest, minlength=size) == 0
        centres = torch.where(empty[:, None], centres, functional.normalize(sums, dim=1))
        worst = likeness.topk(min(len(vectors), int(empty.sum())), largest=False).indices
        centres[empty.nonzero()[: len(worst), 0]] = vectors[worst]
    return centres


class EmaCodebooks:
    """Updates codebooks by exponential moving averages of their latents instead of gradients.

    Source: van den Oord et al. 2017, arXiv 1711.00937, appendix A.1.
    """

    def __init__(self, snac: SNAC) -> None:
        self._levels = list(snac.quantizer.quantizers)
        self.counts = [torch.ones(level.codebook_size, device=level.codebook.weight.device) for level in self._levels]
        self.sums = [level.codebook.weight.detach().clone() for level in self._levels]

    @torch.no_grad()
    def start(self, level: int, latents: Tensor, generator: torch.Generator) -> None:
        """Initialises the codebook of a level by k-means on its latents, shape (n, 8)."""
        weight = self._levels[level].codebook.weight
        weight.copy_(k_means(latents.cpu(), len(weight), generator))
        self.counts[level].fill_(1.0)
        self.sums[level].copy_(weight)

    @torch.no_grad()
    def update(self, quantised: Quantised, generator: torch.Generator) -> None:
        for at, (level, vectors, codes) in enumerate(
            zip(self._levels, quantised.latents, quantised.codes, strict=True)
        ):
            size = level.codebook_size
            share = size / len(codes)  # keeps counts near 1 for every batch size
            used = torch.bincount(codes, minlength=size).float() * share
            summed = torch.zeros_like(self.sums[at]).index_add_(0, codes, vectors) * share
            # coarse levels have few vectors per step, so their averages decay more slowly per step
            decay = DECAY ** min(1.0, len(codes) / size)
            self.counts[at].mul_(decay).add_(used, alpha=1 - decay)
            self.sums[at].mul_(decay).add_(summed, alpha=1 - decay)
            dead = (self.counts[at] < MIN_USE).nonzero()[:, 0][: len(vectors)]
            if len(dead):
                picked = torch.randperm(len(vectors), generator=generator)[: len(dead)].to(vectors.device)
                self.sums[at][dead] = vectors[picked]
                self.counts[at][dead] = 1.0
            level.codebook.weight.copy_(functional.normalize(self.sums[at], dim=1))

    def state(self) -> dict[str, list[Tensor]]:
        return {"counts": self.counts, "sums": self.sums}

    def restore(self, state: dict[str, list[Tensor]]) -> None:
        for mine, theirs in ((self.counts, state["counts"]), (self.sums, state["sums"])):
            for tensor, value in zip(mine, theirs, strict=True):
                tensor.copy_(value)
