import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch
from snac import SNAC
from snac.layers import NoiseBlock

from mayabook.core.errors import FrameError, ModelError
from mayabook.maya.codec import Codec, export_codec, open_codec
from mayabook.maya.codec_config import CodecConfig
from mayabook.maya.codec_onnx import OnnxCodec
from mayabook.maya.codec_torch import TorchCodec
from mayabook.maya.frames import Frames, levels
from mayabook.maya.token_layout import Layout
from tests import tiny_models

ROOT = Path(__file__).parents[2]

SMALL = tiny_models.SMALL


def frames_of(seed: int, n_frames: int, n_items: int = 1) -> Frames:
    draw = np.random.default_rng(seed)
    return draw.integers(0, SMALL.codebook_size, (n_items, n_frames, 7), dtype=np.int32)


def snr(signal: np.ndarray, other: np.ndarray) -> float:
    """dB."""
    error = np.square(signal.astype(float) - other).sum()
    return float(10 * np.log10(np.square(signal.astype(float)).sum() / max(error, 1e-30)))


@pytest.fixture(scope="session")
def on_torch(exported: Path) -> Codec:
    return TorchCodec(exported / "pytorch_model.bin", CodecConfig.read(exported))


@pytest.fixture(scope="session")
def on_onnx(exported: Path) -> Codec:
    return OnnxCodec(exported / "decoder.onnx")


@pytest.fixture(scope="session", params=["torch", "onnx"])
def codec(request: pytest.FixtureRequest, on_torch: Codec, on_onnx: Codec) -> Codec:
    return on_torch if request.param == "torch" else on_onnx


def test_both_give_the_same_audio(on_torch: Codec, on_onnx: Codec) -> None:
    for n_items, n_frames in ((1, 1), (1, 40), (3, 17)):
        frames, seeds = frames_of(n_frames, n_frames, n_items), range(n_items)
        audio = on_torch.decode(frames, seeds)
        assert np.abs(audio).max() > 0.05
        assert snr(audio, on_onnx.decode(frames, seeds)) > 80
        assert snr(audio, on_onnx.decode(frames, [seed + 1 for seed in seeds])) < 40  # the noise is heard


def test_both_are_what_they_say(on_torch: Codec, on_onnx: Codec) -> None:
    assert (on_torch.sample_rate, on_torch.codebook_size) == (24_000, 256)
    assert (on_onnx.sample_rate, on_onnx.codebook_size) == (24_000, 256)
    assert f"torch {torch.__version__}" in on_torch.platform
    assert "onnxruntime" in on_onnx.platform
    assert on_torch.identity == on_onnx.identity


@pytest.mark.parametrize("noise", [True, False])
def test_the_audio_is_snacs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: bool) -> None:
    """The real class, unaltered but for the source of its noise."""
    folder = tiny_models.write_codec(tmp_path, noise=noise)
    frames = frames_of(1, 9)
    audio = open_codec(folder, SMALL).decode(frames, [5])[0]

    snac = SNAC.from_pretrained(str(folder))
    config = CodecConfig.read(folder)
    given = iter(torch.from_numpy(block) for block in config.inputs(frames, [5])[1])
    drawn = []

    def randn(shape: tuple[int, ...], **kind: object) -> torch.Tensor:
        drawn.append(next(given))
        assert drawn[-1].shape == shape
        return drawn[-1]

    monkeypatch.setattr(torch, "randn", randn)
    with torch.inference_mode():
        truth = snac.decode([torch.from_numpy(level)[None] for level in levels(frames[0])])[0, 0].numpy()
    assert len(drawn) == sum(isinstance(module, NoiseBlock) for module in snac.modules()) == (4 if noise else 0)
    assert snr(truth, audio) > 100


def test_a_codec_without_noise_ignores_the_seed_and_is_exported(tmp_path: Path) -> None:
    folder = tiny_models.write_codec(tmp_path, noise=False)
    frames = frames_of(2, 8)
    codec = open_codec(folder, SMALL)
    audio = codec.decode(frames, [1])
    np.testing.assert_array_equal(audio, codec.decode(frames, [2]))
    assert snr(audio, OnnxCodec(export_codec(folder)).decode(frames, [3])) > 80


@pytest.mark.parametrize("n_frames", [1, 2, 3, 31])
def test_every_sample_of_a_take_is_there(codec: Codec, n_frames: int) -> None:
    audio = codec.decode(frames_of(n_frames, n_frames), [7])
    assert audio.shape == (1, n_frames * 2048)
    assert audio.dtype == np.float32
    assert np.sqrt(np.mean(np.square(audio[0].reshape(-1, 2048)), axis=1)).min() > 0.01  # none of them silent


