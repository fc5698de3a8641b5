"""Exports the codec's decoder to decoder.onnx. Importing this module needs torch, snac and onnxscript."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxscript  # noqa: F401  (torch's exporter needs it)
import torch

from mayabook.core.errors import ModelError
from mayabook.core.files import atomic_write
from mayabook.maya.codec_config import LEVEL_STEPS, CodecConfig, checkpoint_fingerprint
from mayabook.maya.codec_onnx import CHECKPOINT_KEY, CONFIG_KEY, OnnxCodec
from mayabook.maya.codec_torch import TorchCodec, load_decoder
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import CODES_PER_FRAME

LEAST_SNR = 60.0
"""Lowest signal-to-noise ratio, in dB, of the exported decoder against the original one."""


def export(checkpoint: Path, config: CodecConfig, target: Path) -> Path:
    """Writes the decoder to `target`, for any batch size and number of frames, once it agrees with the checkpoint."""
    decoder = load_decoder(checkpoint, config)
    codes, noise = ([torch.from_numpy(a) for a in part] for part in config.inputs(_frames(config, 2, 3), [0, 1]))
    batch, n_frames = torch.export.Dim("batch"), torch.export.Dim("frames")
    shapes = (
        [{0: batch, 1: steps * n_frames} for steps in LEVEL_STEPS],
        [{0: batch, 2: length * n_frames} for length in config.noise_lengths],
    )
    names = [f"codes_{level}" for level in range(len(codes))] + [f"noise_{block}" for block in range(len(noise))]
    with atomic_write(target) as temporary:
        with _quiet():
            program = torch.onnx.export(
                decoder,
                (codes, noise),
                dynamo=True,
                dynamic_shapes=shapes,
                input_names=names,
                output_names=["audio"],
                verbose=False,
            )
        assert program is not None
        model = _without_traces(program.model_proto)
        onnx.helper.set_model_props(
            model, {CONFIG_KEY: config.text, CHECKPOINT_KEY: checkpoint_fingerprint(checkpoint)}
        )
        onnx.save(model, temporary)
        _compare(TorchCodec(checkpoint, config), OnnxCodec(temporary), config)
    return target


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the exporter's notes on each node, which hold stack traces with paths of this machine."""
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the exporter's warnings, which call for no action."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _compare(ours: TorchCodec, exported: OnnxCodec, config: CodecConfig) -> None:
    for shape in ((1, 1), (3, 10)):
        frames, seeds = _frames(config, *shape), range(shape[0])
        truth, other = (codec.decode(frames, seeds).astype(np.float64) for codec in (ours, exported))
        error = float(np.square(truth - other).sum() / np.square(truth).sum())
        if not error <= 10 ** (-LEAST_SNR / 10):
            raise ModelError(
                f"The exported codec does not agree with its checkpoint (relative error {error:.1e}); "
                "try another version of torch."
            )


def _frames(config: CodecConfig, n_items: int, n_frames: int) -> Frames:
    draw = np.random.Generator(np.random.Philox(0))
    return draw.integers(0, config.codebook_size, (n_items, n_frames, CODES_PER_FRAME), dtype=np.int32)
