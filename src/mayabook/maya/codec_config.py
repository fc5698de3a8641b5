"""config.json of a SNAC codec, and the decoder's inputs: codes by level, and noise from the takes' seeds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import FrameError, ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.maya.frames import Frames, levels
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, SAMPLES_PER_FRAME, Layout

CONFIG_FILE = "config.json"
CHECKPOINT_FILE = "pytorch_model.bin"
LEVEL_STEPS = (1, 2, 4)
"""Codes that each level, coarsest first, gives to a frame."""
COPY_AGAIN = "copy the whole folder of the 24 kHz SNAC again"

_STRIDES = [LEVEL_STEPS[-1] // steps for steps in LEVEL_STEPS]
_HOP = SAMPLES_PER_FRAME // LEVEL_STEPS[-1]


@dataclass(frozen=True, slots=True)
class CodecConfig:
    """The shape of a SNAC codec that decodes Maya1's frames."""

    text: str
    """The whole config.json."""
    codebook_size: int
    """Codes of each codebook."""
    decoder_rates: tuple[int, ...]
    """Upsampling factors of the decoder's blocks."""
    noise: bool
    """Whether each block mixes noise in."""

    @property
    def noise_lengths(self) -> tuple[int, ...]:
        """Noise samples that each block takes for one frame; empty where the codec mixes none in."""
        steps = LEVEL_STEPS[-1]
        return tuple(steps * prod(self.decoder_rates[: n + 1]) for n in range(len(self.decoder_rates) * self.noise))

    @classmethod
    def parse(cls, text: str, origin: str) -> "CodecConfig":
        """origin: where the text stands, for the error. Raises ModelError unless it describes a SNAC codec that decodes
        Maya1's frames to 24 kHz."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ModelError(f"{origin} is not JSON ({error}); {COPY_AGAIN}.") from error
        if not isinstance(values, Mapping):
            raise ModelError(f"{origin} does not describe a codec; {COPY_AGAIN}.")
        wanted = {
            "sampling_rate": SAMPLE_RATE,
            "vq_strides": _STRIDES,
            "attn_window_size": None,
        }
        for name, value in wanted.items():
            if values.get(name, "nothing") != value:
                raise _misfit(origin, name, values.get(name, "nothing"), value)
        for name in ("encoder_rates", "decoder_rates"):
            rates = values.get(name)
            if not (isinstance(rates, list) and all(type(rate) is int for rate in rates) and prod(rates) == _HOP):
                raise _misfit(origin, name, rates, f"factors of {_HOP}")
        if type(values.get("codebook_size")) is not int or type(values.get("noise")) is not bool:
            raise ModelError(f"{origin} does not give codebook_size and noise; {COPY_AGAIN}.")
        return cls(text, values["codebook_size"], tuple(values["decoder_rates"]), values["noise"])

    @classmethod
    def read(cls, folder: Path) -> "CodecConfig":
        file = folder / CONFIG_FILE
        try:
            return cls.parse(file.read_text(encoding="utf-8"), str(file))
        except FileNotFoundError as error:
            raise ModelError(f"There is no codec in {folder} (no {CONFIG_FILE}); {COPY_AGAIN}.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{file} cannot be read ({error}); {COPY_AGAIN}.") from error

    def check(self, layout: Layout, origin: str) -> None:
        """Raises ModelError unless the codebooks are as large as the layout says."""
        if self.codebook_size != layout.codebook_size:
            raise _misfit(origin, "codebook_size", self.codebook_size, layout.codebook_size)

    def inputs(self, frames: Frames, seeds: Sequence[int]) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float32]]]:
        """Inputs of the decoder: codes of each level, (batch, n_frames * steps), and noise, (batch, 1, length).

        frames: (batch, n_frames, 7). Noise is drawn item by item, so that it depends on an item's seed and number of
        frames alone. Raises FrameError for a wrong shape or a code out of range.
        """
        if frames.ndim != 3 or frames.shape[2] != CODES_PER_FRAME or len(seeds) != len(frames):
            raise FrameError(
                f"The codec takes frames of shape (batch, n_frames, {CODES_PER_FRAME}) and a seed for each item, "
                f"not {frames.shape} and {len(seeds)} seeds."
            )
        if frames.size and (frames.min() < 0 or frames.max() >= self.codebook_size):
            raise FrameError(f"Codes go from 0 to {self.codebook_size - 1}, not {frames.min()} to {frames.max()}.")
        codes = [np.stack(level) for level in zip(*(levels(item) for item in frames), strict=True)]
        lengths = [frames.shape[1] * length for length in self.noise_lengths]
        noise = [np.empty((len(frames), 1, length), np.float32) for length in lengths]
        for item, seed in enumerate(seeds):
            draw = np.random.Generator(np.random.Philox(key=seed))
            for block in noise:
                draw.standard_normal(dtype=np.float32, out=block[item, 0])
        return codes, noise


def _misfit(origin: str, name: str, found: object, wanted: object) -> ModelError:
    return ModelError(
        f"The codec in {origin} does not fit the speech model: its {name} is {found}, not {wanted}; "
        "use the codec that belongs to the model."
    )


def first_line(error: Exception) -> str:
    """First line of an error's message, or its type."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def checkpoint_fingerprint(checkpoint: Path) -> str:
    """Fingerprint of a codec's checkpoint together with its config.json."""
    return fingerprint([checkpoint.with_name(CONFIG_FILE), checkpoint])