def test_no_frames_and_no_items(codec: Codec) -> None:
    assert codec.decode(frames_of(0, 0, 2), [1, 2]).shape == (2, 0)
    assert codec.decode(frames_of(0, 3, 0), []).shape == (0, 3 * 2048)


def test_the_same_bytes_each_time(codec: Codec) -> None:
    frames = frames_of(3, 12)
    first = codec.decode(frames, [9])
    torch.randn(100)
    np.random.standard_normal(100)
    codec.decode(frames_of(4, 30, 2), [1, 2])
    np.testing.assert_array_equal(codec.decode(frames, [9]), first)


def test_the_seed_is_heard(codec: Codec) -> None:
    frames = frames_of(3, 12)
    assert snr(codec.decode(frames, [9]), codec.decode(frames, [10])) < 40


def test_a_take_in_a_batch_is_what_it_is_alone(codec: Codec) -> None:
    frames, seeds = frames_of(5, 14, 4), [3, 1, 4, 1]
    together = codec.decode(frames, seeds)
    for item, seed in enumerate(seeds):
        alone = codec.decode(frames[item : item + 1], [seed])[0]
        np.testing.assert_allclose(together[item], alone, atol=1e-5)


def test_noise_depends_on_seed_and_length_only(exported: Path) -> None:
    config = CodecConfig.read(exported)
    assert config.noise_lengths == (32, 256, 1024, 2048)
    _, alone = config.inputs(frames_of(1, 6), [11])
    _, beside = config.inputs(frames_of(2, 6, 3), [8, 11, 9])
    for one, other, length in zip(alone, beside, config.noise_lengths, strict=True):
        assert one.shape == (1, 1, 6 * length)
        np.testing.assert_array_equal(one[0], other[1])
        assert not np.array_equal(other[0], other[1])
    draw = np.random.Generator(np.random.Philox(key=11))
    np.testing.assert_array_equal(alone[0][0, 0], draw.standard_normal(6 * 32, dtype=np.float32))
    assert abs(float(alone[3].std()) - 1) < 0.03


def random_state() -> list[int]:
    """That of NumPy's global generator."""
    state: list[int] = np.random.get_state(legacy=False)["state"]["key"].tolist()
    return state


def test_no_global_state_is_touched(exported: Path) -> None:
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.get_rng_state(), random_state(), torch.get_num_threads()
    TorchCodec(exported / "pytorch_model.bin", CodecConfig.read(exported)).decode(frames_of(1, 4), [1])
    OnnxCodec(exported / "decoder.onnx").decode(frames_of(1, 4), [1])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random_state() == before[1]
    assert torch.get_num_threads() == before[2]


DECODE = """
import sys
sys.path.insert(0, {root!r})
{before}
from pathlib import Path
import numpy as np
from tests import tiny_models
from mayabook.maya.codec import open_codec
codec = open_codec(Path({folder!r}), tiny_models.SMALL)
frames = np.random.default_rng(6).integers(0, 256, (1, 10, 7), dtype=np.int32)
np.save({out!r}, codec.decode(frames, [12]))
print(codec.identity)
print([name for name in ("torch", "snac") if sys.modules.get(name)])
"""


@pytest.mark.parametrize(
    ("files", "with_torch"),
    [
        (("config.json", "pytorch_model.bin"), True),
        (("config.json", "pytorch_model.bin", "decoder.onnx"), True),
        (("config.json", "pytorch_model.bin", "decoder.onnx"), False),
    ],
)
def test_a_fresh_process_gives_the_same_bytes(
    exported: Path, tmp_path: Path, on_onnx: Codec, files: tuple[str, ...], with_torch: bool
) -> None:
    """On a CPU ONNX Runtime decodes as soon as the decoder is exported, with torch beside it or not.

    Other tests may have changed torch's number of threads, which belongs to the process; the fresh one gets the same.
    """
    on_torch = TorchCodec(exported / "pytorch_model.bin", CodecConfig.read(exported))
    codec = on_onnx if "decoder.onnx" in files else on_torch
    folder = tmp_path / "codec"
    folder.mkdir()
    for name in files:
        shutil.copy(exported / name, folder)
    out = tmp_path / "audio.npy"
    before = "" if with_torch else "sys.modules['torch'] = None"
    script = DECODE.format(root=str(ROOT), before=before, folder=str(folder), out=str(out))
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    identity, loaded = done.stdout.splitlines()
    assert identity == codec.identity
    assert loaded == ("[]" if codec is on_onnx else "['torch', 'snac']")
    np.testing.assert_array_equal(np.load(out), codec.decode(frames_of(6, 10), [12]))


