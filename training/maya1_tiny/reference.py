"""The truth that a model learnt by heart is measured against: the sample book's chunks and their codes."""

from pathlib import Path

import numpy as np

from mayabook.core.files import appearing
from mayabook.maya.frames import Frames
from training.maya1_tiny.codec import read_frames
from training.maya1_tiny.corpus import BOOK, Corpus

FILE = "reference.npz"


def write_reference(work: Path, folder: Path) -> None:
    corpus, frames = Corpus(work), read_frames(work)
    numbers = corpus.numbers(BOOK)
    with appearing(folder / FILE) as temporary:
        np.savez_compressed(
            temporary,
            texts=np.asarray([corpus.utterances[number].text for number in numbers]),
            frames=np.concatenate([frames[number] for number in numbers]).astype(np.uint16),
            lengths=np.asarray([len(frames[number]) for number in numbers]),
        )


def read_reference(folder: Path) -> tuple[list[str], list[Frames]]:
    """Texts as they are spoken, and the frames of each."""
    with np.load(folder / FILE) as arrays:
        frames = np.split(arrays["frames"].astype(np.int32), np.cumsum(arrays["lengths"])[:-1])
        return arrays["texts"].tolist(), frames
