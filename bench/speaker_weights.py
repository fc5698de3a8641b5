"""Writes the encoder of the speaker check, `speaker.onnx`, from the weights that the package Resemblyzer carries.

pip download --no-deps Resemblyzer==0.1.4
python -m bench.speaker_weights Resemblyzer-0.1.4-py3-none-any.whl

It is a d-vector encoder: three LSTM layers over mel frames; a linear layer, ReLU and the L2 norm make the embedding of
the last state. The package itself needs torch, and its file holds the optimiser's state besides the weights. Needs the
extra `transformers`.
"""

import argparse
import io
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mayabook.checks.speaker_embedding import N_MELS
from mayabook.core.files import atomic_write

N_LAYERS, HIDDEN = 3, 256
FORMATS = ("float32", "float16", "int8")
"""How the matrices may be stored; the arithmetic is that of float32 in any case. int8 has a scale for each row."""
SHIPPED = "float16"
OPSET, IR_VERSION = 17, 8
Array = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, help="of Resemblyzer")
    target = Path(str(files("mayabook.checks"))) / "speaker.onnx"
    with atomic_write(target) as temporary:
        onnx.save(encoder(read_weights(parser.parse_args().wheel), SHIPPED), temporary)
    print(f"{target}: {target.stat().st_size:,} bytes")


def read_weights(wheel: Path) -> dict[str, Array]:
    """The weights by their name in torch."""
    with zipfile.ZipFile(wheel) as package:
        packed = io.BytesIO(package.read("resemblyzer/pretrained.pt"))
    state = torch.load(packed, map_location="cpu", weights_only=True)["model_state"]
    return {name: tensor.numpy() for name, tensor in state.items()}


def encoder(weights: dict[str, Array], stored: str) -> onnx.ModelProto:
    """The model: frames, shape (n_frames, n_windows, N_MELS), to embeddings, shape (n_windows, HIDDEN).

    stored: one of FORMATS.
    """
    nodes, constants = list[onnx.NodeProto](), list[onnx.TensorProto]()

    def constant(name: str, value: NDArray[np.generic]) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def apply(operator: str, *inputs: str, outputs: tuple[str, ...], **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, list(inputs), list(outputs), **attributes))
        return outputs[0]

    def matrix(name: str, value: Array) -> str:
        if stored == "float32":
            return constant(name, value)
        if stored == "float16":
            packed = constant(f"{name}.float16", value.astype(np.float16))
            return apply("Cast", packed, outputs=(name,), to=TensorProto.FLOAT)
        scale = (np.abs(value).max(axis=-1, keepdims=True) / 127).astype(np.float32)
        packed = constant(f"{name}.int8", np.round(value / scale).astype(np.int8))
        widened = apply("Cast", packed, outputs=(f"{name}.cast",), to=TensorProto.FLOAT)
        return apply("Mul", widened, constant(f"{name}.scale", scale), outputs=(name,))

    frames, first = "frames", constant("first_axis", np.array([0]))
    direction = constant("direction_axis", np.array([1]))
    for layer in range(N_LAYERS):
        of_input, of_state, *biases = (
            _in_onnx_order(weights[f"lstm.{name}_l{layer}"])[None]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        states = apply(
            "LSTM",
            frames,
            matrix(f"input_{layer}", of_input),
            matrix(f"state_{layer}", of_state),
            constant(f"bias_{layer}", np.concatenate(biases, axis=-1)),
            outputs=(f"states_{layer}", f"last_{layer}"),
            hidden_size=HIDDEN,
        )
        frames = apply("Squeeze", states, direction, outputs=(f"frames_{layer}",))
    last = apply("Squeeze", f"last_{N_LAYERS - 1}", first, outputs=("last",))
    linear = matrix("linear", weights["linear.weight"]), constant("linear_bias", weights["linear.bias"])
    positive = apply("Relu", apply("Gemm", last, *linear, outputs=("projected",), transB=1), outputs=("positive",))
    apply("LpNormalization", positive, outputs=("embeddings",), axis=1, p=2)
    shapes: dict[str, list[str | int]] = {
        "frames": ["n_frames", "n_windows", N_MELS],
        "embeddings": ["n_windows", HIDDEN],
    }
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "speaker_encoder", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def _in_onnx_order(gates: Array) -> Array:
    """Rows of the input, forget, cell and output gates (torch) as input, output, forget and cell."""
    of_input, forget, cell, output = np.split(gates, 4)
    return np.concatenate([of_input, output, forget, cell])


if __name__ == "__main__":
    main()
