"""The truth that a model learnt by heart is measured against: the sample book's chunks and their codes."""

from pathlib import Path

import numpy as np

from mayabook.core.files import atomic_write
from mayabook.lab.prompts import TRUTH_FILE
from training.maya1_tiny.codec import read_frames
from training.maya1_tiny.corpus import BOOK, Corpus


def write_reference(work: Path, folder: Path) -> None:
    """In the form that `mayabook.lab.prompts.read_truth` reads."""
    corpus, frames = Corpus(work), read_frames(work)
    numbers = corpus.numbers(BOOK)
    with atomic_write(folder / TRUTH_FILE) as temporary:
        np.savez_compressed(
            temporary,
            texts=np.asarray([corpus.utterances[number].text for number in numbers]),
            frames=np.concatenate([frames[number] for number in numbers]).astype(np.uint16),
            lengths=np.asarray([len(frames[number]) for number in numbers]),
        )
