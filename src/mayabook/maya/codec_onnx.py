"""The codec on ONNX Runtime, on the CPU: our export of it or the hub's; needs no torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.maya.codec_config import CodecConfig, first_line
from mayabook.maya.codec_hub_export import INPUTS, OUTPUT, with_noise_inputs
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, SAMPLES_PER_FRAME

CONFIG_KEY = "mayabook.codec"
"""Metadata key under which the model carries the config.json of its codec."""
CHECKPOINT_KEY = "mayabook.codec.checkpoint"
"""Metadata key of the fingerprint of the checkpoint that the model was exported from."""
THREADS = 2
"""The same on every machine whatever its cores, because the order of sums may depend on it."""
_PULL_AGAIN = "pull the codec again"


class OnnxCodec:
    """Implements `mayabook.maya.codec.Codec`."""

    sample_rate = SAMPLE_RATE

    def __init__(self, file: Path) -> None:
        """Raises ModelError where the file is damaged, or neither our export of a codec nor the hub's."""
        self._session = _session(str(file), file)
        metadata = self._session.get_modelmeta().custom_metadata_map
        if CONFIG_KEY in metadata:
            self.config = CodecConfig.parse(metadata[CONFIG_KEY], str(file))
        else:
            _check_signature(self._session, file)
            model, self.config = with_noise_inputs(file)
            self._session = _session(model, file)
        self.codebook_size, self.noise = self.config.codebook_size, self.config.noise
        self.identity = f"snac {metadata.get(CHECKPOINT_KEY) or fingerprint([file])}"
        self.platform = f"onnxruntime {onnxruntime.__version__} cpu"
        self.former_identity = f"snac {fingerprint([file])} {self.platform}"
        if CONFIG_KEY not in metadata:
            self._try(file)

    def _try(self, file: Path) -> None:
        """Decodes two frames, because the hub's file does not say what it is made of. Raises ModelError where that
        fails."""
        try:
            n_samples = self.decode(np.zeros((1, 2, CODES_PER_FRAME), np.int32), [0]).shape[1]
        except Exception as error:
            raise ModelError(f"{file} does not decode Maya1's frames ({first_line(error)}); {_PULL_AGAIN}.") from error
        if n_samples != 2 * SAMPLES_PER_FRAME:
            raise ModelError(
                f"{file} decodes a frame to {n_samples / 2:g} samples, not {SAMPLES_PER_FRAME}; {_PULL_AGAIN}."
            )

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        codes, noise = self.config.inputs(frames, seeds)
        if not frames.size:
            return np.zeros((len(frames), frames.shape[1] * SAMPLES_PER_FRAME), np.float32)
        names = [value.name for value in self._session.get_inputs()]
        audio: NDArray[np.float32] = self._session.run(None, dict(zip(names, [*codes, *noise], strict=True)))[0]
        return audio.reshape(len(frames), -1)


def _session(model: str | bytes, file: Path) -> onnxruntime.InferenceSession:
    """model: a path, or the content of a file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    options.enable_cpu_mem_arena = False  # takes differ in length: the arena would keep room for each
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        raise ModelError(
            f"{file} is damaged ({first_line(error)}); run `mayabook models export-codec` again, or pull it again."
        ) from error


def _check_signature(session: onnxruntime.InferenceSession, file: Path) -> None:
    inputs, outputs = ([value.name for value in part] for part in (session.get_inputs(), session.get_outputs()))
    if inputs != list(INPUTS) or outputs != [OUTPUT]:
        raise ModelError(
            f"{file} is not a codec that MayaBook exported; run `mayabook models export-codec`, or use the hub's "
            f"export, which turns {', '.join(INPUTS)} into {OUTPUT} (this file turns {', '.join(inputs)} into "
            f"{', '.join(outputs)})."
        )
