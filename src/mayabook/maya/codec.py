"""The SNAC codec: decodes frames to audio, with ONNX Runtime where decoder.onnx exists and the device is a CPU, else
with PyTorch.

A codec folder holds config.json and pytorch_model.bin as its makers publish them, and decoder.onnx once exported: it
is faster (bench/codec.py), and needs no torch.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.maya.codec_config import CHECKPOINT_FILE, CONFIG_FILE, COPY_AGAIN, CodecConfig
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import Layout

ONNX_FILE = "decoder.onnx"


class Codec(Protocol):
    """Decoding is a pure function of an item's frames and seed: the decoder's noise comes from the seed."""

    sample_rate: int
    """Hz."""
    codebook_size: int
    noise: bool
    """Whether the decoder mixes noise in; if not, seeds change nothing."""
    identity: str
    """Fingerprint of the codec's files."""
    platform: str
    """What computes: runtime and its version, device. Samples differ between platforms by rounding."""

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        """Samples of whole takes, shape (batch, n_frames * 2048).

        frames: shape (batch, n_frames, 7). seeds: 0 or more, one for each item.

        Items of a batch differ from the same ones alone by rounding. Raises FrameError for codes out of range.
        """
        ...


def open_codec(folder: Path, layout: Layout, device: str = "cpu") -> Codec:
    """device: of PyTorch; ONNX Runtime runs on the CPU. Raises ModelError where the files are missing, damaged, or do
    not fit the layout."""
    checkpoint, exported = folder / CHECKPOINT_FILE, folder / ONNX_FILE
    if not checkpoint.is_file() and not exported.is_file():
        raise ModelError(f"There is no codec in {folder} (no {CHECKPOINT_FILE}, no {ONNX_FILE}); {COPY_AGAIN}.")
    if checkpoint.is_file() and (device != "cpu" or not exported.is_file()):
        config = CodecConfig.read(folder)
        config.check(layout, str(folder / CONFIG_FILE))
        try:
            from mayabook.maya.codec_torch import TorchCodec
        except ImportError as error:
            if not exported.is_file():
                raise ModelError(
                    f"{folder} has no {ONNX_FILE}, and PyTorch or snac is not installed ({error}); run `pip install "
                    "'mayabook[transformers]'`, or `mayabook models export-codec` on a machine that has them."
                ) from error
        else:
            return TorchCodec(checkpoint, config, device)
    from mayabook.maya.codec_onnx import OnnxCodec

    codec = OnnxCodec(exported)
    codec.config.check(layout, str(exported))
    return codec


def encode_audio(folder: Path, audio: NDArray[np.float32]) -> Frames:
    """Codes of mono samples at 24 kHz by the codec in a folder. Raises ModelError where the encoder is not there: it is
    in pytorch_model.bin, and runs on PyTorch alone."""
    if not (folder / CHECKPOINT_FILE).is_file():
        raise ModelError(f"The codec in {folder} has no {CHECKPOINT_FILE}, so it cannot encode audio; {COPY_AGAIN}.")
    try:
        from mayabook.maya.codec_torch import encode
    except ImportError as error:
        raise ModelError(
            f"Encoding audio needs PyTorch and snac ({error}); run `pip install 'mayabook[transformers]'`."
        ) from error
    return encode(folder / CHECKPOINT_FILE, CodecConfig.read(folder), audio)


def export_codec(folder: Path) -> Path:
    """Writes decoder.onnx into a codec folder and returns it. Raises ModelError where that cannot be done."""
    config = CodecConfig.read(folder)
    try:
        from mayabook.maya.codec_export import export
    except ImportError as error:
        raise ModelError(
            f"Exporting a codec needs PyTorch, snac and onnxscript ({error}); `pip install 'mayabook[transformers]'`."
        ) from error
    return export(folder / CHECKPOINT_FILE, config, folder / ONNX_FILE)
