"""The codec as the hub exports it for ONNX Runtime: the same audio as ours, with noise from the seed."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest

from mayabook.core.errors import ModelError
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.codec_config import CodecConfig
from mayabook.maya.codec_onnx import OnnxCodec
from mayabook.maya.codec_torch import TorchCodec
from mayabook.maya.frames import Frames, levels
from mayabook.maya.token_layout import Layout
from tests import tiny_models
from tests.maya.test_codec import frames_of, snr

SMALL = tiny_models.SMALL


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as the hub has it, beside `source`, the codec that it was made from. Not to be changed."""
    return tiny_models.write_hub_codec(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def ours(export: Path) -> Codec:
    source = export.parent / "source"
    return TorchCodec(source / "pytorch_model.bin", CodecConfig.read(source))


@pytest.fixture(scope="module")
def theirs(export: Path) -> Codec:
    return open_codec(export.parent, SMALL)


def decode_as_published(model: str | bytes, frames: Frames, times: int) -> list[np.ndarray]:
    """What one session makes of the same codes, so many times, without MayaBook."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    codes = dict(zip([value.name for value in session.get_inputs()], (x[None] for x in levels(frames[0])), strict=True))
    return [session.run(["audio_values"], codes)[0][:, 0] for _ in range(times)]


@pytest.mark.parametrize(("n_items", "n_frames"), [(1, 1), (1, 40), (3, 17)])
def test_the_same_codes_and_seeds_give_our_audio(ours: Codec, theirs: Codec, n_items: int, n_frames: int) -> None:
    frames, seeds = frames_of(n_frames, n_frames, n_items), range(n_items)
    audio = ours.decode(frames, seeds)
    assert snr(audio, theirs.decode(frames, seeds)) > 80
    assert snr(audio, theirs.decode(frames, [seed + 1 for seed in seeds])) < 40  # the noise is heard


def test_a_take_does_not_depend_on_those_before_it(export: Path, theirs: Codec) -> None:
    frames = frames_of(3, 12)
    first = theirs.decode(frames, [9])
    theirs.decode(frames_of(4, 30, 2), [1, 2])
    np.testing.assert_array_equal(theirs.decode(frames, [9]), first)
    np.testing.assert_array_equal(OnnxCodec(export).decode(frames, [9]), first)


def test_as_published_it_draws_other_noise_each_time(export: Path, ours: Codec) -> None:
    """Noise within the graph cannot be seeded for each take: a seed in the file fixes the order of a session's draws."""
    frames = frames_of(3, 12)
    once, again = decode_as_published(str(export), frames, 2)
    assert snr(once, again) < 40
    assert snr(ours.decode(frames, [9]), once) < 40
    model = onnx.load(export)
    for node in model.graph.node:
        if node.op_type == "RandomNormalLike":
            node.attribute.append(onnx.helper.make_attribute("seed", 1.0))
    first, second = decode_as_published(model.SerializeToString(), frames, 2)
    assert snr(first, second) < 40
    np.testing.assert_array_equal(decode_as_published(model.SerializeToString(), frames, 1)[0], first)


def test_it_is_what_it_says(export: Path, theirs: Codec, tmp_path: Path) -> None:
    assert (theirs.sample_rate, theirs.codebook_size, theirs.noise) == (24_000, 256, True)
    assert "onnxruntime" in theirs.platform
    assert theirs.identity == OnnxCodec(Path(shutil.copy(export, tmp_path))).identity
    with pytest.raises(ModelError, match=r"decoder_model\.onnx does not fit .*: its codebook_size is 256, not 4096; "):
        open_codec(export.parent, Layout())


def test_our_own_export_comes_first(export: Path, exported: Path, tmp_path: Path) -> None:
    shutil.copy(export, tmp_path)
    shutil.copy(exported / "decoder.onnx", tmp_path)
    assert open_codec(tmp_path, SMALL).identity == OnnxCodec(exported / "decoder.onnx").identity


def other_inputs(model: onnx.ModelProto) -> None:
    for level, value in enumerate(model.graph.input):
        for node in model.graph.node:
            node.input[:] = [f"codes{level}" if name == value.name else name for name in node.input]
        value.name = f"codes{level}"


def one_input_less(model: onnx.ModelProto) -> None:
    codes = onnx.helper.make_tensor("zeros", onnx.TensorProto.INT64, [1, 8], [0] * 8)
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], [model.graph.input[2].name], value=codes))
    del model.graph.input[2]


def other_output(model: onnx.ModelProto) -> None:
    model.graph.node.append(onnx.helper.make_node("Identity", [model.graph.output[0].name], ["wave"]))
    model.graph.output[0].name = "wave"


def one_noise_block_less(model: onnx.ModelProto) -> None:
    node = next(node for node in model.graph.node if node.op_type == "RandomNormalLike")
    node.op_type = "Identity"
    del node.attribute[:]


def another_length(model: onnx.ModelProto) -> None:
    """Every other sample is dropped."""
    (output,) = model.graph.output
    (node,) = [node for node in model.graph.node if output.name in node.output]
    node.output[0] = "whole"
    for name, values in (("starts", [0]), ("ends", [1 << 40]), ("axes", [2]), ("steps", [2])):
        model.graph.initializer.append(onnx.helper.make_tensor(name, onnx.TensorProto.INT64, [1], values))
    model.graph.node.append(onnx.helper.make_node("Slice", ["whole", "starts", "ends", "axes", "steps"], [output.name]))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (
            other_inputs,
            r"is not a codec that MayaBook exported; .*\(this file turns codes0, codes1, codes2 into audio_v",
        ),
        (one_input_less, r"\(this file turns audio_codes\.0, audio_codes\.1 into audio_values\)"),
        (other_output, r"\(this file turns audio_codes\.0, audio_codes\.1, audio_codes\.2 into wave\)"),
        (one_noise_block_less, r"is not the decoder of the 24 kHz SNAC \(codebooks of \[256\] codes, 3 noise blocks\)"),
        (another_length, r"decodes a frame to 1024 samples, not 2048; pull the codec again"),
    ],
)
def test_another_export_is_one_line(
    export: Path, tmp_path: Path, spoil: Callable[[onnx.ModelProto], None], line: str
) -> None:
    model = onnx.load(export)
    spoil(model)
    onnx.save(model, tmp_path / "decoder_model.onnx")
    with pytest.raises(ModelError, match=line) as caught:
        open_codec(tmp_path, SMALL)
    assert "\n" not in str(caught.value)
    assert "decoder_model.onnx" in str(caught.value)


def test_a_damaged_file_is_one_line(export: Path, tmp_path: Path) -> None:
    (tmp_path / "decoder_model.onnx").write_bytes(export.read_bytes()[:-50_000])
    with pytest.raises(ModelError, match=r"decoder_model\.onnx is damaged \(.*\); .* or pull it again") as caught:
        open_codec(tmp_path, SMALL)
    assert "\n" not in str(caught.value)


def test_without_the_onnx_package_it_is_one_line(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match=r"needs the onnx package; run: pip install 'mayabook\[gguf\]'"):
        open_codec(export.parent, SMALL)
