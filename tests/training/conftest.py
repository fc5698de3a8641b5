"""One smoke run of the recipe, whose results all tests share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """One thread, so that sums are in the same order in every run."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder after all stages of the smoke recipe, with the model folder in `weights`."""
    from training.maya1_tiny import codec, corpus, export, lm, texts, tokenizer
    from training.maya1_tiny.recipe import recipe
    from training.maya1_tiny.training_loop import Machine

    folder = tmp_path_factory.mktemp("recipe")
    smoke, machine = recipe("smoke"), Machine.choose("cpu")
    corpus.make(folder, smoke.corpus, [texts.OWN_TEXTS], debian=False)
    codec.train(folder, smoke.codec, machine)
    tokenizer.make(folder, smoke.codec.codebook_size, smoke.lm.descriptions().values())
    lm.train(folder, smoke.lm, machine)
    export.export(folder, folder / "weights", smoke, ["F16", "Q4_K_M"])
    return folder
