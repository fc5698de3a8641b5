"""The codec on ONNX Runtime, on the CPU; needs decoder.onnx and no torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.maya.codec_config import CodecConfig, first_line
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import SAMPLE_RATE, SAMPLES_PER_FRAME

CONFIG_KEY = "mayabook.codec"
"""Metadata key under which the model carries the config.json of its codec."""
CHECKPOINT_KEY = "mayabook.codec.checkpoint"
"""Metadata key of the fingerprint of the checkpoint that the model was exported from."""
THREADS = 2
"""The same on every machine whatever its cores, because the order of sums may depend on it."""


class OnnxCodec:
    """Implements `mayabook.maya.codec.Codec`."""

    sample_rate = SAMPLE_RATE

    def __init__(self, file: Path) -> None:
        """Raises ModelError where the file is damaged or not of an exported codec."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
        options.enable_cpu_mem_arena = False  # takes differ in length: the arena would keep room for each
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common base
            raise ModelError(
                f"{file} is damaged ({first_line(error)}); run `mayabook models export-codec` again."
            ) from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        text = metadata.get(CONFIG_KEY)
        if text is None:
            raise ModelError(f"{file} is not a codec that MayaBook exported; run `mayabook models export-codec`.")
        self.config = CodecConfig.parse(text, str(file))
        self.codebook_size, self.noise = self.config.codebook_size, self.config.noise
        self.identity = f"snac {metadata.get(CHECKPOINT_KEY) or fingerprint([file])}"
        self.platform = f"onnxruntime {onnxruntime.__version__} cpu"
        self.former_identity = f"snac {fingerprint([file])} {self.platform}"

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        codes, noise = self.config.inputs(frames, seeds)
        if not frames.size:
            return np.zeros((len(frames), frames.shape[1] * SAMPLES_PER_FRAME), np.float32)
        names = [value.name for value in self._session.get_inputs()]
        audio: NDArray[np.float32] = self._session.run(None, dict(zip(names, [*codes, *noise], strict=True)))[0]
        return audio
