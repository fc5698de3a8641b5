"""Reproducible batches for the language model: prompts in MayaBook's format, then frames and CODE_END."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mayabook.maya.anchor import Anchor
from mayabook.maya.frames import Frames, pack
from mayabook.maya.prompt import PromptBuilder
from mayabook.maya.token_layout import CODES_PER_FRAME, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.maya.voices import DEFAULT_VOICE
from training.maya1_tiny.codec import read_frames
from training.maya1_tiny.corpus import ANCHOR, BOOK, TRAIN, Corpus
from training.maya1_tiny.recipe import LmRecipe

DEFAULT_SHARE = 0.8
"""Share of the sequences with the default voice's description; the others have a random one. The speech is the same."""
IGNORED_TARGET = -100
"""Target of tokens without loss."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of padded sequences."""

    inputs: Tensor
    """Token ids, shape (batch, length)."""
    targets: Tensor
    """Next token of each position, shape (batch, length); IGNORED_TARGET unless it is speech."""


class Sequences:
    """The sequences that the language model learns."""

    def __init__(self, work: Path, recipe: LmRecipe) -> None:
        corpus, frames = Corpus(work), read_frames(work)
        self._recipe = recipe
        self.layout = Layout.read(work / "tokenizer")
        self._builder = PromptBuilder(CheckpointTokenizer(work / "tokenizer"), self.layout)
        self._texts = [each.text for each in corpus.utterances]
        self._speech = [speech_tokens(each, self.layout) for each in frames]
        self._descriptions = recipe.descriptions()
        self._prompts: dict[tuple[str, int, bool], list[int]] = {}
        book, others = corpus.numbers(BOOK), corpus.numbers(TRAIN) if recipe.book_share < 1 else []
        turns = round(recipe.book_share / (1 - recipe.book_share) * len(others) / len(book)) if others else 1
        self._anchors = _anchors(corpus, frames, book) if recipe.anchored_share else {}
        self._epoch = [*book * turns, *others]
        self.book = book

    def reference(self, number: int) -> tuple[list[int], list[int]]:
        """Token ids of the prompt with the default voice, and of its speech including CODE_END."""
        return self._prompt(DEFAULT_VOICE, number), self._speech[number].tolist()

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yields every sequence once, in batches of similar length."""
        draw = np.random.Generator(np.random.Philox(key=number))
        lengths = np.asarray([len(self._speech[at]) for at in self._epoch]) * draw.uniform(0.85, 1.15, len(self._epoch))
        batches: list[list[int]] = [[]]
        longest = 0
        for at in np.argsort(-lengths):
            sequence = self._epoch[int(at)]
            length = len(self._speech[sequence]) + len(self._prompt(DEFAULT_VOICE, sequence, sequence in self._anchors))
            longest = max(longest, length)
            if batches[-1] and longest * (len(batches[-1]) + 1) > self._recipe.batch_tokens:
                batches.append([])
                longest = length
            batches[-1].append(sequence)
        for at in draw.permutation(len(batches)):
            yield self._batch(batches[int(at)], draw)

    def _batch(self, numbers: Sequence[int], draw: np.random.Generator) -> Batch:
        rows = [self._row(number, draw) for number in numbers]
        length = max(len(inputs) for inputs, _ in rows)
        inputs = np.full((len(rows), length), self.layout.pad, np.int64)
        targets = np.full((len(rows), length), IGNORED_TARGET, np.int64)
        for at, (inputs_row, targets_row) in enumerate(rows):
            inputs[at, : len(inputs_row)], targets[at, : len(targets_row)] = inputs_row, targets_row
        return Batch(torch.from_numpy(inputs), torch.from_numpy(targets))

    def _row(self, number: int, draw: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        names = list(self._descriptions)
        name = DEFAULT_VOICE if draw.random() < DEFAULT_SHARE else names[int(draw.integers(len(names)))]
        anchored = number in self._anchors and draw.random() < self._recipe.anchored_share
        prompt, speech = self._prompt(name, number, anchored), self._speech[number]
        inputs_row = np.concatenate([prompt, self._with_noise(speech[:-1], draw)])
        targets_row = np.concatenate([np.full(len(prompt) - 1, IGNORED_TARGET), speech])
        return inputs_row, targets_row

    def _with_noise(self, speech: NDArray[np.int64], draw: np.random.Generator) -> NDArray[np.int64]:
        """Replaces some codes by random ones of the same position in the frame."""
        layout = self.layout
        slots = np.arange(len(speech)) % CODES_PER_FRAME
        others = layout.first_code + layout.codebook_size * slots + draw.integers(0, layout.codebook_size, len(speech))
        return np.where(draw.random(len(speech)) < self._recipe.noise, others, speech)

    def _prompt(self, voice: str, number: int, anchored: bool = False) -> list[int]:
        key = (voice, number, anchored)
        if key not in self._prompts:
            description, text = self._descriptions[voice], self._texts[number]
            if anchored:
                self._prompts[key] = self._builder.build_anchored(description, text, self._anchors[number]).ids
            else:
                self._prompts[key] = self._builder.build(description, text)
        return self._prompts[key]


def _anchors(corpus: Corpus, frames: Sequence[Frames], book: Sequence[int]) -> dict[int, Anchor]:
    """The anchor by the same speaker for each utterance of the book that is not an anchor itself."""
    said = {corpus.utterances[at].speaker: at for at in book if corpus.utterances[at].source == ANCHOR}
    anchors = {speaker: Anchor(corpus.utterances[at].text, frames[at]) for speaker, at in said.items()}
    return {at: anchors[corpus.utterances[at].speaker] for at in book if at not in said.values()}


def speech_tokens(frames: Frames, layout: Layout) -> NDArray[np.int64]:
    """Token ids of the codes, then CODE_END."""
    return np.asarray([*pack(frames, layout), layout.code_end], np.int64)
