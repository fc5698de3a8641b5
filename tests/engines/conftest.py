from pathlib import Path

import pytest

from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_quantisation import quantize
from mayabook.models.store import ModelFiles
from tests.tiny_models import Shape, write_checkpoint, write_codec


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    """A random model in the small layout, in every kind of file. Its logits are far apart, so that formats differ."""
    folder = tmp_path_factory.mktemp("tiny")
    checkpoint = write_checkpoint(folder / "checkpoint", shape=Shape(head_scale=10))
    ggufs = {name: folder / f"tiny-{name}.gguf" for name in ("F16", "Q8_0", "Q4_K_M")}
    convert(checkpoint, ggufs["F16"])
    for name in ("Q8_0", "Q4_K_M"):
        quantize(ggufs["F16"], ggufs[name], name)
    return ModelFiles("tiny", checkpoint, ggufs, write_codec(folder / "codec"))


@pytest.fixture(scope="session")
def gguf(tiny: ModelFiles) -> Path:
    return tiny.ggufs["F16"]
