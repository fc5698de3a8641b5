"""Writes the reference archive of the memorised book: its chunks and their true codes."""

from pathlib import Path

import numpy as np

from mayabook.core.files import atomic_write
from mayabook.lab.prompts import REFERENCE_FILE
from training.maya1_tiny.codec import read_frames
from training.maya1_tiny.corpus import BOOK, Corpus


def write_reference(work: Path, folder: Path) -> None:
    """Writes reference.npz into `folder`, in the format that `mayabook.lab.prompts.read_true_codes` reads."""
    corpus, frames = Corpus(work), read_frames(work)
    numbers = corpus.numbers(BOOK)
    with atomic_write(folder / REFERENCE_FILE) as temporary:
        np.savez_compressed(
            temporary,
            texts=np.asarray([corpus.utterances[number].text for number in numbers]),
            frames=np.concatenate([frames[number] for number in numbers]).astype(np.uint16),
            speakers=np.asarray([corpus.utterances[number].speaker for number in numbers]),
            lengths=np.asarray([len(frames[number]) for number in numbers]),
        )