@pytest.mark.parametrize("missing", ["torch", "snac", "onnxscript"])
def test_without_the_extra_there_is_one_line(tmp_path: Path, missing: str) -> None:
    folder = tiny_models.write_codec(tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.modules[{missing!r}] = None\n"
        "from pathlib import Path\n"
        "from tests import tiny_models\n"
        "from mayabook.core.errors import ModelError\n"
        "from mayabook.maya.codec import export_codec, open_codec\n"
        f"folder = Path({str(folder)!r})\n"
        "for use in (lambda: open_codec(folder, tiny_models.SMALL), lambda: export_codec(folder)):\n"
        "    try:\n"
        "        use(); print('fine')\n"
        "    except ModelError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    opened, exported = done.stdout.splitlines()
    if missing == "onnxscript":
        assert opened == "fine"
    else:
        assert "has no decoder.onnx, and PyTorch or snac is not installed" in opened
        assert opened.endswith(
            "run `pip install 'mayabook[transformers]'`, or `mayabook models export-codec` on a machine that has them."
        )
    assert exported.startswith("Exporting a codec needs PyTorch, snac and onnxscript")
    assert exported.endswith("`pip install 'mayabook[transformers]'`.")
    assert not (folder / "decoder.onnx").exists()


def test_decoder_onnx_is_enough(exported: Path, tmp_path: Path, on_onnx: Codec) -> None:
    shutil.copy(exported / "decoder.onnx", tmp_path)
    codec = open_codec(tmp_path, SMALL)
    assert codec.identity == on_onnx.identity
    np.testing.assert_array_equal(codec.decode(frames_of(1, 2), [1]), on_onnx.decode(frames_of(1, 2), [1]))
    with pytest.raises(
        ModelError, match=r"decoder\.onnx does not fit the speech model: its codebook_size is 256, not 4096; "
    ):
        open_codec(tmp_path, Layout())


def test_identity_is_of_the_content(exported: Path, tmp_path: Path, on_torch: Codec) -> None:
    same = tiny_models.write_codec(tmp_path / "same")
    other = tiny_models.write_codec(tmp_path / "other", seed=2)
    assert open_codec(same, SMALL).identity == on_torch.identity
    assert open_codec(other, SMALL).identity != on_torch.identity


def test_twenty_five_seconds(codec: Codec) -> None:
    frames = frames_of(7, 293)
    audio = codec.decode(frames, [1])
    assert audio.shape == (1, 293 * 2048)
    assert audio.shape[1] / codec.sample_rate > 25
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= 1


@pytest.mark.parametrize("code", [-1, 256, 70_000])
def test_a_code_out_of_range_is_an_error(codec: Codec, code: int) -> None:
    frames = frames_of(1, 4)
    frames[0, 2, 5] = code
    with pytest.raises(FrameError, match=r"^Codes go from 0 to 255, not "):
        codec.decode(frames, [1])


@pytest.mark.parametrize(("shape", "n_seeds"), [((4, 7), 4), ((1, 4, 6), 1), ((2, 4, 7), 1), ((1, 4, 7), 2)])
def test_frames_and_seeds_that_do_not_match_are_an_error(codec: Codec, shape: tuple[int, ...], n_seeds: int) -> None:
    with pytest.raises(
        FrameError, match=r"^The codec takes frames of shape \(batch, n_frames, 7\) and a seed for each"
    ):
        codec.decode(np.zeros(shape, np.int32), range(n_seeds))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"codebook_size": 128}, "its codebook_size is 128, not 256; "),
        ({"vq_strides": [8, 4, 2, 1]}, r"its vq_strides is \[8, 4, 2, 1\], not \[4, 2, 1\]; "),
        ({"vq_strides": [2, 1]}, r"its vq_strides is \[2, 1\], not \[4, 2, 1\]; "),
        ({"sampling_rate": 44100}, "its sampling_rate is 44100, not 24000; "),
        ({"encoder_rates": [3, 3, 7, 7]}, r"its encoder_rates is \[3, 3, 7, 7\], not factors of 512; "),
        ({"decoder_rates": [8, 8, 4]}, r"its decoder_rates is \[8, 8, 4\], not factors of 512; "),
        ({"decoder_rates": "8 8 4 2"}, "its decoder_rates is 8 8 4 2, not factors of 512; "),
        ({"attn_window_size": 32}, "its attn_window_size is 32, not None; "),
        ({"noise": "yes"}, "does not give codebook_size and noise; "),
        ({"codebook_size": None}, "does not give codebook_size and noise; "),
        ({"decoder_dim": 32}, r"pytorch_model\.bin is not of the codec that config\.json describes \(.*\); "),
        ({"colour": "blue"}, r"is not of the codec that config\.json describes \(.*colour.*\); "),
        ({"depthwise": False}, r"is not of the codec that config\.json describes \(.*\); "),
    ],
)
def test_a_codec_that_does_not_fit(tmp_path: Path, changes: dict[str, object], line: str) -> None:
    folder = tiny_models.write_codec(tmp_path)
    tiny_models.edit_json(folder / "config.json", **changes)
    with pytest.raises(ModelError, match=line) as caught:
        open_codec(folder, SMALL)
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"^There is no codec in .*nowhere \(no pytorch_model\.bin, no decoder\.onnx\); copy"
    ):
        open_codec(tmp_path / "nowhere", SMALL)
    folder = tiny_models.write_codec(tmp_path)
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"^There is no codec in .* \(no config\.json\); copy the whole folder"):
        open_codec(folder, SMALL)
    tiny_models.write_codec(tmp_path)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelError, match=r"^There is no pytorch_model\.bin in .*; copy the whole folder"):
        export_codec(folder)


