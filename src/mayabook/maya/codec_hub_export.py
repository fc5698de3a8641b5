"""The hub's ONNX export of the codec, changed so that noise is an input; as published, it draws its own.

Inputs `audio_codes.0` to `.2`, output `audio_values`. Each noise block is a RandomNormalLike node. ONNX Runtime draws
its numbers from a generator that lives as long as the session: without a seed in the file they differ each time, and
with one they depend on what was decoded before. With the nodes replaced by inputs, a decoding is a pure function of
codes and seed, as with our own export.
"""

from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.maya.codec_config import LEVEL_STEPS, CodecConfig

INPUTS = tuple(f"audio_codes.{level}" for level in range(len(LEVEL_STEPS)))
OUTPUT = "audio_values"
DECODER_RATES = (8, 8, 4, 2)
"""Upsampling factors of the 24 kHz SNAC's decoder; the file does not give them."""
_RANDOM = ("RandomNormal", "RandomNormalLike")


def with_noise_inputs(file: Path) -> tuple[bytes, CodecConfig]:
    """The model with an input for each noise block, after those of the codes, and the codec's config.

    Raises ModelError where the file is no decoder of the 24 kHz SNAC, or the onnx package is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise ModelError(f"Reading {file} needs the onnx package; run: pip install 'mayabook[gguf]'") from error
    model = onnx.load(file)
    graph = model.graph
    sizes = {tensor.name: tensor.dims[0] for tensor in graph.initializer if tensor.dims}
    codebooks = {
        sizes[node.input[0]]
        for node in graph.node
        if node.op_type == "Gather" and node.input[0] in sizes and node.input[1] in INPUTS
    }
    noise = [node for node in graph.node if node.op_type in _RANDOM]
    if len(codebooks) != 1 or len(noise) not in (0, len(DECODER_RATES)):
        raise ModelError(
            f"{file} is not the decoder of the 24 kHz SNAC (codebooks of {sorted(codebooks)} codes, {len(noise)} noise "
            "blocks); pull the codec again."
        )
    for block, node in enumerate(noise):
        shape: list[str | int | None] = ["batch", 1, f"noise_{block}"]
        graph.input.append(onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, shape))
        graph.node.remove(node)
    return model.SerializeToString(), CodecConfig("", codebooks.pop(), DECODER_RATES, bool(noise))
