"""Batches for the codec: random crops of the corpus, as a pure function of the step."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mayabook.maya.frames import Frames, levels
from mayabook.maya.token_layout import SAMPLES_PER_FRAME
from training.maya1_tiny.corpus import BOOK, TRAIN, Corpus


class Crops:
    """Draws crops of the corpus."""

    def __init__(self, corpus: Corpus, batch: int, crop_frames: int, book_share: float) -> None:
        self._corpus, self._batch, self._n_frames = corpus, batch, crop_frames
        book, others = corpus.numbers(BOOK), corpus.numbers(TRAIN)
        self._pools = [self._pool(numbers) for numbers in (book, others)]
        share = book_share if book and others else float(bool(book))
        self._shares = (share, 1.0 - share)

    def _pool(self, numbers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        lengths = np.asarray([len(self._corpus.samples(number)) for number in numbers], np.float64)
        return np.asarray(numbers), lengths / lengths.sum()

    def audio(self, step: int, n_crops: int) -> Tensor:
        """Audio of random crops, shape (n_crops, 1, samples); short utterances are padded with silence."""
        draw = np.random.Generator(np.random.Philox(key=step))
        crops = np.zeros((n_crops, 1, self._n_frames * SAMPLES_PER_FRAME), np.float32)
        for crop in crops:
            samples = self._corpus.samples(self._utterance(draw))
            start = int(draw.integers(0, max(1, len(samples) - crop.shape[1] + 1)))
            cut = samples[start : start + crop.shape[1]]
            crop[0, : len(cut)] = cut / np.float32(32767)
        return torch.from_numpy(crops)

    def coded(self, step: int, frames: Sequence[Frames]) -> tuple[list[Tensor], Tensor]:
        """Codes of each level (batch, steps) and their audio (batch, 1, samples). frames: of every utterance."""
        draw = np.random.Generator(np.random.Philox(key=step))
        cut_codes, crops = [], []
        for _ in range(self._batch):
            number = self._utterance(draw)
            n_frames = len(frames[number])
            while n_frames < self._n_frames:
                number = self._utterance(draw)
                n_frames = len(frames[number])
            start = int(draw.integers(0, n_frames - self._n_frames + 1))
            cut_codes.append(levels(frames[number][start : start + self._n_frames]))
            samples = self._corpus.samples(number)[start * SAMPLES_PER_FRAME :][: self._n_frames * SAMPLES_PER_FRAME]
            crops.append(np.pad(samples, (0, self._n_frames * SAMPLES_PER_FRAME - len(samples))))
        codes = [torch.from_numpy(np.stack(level)) for level in zip(*cut_codes, strict=True)]
        return codes, torch.from_numpy(np.stack(crops).astype(np.float32) / 32767)[:, None]

    def _utterance(self, draw: np.random.Generator) -> int:
        numbers, weights = self._pools[int(draw.random() >= self._shares[0])]
        return int(draw.choice(numbers, p=weights))