@pytest.mark.parametrize("damage", ["truncated", "half", "empty", "text", "pickle", "list"])
def test_a_damaged_checkpoint(tmp_path: Path, damage: str) -> None:
    folder = tiny_models.write_codec(tmp_path)
    file = folder / "pytorch_model.bin"
    whole = file.read_bytes()
    content = {
        "truncated": whole[:-100],
        "half": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"<html>not found</html>",
    }
    if damage in content:
        file.write_bytes(content[damage])
    else:
        torch.save({"pickle": {"code": Path("x")}, "list": [1, 2]}[damage], file)
    with pytest.raises(
        ModelError, match=r"pytorch_model\.bin is (damaged|not of the codec) .*; copy the whole folder"
    ) as caught:
        open_codec(folder, SMALL)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00"])
def test_a_damaged_config(tmp_path: Path, content: bytes) -> None:
    folder = tiny_models.write_codec(tmp_path)
    (folder / "config.json").write_bytes(content)
    with pytest.raises(
        ModelError, match=r"config\.json (is not JSON|does not describe|cannot be read).*; copy the whole"
    ) as caught:
        open_codec(folder, SMALL)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_a_damaged_export(exported: Path, tmp_path: Path, share: float) -> None:
    whole = (exported / "decoder.onnx").read_bytes()
    (tmp_path / "decoder.onnx").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(
        ModelError, match=r"decoder\.onnx is damaged \(.*\); run `mayabook models export-codec` again"
    ) as caught:
        open_codec(tmp_path, SMALL)
    assert "\n" not in str(caught.value)


def test_another_onnx_model(tmp_path: Path) -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([], "nothing", [value], [value])
    onnx.save(
        onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]),
        tmp_path / "decoder.onnx",
    )
    with pytest.raises(
        ModelError, match=r"decoder\.onnx is not a codec that MayaBook exported; run `mayabook models export"
    ):
        open_codec(tmp_path, SMALL)


def test_an_absent_device(exported: Path) -> None:
    for device in ("cuda:99", "abacus"):
        with pytest.raises(ModelError, match=rf"^The codec cannot run on '{device}' \(.*\); use another device\.$"):
            open_codec(exported, SMALL, device)


def test_the_export_carries_its_config_and_leaves_nothing_else(exported: Path) -> None:
    assert sorted(file.name for file in exported.iterdir()) == ["config.json", "decoder.onnx", "pytorch_model.bin"]
    carried = OnnxCodec(exported / "decoder.onnx").config
    assert json.loads(carried.text) == json.loads((exported / "config.json").read_text())
    whole = (exported / "decoder.onnx").read_bytes()
    assert b"site-packages" not in whole
    assert str(ROOT).encode() not in whole


def test_an_export_that_disagrees_is_not_kept(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for an exporter gone wrong: what it gives is the decoder of other weights."""
    folder = tiny_models.write_codec(tmp_path / "codec", seed=2)
    wrong = SimpleNamespace(model_proto=onnx.load(exported / "decoder.onnx"))
    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: wrong)
    with pytest.raises(ModelError, match=r"^The exported codec does not agree with its checkpoint \(relative error "):
        export_codec(folder)
    assert sorted(file.name for file in folder.iterdir()) == ["config.json", "pytorch_model.bin"]
