"""The codec on PyTorch. Importing this module needs torch and snac."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from snac import SNAC
from snac.layers import DecoderBlock, NoiseBlock, Snake1d
from torch import Tensor, nn
from torch.nn.utils import parametrize

from mayabook.core.errors import ModelError
from mayabook.maya.codec_config import CONFIG_FILE, COPY_AGAIN, CodecConfig, checkpoint_fingerprint, first_line
from mayabook.maya.frames import Frames, from_levels
from mayabook.maya.token_layout import SAMPLE_RATE, SAMPLES_PER_FRAME


class Decoder(nn.Module):
    """The decoder of a SNAC as one list of layers; its noise is an input instead of a random draw."""

    def __init__(self, snac: SNAC) -> None:
        super().__init__()
        self.quantizer = snac.quantizer
        self.layers = nn.ModuleList()
        for part in snac.decoder.model:
            self.layers.extend(part.block if isinstance(part, DecoderBlock) else [part])
        for module in list(self.modules()):
            if parametrize.is_parametrized(module):  # weight norm
                parametrize.remove_parametrizations(module, "weight")
            for name, child in module.named_children():
                if isinstance(child, Snake1d):
                    setattr(module, name, Snake(child.alpha))
        self.eval().requires_grad_(False)

    def forward(self, codes: list[Tensor], noise: list[Tensor]) -> Tensor:
        """codes and noise as `CodecConfig.inputs` gives them; returns (batch, n_samples)."""
        signal: Tensor = self.quantizer.from_codes(codes)
        blocks = iter(noise)
        for layer in self.layers:
            signal = _noisy(layer, signal, next(blocks)) if isinstance(layer, NoiseBlock) else layer(signal)
        return signal[:, 0]


def _noisy(layer: NoiseBlock, signal: Tensor, noise: Tensor) -> Tensor:
    """noise: (batch, 1, length), scaled for each channel by a linear map of the signal."""
    return signal + noise * layer.linear(signal)  # type: ignore[no-any-return]


class Snake(nn.Module):
    """x + sin(alpha x)^2 / alpha (Ziyin et al. 2020, arXiv 2006.08195), alpha of shape (1, channels, 1).

    snac's own is compiled by TorchScript, which on a GPU may change its rounding after the first calls.
    """

    alpha: Tensor
    inverse: Tensor

    def __init__(self, alpha: Tensor) -> None:
        super().__init__()
        self.register_buffer("alpha", alpha.detach())
        self.register_buffer("inverse", 1 / (alpha.detach() + 1e-9))

    def forward(self, x: Tensor) -> Tensor:
        return x + (self.alpha * x).sin_().square_().mul_(self.inverse)


class TorchCodec:
    """Implements `mayabook.maya.codec.Codec` in float32."""

    sample_rate = SAMPLE_RATE

    def __init__(self, checkpoint: Path, config: CodecConfig, device: str = "cpu") -> None:
        """Raises ModelError where the checkpoint is damaged or the device is not there."""
        self.codebook_size, self.noise = config.codebook_size, config.noise
        self._config = config
        self._decoder = load_decoder(checkpoint, config)
        try:
            self._device = torch.device(device)
            self._decoder.to(self._device)
        except (RuntimeError, AssertionError) as error:  # torch built without CUDA asserts
            raise ModelError(
                f"The codec cannot run on {device!r} ({first_line(error)}); use another device."
            ) from error
        self.identity = f"snac {checkpoint_fingerprint(checkpoint)}"
        self.platform = f"torch {torch.__version__} {self._place()}"
        self.former_identity = f"{self.identity} {self.platform}"

    def decode(self, frames: Frames, seeds: Sequence[int]) -> NDArray[np.float32]:
        codes, noise = self._config.inputs(frames, seeds)
        if not frames.size:
            return np.zeros((len(frames), frames.shape[1] * SAMPLES_PER_FRAME), np.float32)
        with torch.inference_mode(), self._exact():
            audio = self._decoder(*([torch.from_numpy(a).to(self._device) for a in part] for part in (codes, noise)))
        return audio.cpu().numpy()  # type: ignore[no-any-return]

    def _exact(self) -> AbstractContextManager[None]:
        """On a GPU: deterministic convolutions in full float32."""
        if self._device.type != "cuda":
            return nullcontext()
        return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)

    def _place(self) -> str:
        """The device; on a CPU also the number of PyTorch's threads, which the order of sums depends on."""
        if self._device.type == "cuda":
            return torch.cuda.get_device_name(self._device)
        return f"{self._device.type} {torch.get_num_threads()} threads"


def encode(checkpoint: Path, config: CodecConfig, audio: NDArray[np.float32]) -> Frames:
    """Codes of mono samples at 24 kHz, padded with silence to whole frames; computed on the CPU.

    Raises ModelError as `load_decoder` does.
    """
    snac = _load(checkpoint, config).eval()
    with torch.inference_mode():
        codes = snac.encode(torch.from_numpy(audio)[None, None])
    return from_levels([level[0].numpy() for level in codes])


def load_decoder(checkpoint: Path, config: CodecConfig) -> Decoder:
    """The decoder of a checkpoint, weight norm folded. Raises ModelError where they do not belong together."""
    return Decoder(_load(checkpoint, config))


def _load(checkpoint: Path, config: CodecConfig) -> SNAC:
    if not checkpoint.is_file():
        raise ModelError(f"There is no {checkpoint.name} in {checkpoint.parent}; {COPY_AGAIN}.")
    try:
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever unpickling of any bytes raises
        raise ModelError(f"{checkpoint} is damaged ({first_line(error)}); {COPY_AGAIN}.") from error
    try:
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn from the global generator
            snac = SNAC(**json.loads(config.text))
        snac.load_state_dict(weights)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"{checkpoint} is not of the codec that {CONFIG_FILE} describes ({first_line(error)}); {COPY_AGAIN}."
        ) from error
    return snac
