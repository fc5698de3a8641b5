"""Every built-in engine keeps the contract that outside engines are tested by."""

from pathlib import Path

import pytest

from mayabook.core.settings import MayaSettings, NarratorSettings
from mayabook.core.take import StopReason
from mayabook.engines.gguf_plugin import GgufPlugin
from mayabook.engines.narrator_plugin import NarratorPlugin
from mayabook.engines.transformers_plugin import TransformersPlugin
from mayabook.models.store import ModelFiles
from mayabook.testing import EngineContract
from tests.engines.maya_engines import CONTEXT, VOICE
from tests.packed_checkpoints import pack_checkpoint


class TestNarrator(EngineContract):
    plugin = NarratorPlugin()

    def settings(self, width: int) -> NarratorSettings:
        return NarratorSettings(workers=width)


class _TinyMaya(EngineContract):
    """A random model: its takes end by their cap of a few frames, which tells takes apart."""

    stops = (StopReason.END, StopReason.CAP)
    identity_names_width = True

    @pytest.fixture(autouse=True)
    def _keep_files(self, tiny: ModelFiles) -> None:
        self.files = tiny

    def settings(self, width: int) -> MayaSettings:
        return MayaSettings(
            model=self.model(),
            voice=VOICE,
            slots=width,
            context=CONTEXT,
            max_tokens=42,
            temperature=1.0,
            dtype="float32",
        )

    def model(self) -> str:
        raise NotImplementedError


class TestGgufF16(_TinyMaya):
    plugin = GgufPlugin()

    def model(self) -> str:
        return str(self.files.ggufs["F16"])


class TestGgufQ4(_TinyMaya):
    plugin = GgufPlugin()

    def model(self) -> str:
        return str(self.files.ggufs["Q4_K_M"])


class TestTransformersPacked(_TinyMaya):
    """On 4-bit weights in the format of compressed-tensors, as GPTQ, AWQ and RTN have them."""

    plugin = TransformersPlugin()

    @pytest.fixture(autouse=True)
    def _pack(self, _keep_files: None, tmp_path: Path) -> None:
        assert self.files.checkpoint is not None
        assert self.files.codec is not None
        self.folder = pack_checkpoint(self.files.checkpoint, tmp_path / "packed")
        (self.folder / "codec").symlink_to(self.files.codec)

    def model(self) -> str:
        return str(self.folder)


class TestTransformersFp32(_TinyMaya):
    plugin = TransformersPlugin()

    def model(self) -> str:
        return str(self.files.checkpoint)
