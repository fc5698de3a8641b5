"""Codebooks of a SNAC while it learns: unit vectors, found by k-means, moved by running means, revived when unused.

The codec itself compares directions alone (its quantiser normalises both sides), so all of this is on the sphere.
"""

from dataclasses import dataclass

import torch
from snac import SNAC
from torch import Tensor
from torch.nn import functional

DECAY = 0.95
"""Of the running means, while as many vectors pass as there are codes."""
SEEDED_FROM = 20_000
"""Vectors, at most, that k-means is seeded from."""
LEAST_USE = 0.05
"""A code that is used less than this share of what an even use would be is dead."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """latents: of each level, unit vectors (n, 8). codes: (n,) each. pull: how far the latents are from their codes.
    spread: how far the latents are from an even use of all directions."""

    signal: Tensor
    latents: list[Tensor]
    codes: list[Tensor]
    pull: Tensor
    spread: Tensor


def quantise(snac: SNAC, z: Tensor, *, hard: bool) -> Quantised:
    """What the codec's residual quantiser does with z (batch, latent, steps), with gradients for training.

    hard: False passes the unit vectors on as they are, so that encoder and decoder can learn before there are
    codebooks.
    """
    residual, signal = z, torch.zeros_like(z)
    latents, codes = [], []
    pull = spread = torch.zeros((), device=z.device)
    for level in snac.quantizer.quantizers:
        pooled = functional.avg_pool1d(residual, level.stride) if level.stride > 1 else residual
        unit = functional.normalize(level.in_proj(pooled), dim=1)
        flat = unit.transpose(1, 2).reshape(-1, unit.shape[1])
        latents.append(flat.detach())
        spread = spread + _unevenness(flat)
        passed = unit
        if hard:
            with torch.no_grad():
                chosen = (flat @ level.codebook.weight.t()).argmax(1)
            codes.append(chosen)
            code = level.codebook.weight[chosen].reshape(unit.shape[0], -1, unit.shape[1]).transpose(1, 2)
            pull = pull + (unit - code.detach()).square().sum(1).mean()
            passed = unit + (code - unit).detach()
        part = level.out_proj(passed)
        if level.stride > 1:
            part = part.repeat_interleave(level.stride, dim=-1)
        signal, residual = signal + part, residual - part
    return Quantised(signal, latents, codes, pull, spread)


def _unevenness(unit: Tensor) -> Tensor:
    """Squared distance of the second moments of unit vectors (n, dim) from those of an even spread, and of their mean
    from 0."""
    dim = unit.shape[1]
    moments = unit.t() @ unit / len(unit) * dim - torch.eye(dim, device=unit.device)
    return moments.square().mean() + unit.mean(0).square().sum()


@torch.no_grad()
def centre(snac: SNAC, z: Tensor) -> None:
    """Sets the narrow projections of a fresh codec so that z (batch, latent, steps) fills all directions at each level:
    else its latents begin as nearly one direction, and stay there."""
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
    """`size` unit vectors that stand for the unit vectors (n, dim) by direction.

    Seeded by k-means++ (Arthur and Vassilvitskii 2007) on some of them. Empty clusters start anew from the vectors
    worst served. Where there are fewer vectors than codes, some codes are nearly the same.
    """
    some = vectors[torch.randperm(len(vectors), generator=generator)[:SEEDED_FROM]]
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


class RunningMeans:
    """Moves the codebooks after their latents, in place of gradients (van den Oord et al. 2017, arXiv 1711.00937,
    appendix A.1)."""

    def __init__(self, snac: SNAC) -> None:
        self._levels = list(snac.quantizer.quantizers)
        self.counts = [torch.ones(level.codebook_size, device=level.codebook.weight.device) for level in self._levels]
        self.sums = [level.codebook.weight.detach().clone() for level in self._levels]

    @torch.no_grad()
    def start(self, level: int, latents: Tensor, generator: torch.Generator) -> None:
        """The codebook of a level by k-means from its latents, (n, 8)."""
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
            share = size / len(codes)  # counts stay near 1 whatever the batch
            used = torch.bincount(codes, minlength=size).float() * share
            summed = torch.zeros_like(self.sums[at]).index_add_(0, codes, vectors) * share
            # the coarse levels have few vectors a step: as many vectors must pass before a mean forgets
            decay = DECAY ** min(1.0, len(codes) / size)
            self.counts[at].mul_(decay).add_(used, alpha=1 - decay)
            self.sums[at].mul_(decay).add_(summed, alpha=1 - decay)
            dead = (self.counts[at] < LEAST_USE).nonzero()[:, 0][: len(vectors)]
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
