"""The factors that `mayabook tune` chooses for Maya1, in order; add new ones to `maya_factors`."""

from collections.abc import Sequence

from mayabook.engines.sampler_settings import DEFAULT_PRESET
from mayabook.engines.tuning import SLOTS, Factor, Level
from mayabook.maya.defaults import default

PRESETS = ("maya-official", "mayabook", "safer")
"""Presets that are compared; those of 2025 are left to `mayabook lab`."""
PENALTY_WINDOWS = (256,)
"""Windows of the repetition penalty in tokens that are compared, besides the presets' own: `all` and 64."""
SECONDS = (7.0, 25.0)
"""Most seconds of a chunk that are compared with the default: about one sentence, and the 70 words of version 0.1."""
SLOT_COUNTS = {"cpu": (8, 4), "gpu": (128, 32, 16)}
"""Numbers of batch rows whose speed is compared with the automatic one."""


def maya_factors(formats: Sequence[Level], device: str) -> list[Factor]:
    """All factors. formats: weight formats that are installed and fit into memory, the default first. device: cpu or
    gpu."""
    return [
        Factor("format", formats, is_per_request=False),
        Factor("sampling", _sampling_levels()),
        Factor("chunk length", [Level(f"{default('max_seconds'):g} s"), *map(_length_level, SECONDS)]),
        Factor("anchor", [Level("auto"), Level("none", {"maya": {"anchor": "none"}})]),
        Factor(SLOTS, [Level("auto"), *map(_slots_level, SLOT_COUNTS[device])], is_per_request=False, is_of_speed=True),
    ]


def _sampling_levels() -> list[Level]:
    """Presets and penalty windows; all with the cap that follows from the length of the text, as by default."""
    cap = {"max_tokens": default("max_tokens")}
    presets = [Level(name, {"maya": {"preset": name, **cap}}) for name in PRESETS if name != DEFAULT_PRESET]
    windows = [
        Level(f"penalty over {n} tokens", {"maya": {"preset": DEFAULT_PRESET, "penalty_window": n, **cap}})
        for n in PENALTY_WINDOWS
    ]
    return [Level(DEFAULT_PRESET), *presets, *windows]


def _length_level(seconds: float) -> Level:
    return Level(f"{seconds:g} s", {"script": {"max_seconds": seconds}})


def _slots_level(n: int) -> Level:
    return Level(str(n), {"maya": {"slots": n}})
