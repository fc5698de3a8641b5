"""Speed of the codec's decoders on a CPU against the class of the `snac` package, on a codec of the published size.

    python bench/codec.py    about two minutes

The codec has random weights and is built once, in build/bench. All figures come from this run on this machine; run it
on an idle machine.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from snac import SNAC

from mayabook.maya.codec import ONNX_FILE, export_codec
from mayabook.maya.codec_config import CHECKPOINT_FILE, CONFIG_FILE, CodecConfig
from mayabook.maya.codec_onnx import OnnxCodec
from mayabook.maya.codec_torch import TorchCodec
from mayabook.maya.frames import Frames, levels
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, SAMPLES_PER_FRAME

FOLDER = Path(__file__).parent.parent / "build" / "bench" / "codec"
PUBLISHED = {
    "sampling_rate": SAMPLE_RATE, "encoder_dim": 48, "encoder_rates": [2, 4, 8, 8], "decoder_dim": 1024,
    "decoder_rates": [8, 8, 4, 2], "attn_window_size": None, "codebook_size": 4096, "codebook_dim": 8,
    "vq_strides": [4, 2, 1], "noise": True, "depthwise": True,
}  # fmt: skip
"""Configuration of hubertsiuzdak/snac_24khz, the codec of Maya1."""
SECONDS = 15
"""Length of the decoded audio."""
ROUNDS = 3
"""Timed runs of each decoder, of which the median counts."""


def codec_folder() -> Path:
    if not (FOLDER / ONNX_FILE).exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / CONFIG_FILE).write_text(json.dumps(PUBLISHED), encoding="utf-8")
        torch.manual_seed(0)
        torch.save(SNAC(**PUBLISHED).state_dict(), FOLDER / CHECKPOINT_FILE)
        export_codec(FOLDER)
    return FOLDER


def main() -> None:
    folder = codec_folder()
    config, peer = CodecConfig.read(folder), SNAC.from_pretrained(str(folder)).eval()
    on_torch, on_onnx = TorchCodec(folder / CHECKPOINT_FILE, config), OnnxCodec(folder / ONNX_FILE)
    n_frames = SECONDS * SAMPLE_RATE // SAMPLES_PER_FRAME
    shape = (1, n_frames, CODES_PER_FRAME)
    frames: Frames = np.random.default_rng(0).integers(0, config.codebook_size, shape, dtype=np.int32)

    def snac_decode() -> None:
        with torch.inference_mode():
            peer.decode([torch.from_numpy(level)[None] for level in levels(frames[0])])

    decoders: dict[str, Callable[[], object]] = {
        "snac's decode()": snac_decode,
        on_torch.platform: lambda: on_torch.decode(frames, [0]),
        on_onnx.platform: lambda: on_onnx.decode(frames, [0]),
    }
    audio = n_frames * SAMPLES_PER_FRAME / SAMPLE_RATE
    timings: dict[str, list[tuple[float, float]]] = {name: [] for name in decoders}
    for _ in range(ROUNDS + 1):  # in turn, so that other load affects all decoders alike; the first round is a warm-up
        for name, decode in decoders.items():
            started, cpu = time.perf_counter(), time.process_time()
            decode()
            timings[name].append((time.perf_counter() - started, time.process_time() - cpu))
    first = 0.0
    for name, times in timings.items():
        seconds, cpu = (float(np.median(column)) for column in zip(*times[1:], strict=True))
        first = first or seconds
        print(
            f"{name}: {audio / seconds:.1f}x real time, {first / seconds:.2f} of the first, "
            f"{cpu / audio:.3f} core-seconds for a second of audio"
        )


if __name__ == "__main__":
    main()
