"""What maya1-tiny is calibrated on in tests: chunks of the book that it knows by heart."""

from pathlib import Path

import numpy as np

from mayabook.core.settings import load_settings
from mayabook.models.importer import import_model
from mayabook.models.store import model_folder
from mayabook.quantisation.checkpoint_quantisation import Calibration, Listener

WEIGHTS = Path(__file__).parents[2] / "training" / "maya1_tiny" / "weights"
SHORT = (0, 12, 27)
"""Chunks of the book that take two seconds to speak."""


def import_maya1_tiny() -> Path:
    """Adds maya1-tiny to the models folder as `tiny`; returns its folder."""
    import_model(WEIGHTS / "maya1-tiny", "tiny")
    return model_folder("tiny")


def reference() -> tuple[list[str], list[np.ndarray]]:
    """The texts of the book's chunks, and their true codes."""
    with np.load(WEIGHTS / "reference.npz") as arrays:
        return arrays["texts"].tolist(), np.split(arrays["frames"], np.cumsum(arrays["lengths"])[:-1])


def calibration(*chunks: int, n_takes: int = 0) -> Calibration:
    """n_takes: 0 for one of each chunk."""
    texts = [reference()[0][at] for at in chunks]
    settings = load_settings(WEIGHTS / "settings.toml", {"maya": {"slots": 4, "context": 2048, "device": "cpu"}}).maya
    return Calibration("the sample book", texts, settings, n_takes or len(texts))


def listening() -> tuple[Listener, list[str]]:
    """A listener, and the list of the lines that it was given."""
    lines: list[str] = []
    return Listener(lines.append, lambda done, total: lines.append(f"{done} of {total}")), lines
