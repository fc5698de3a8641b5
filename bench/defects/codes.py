"""Encodes speech as codes with the codec of maya1-tiny, if it is available: those that a model would have to sample."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mayabook.core.take import Audio, Codes
from mayabook.maya.codec_config import CHECKPOINT_FILE
from mayabook.maya.frames import Frames, from_levels

CODEC = Path(__file__).parents[2] / "training" / "maya1_tiny" / "weights" / "maya1-tiny" / "codec"


def frames_of(audio: Audio) -> Frames | None:
    """Frames of 2048 samples each, the last one padded; None if the codec or torch is not available."""
    if (codec := _codec()) is None:
        return None
    import torch

    with torch.inference_mode():
        levels = codec.encode(torch.from_numpy(audio)[None, None])
    return from_levels([level[0].numpy() for level in levels])


def codes_of(frames: Frames) -> Codes:
    """Codes without sampler traces, since no model sampled them."""
    nothing = np.zeros(0, np.float16)
    return Codes(frames, nothing, nothing, nothing, nothing)


@cache
def _codec() -> Any:
    if not (CODEC / CHECKPOINT_FILE).is_file():
        return None
    try:
        import torch
        from snac import SNAC
    except ImportError:
        return None
    torch.set_num_threads(1)
    return SNAC.from_pretrained(str(CODEC)).eval().float()
