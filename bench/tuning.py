"""Tunes maya1-tiny with planted defects, and prints what the tuning found.

    python -m bench.tuning

The model's default format has damaged weights, one preset loops, and one chunk length cuts the chunks that the model
has memorised. Another preset is as good as the default. The passages are the shortest that the model has memorised.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from safetensors.numpy import load_file, save_file

from mayabook.core.settings import Settings, load_settings
from mayabook.engines import maya_plugin
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.lab.calibration import passages_of
from mayabook.lab.trial_runner import TrialProgress
from mayabook.lab.tuning_plan import TuningPlan, plan_tuning
from mayabook.lab.tuning_session import tune
from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_quantisation import quantize
from training.maya1_tiny.texts import SAMPLE_BOOK

WEIGHTS = Path(__file__).parents[1] / "training" / "maya1_tiny" / "weights"
MODEL = WEIGHTS / "maya1-tiny"
N_PASSAGES = 16
NOISE = 0.7
"""Standard deviation of the noise in damaged matrices, as a multiple of their own."""
LEVELS: Mapping[str, Sequence[str]] = {
    "format": ("Q8_0", "Q4_K_M"),
    "sampling": ("maya-official", "mayabook", "safer"),
    "chunk length": ("14 s", "7 s"),
}
"""Factor -> levels that are compared, the default first."""


class _Printer:
    def on_message(self, line: str) -> None:
        print(line, flush=True)

    def on_progress(self, progress: TrialProgress) -> None:
        pass


def main() -> None:
    with tempfile.TemporaryDirectory() as name, looping_preset("safer"):
        folder = Path(name)
        model = with_damaged_format(folder)
        profile, _ = tune(tuning_plan(model, LEVELS), folder / "rows", _Printer())
    print("", f"{profile.summary}. Measured in {profile.seconds:.0f} s.", *profile.evidence, sep="\n")


def with_damaged_format(folder: Path) -> Path:
    """A copy of the model whose Q8_0 file, its default format, is damaged."""
    model = Path(shutil.copytree(MODEL, folder / "tiny", ignore=shutil.ignore_patterns("checkpoint")))
    damaged = Path(shutil.copytree(MODEL / "checkpoint", folder / "damaged"))
    weights, noise = load_file(damaged / "model.safetensors"), np.random.default_rng(0)
    for name, matrix in weights.items():
        if ".layers." in name and matrix.ndim == 2:
            deviation = NOISE * float(matrix.astype(np.float32).std())
            weights[name] = (matrix + noise.normal(0, deviation, matrix.shape)).astype(matrix.dtype)
    save_file(weights, damaged / "model.safetensors", {"format": "pt"})
    convert(damaged, folder / "F16.gguf")
    quantize(folder / "F16.gguf", model / "gguf" / "tiny-Q8_0.gguf", "Q8_0")
    return model


@contextmanager
def looping_preset(name: str) -> Iterator[None]:
    """Inside the block, the preset of this name rewards repetition."""

    def planted(wanted: str) -> SamplerSettings:
        return replace(preset(wanted), repetition_penalty=0.5) if wanted == name else preset(wanted)

    with patch.object(maya_plugin, "preset", planted):
        yield


def tuning_plan(model: Path, levels: Mapping[str, Sequence[str]]) -> TuningPlan:
    """A plan that compares the named levels, with the settings with which the model memorised its book."""
    settings = Settings.model_validate(
        {
            "maya": {"model": str(model), "slots": 16, "anchor": "none"},
            "script": {"as_written": load_settings(WEIGHTS / "settings.toml", {}).script.as_written},
        }
    )
    book = passages_of(SAMPLE_BOOK, settings)
    longest = sorted(sum(len(block.text) for block in blocks) for blocks in book.blocks)[N_PASSAGES - 1]
    short = tuple(blocks for blocks in book.blocks if sum(len(block.text) for block in blocks) <= longest)
    plan = plan_tuning(model.name, settings, replace(book, blocks=short), seconds=7200)
    factors = {factor.name: factor for factor in plan.factors}
    chosen = [
        replace(factors[name], levels=[level for level in factors[name].levels if level.name in names])
        for name, names in levels.items()
    ]
    return replace(plan, factors=chosen)


if __name__ == "__main__":
    main()
