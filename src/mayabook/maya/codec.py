"""The SNAC codec: decodes frames to audio, with ONNX Runtime where there is an export and the device is a CPU, else
with PyTorch.

A codec folder holds config.json and pytorch_model.bin as its makers publish them, or the hub's export,
decoder_model.onnx, or both. Our own export of the checkpoint, decoder.onnx, comes before the hub's. An export is faster
(bench/codec.py), and needs no torch.
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
HUB_ONNX_FILE = "decoder_model.onnx"
"""The export in the hub's repository of the codec for ONNX Runtime."""


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


def exported_codec(folder: Path) -> Path | None:
    """The export in a codec folder, None where there is none."""
    return next((folder / name for name in (ONNX_FILE, HUB_ONNX_FILE) if (folder / name).is_file()), None)


def open_codec(folder: Path, layout: Layout, device: str = "cpu") -> Codec:
    """device: of PyTorch; ONNX Runtime runs on the CPU. Raises ModelError where the files are missing, damaged, or do
    not fit the layout."""
    checkpoint, exported = folder / CHECKPOINT_FILE, exported_codec(folder)
    if not checkpoint.is_file() and exported is None:
        raise ModelError(f"There is no codec in {folder} (no {CHECKPOINT_FILE}, no {ONNX_FILE}); {COPY_AGAIN}.")
    if checkpoint.is_file() and (device != "cpu" or exported is None):
        config = CodecConfig.read(folder)
        config.check(layout, str(folder / CONFIG_FILE))
        try:
            from mayabook.maya.codec_torch import TorchCodec
        except ImportError as error:
            if exported is None:
                raise ModelError(
                    f"{folder} has no {ONNX_FILE}, and PyTorch or snac is not installed ({error}); run `pip install "
                    "'mayabook[transformers]'`, or `mayabook models export-codec` on a machine that has them."
                ) from error
        else:
            return TorchCodec(checkpoint, config, device)
    from mayabook.maya.codec_onnx import OnnxCodec

    assert exported is not None
    codec = OnnxCodec(exported)
    codec.config.check(layout, str(exported))
    return codec


def encode_audio(folder: Path, audio: NDArray[np.float32]) -> Frames:
    """Codes of mono samples at 24 kHz by the codec in a folder. Raises ModelError where the encoder is not there: it is
    in pytorch_model.bin, and runs on PyTorch alone."""
    if not (folder / CHECKPOINT_FILE).is_file():
        raise ModelError(
            f"The codec in {folder} has no {CHECKPOINT_FILE}, so it cannot encode audio; fetch that file with "
            "`mayabook models pull MODEL`, without --format."
        )
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
