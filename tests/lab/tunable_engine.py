"""An engine that can be tuned, with planted defects; `install` adds it as a package would."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest

from mayabook.core.settings import SettingsGroup
from mayabook.core.take import Audio, Take, TakeRequest
from mayabook.engines import EngineChoice, EngineContext, EnginePlugin, registry
from mayabook.engines.tuning import SLOTS, Factor, Level
from tests.lab.lab_engines import PlantedEngine, no_leak


class TunableSettings(SettingsGroup):
    model: str = ""
    """Folder of the profile."""
    format: str = ""
    """Weight format."""
    preset: str = ""
    """Preset of sampling settings."""
    slots: int = 0
    """Rows of the batch."""
    speaker: str = "one"
    """one: the first of the planted voices; any: one that depends on the seed."""


@dataclass(frozen=True)
class Planted:
    """What is wrong, by setting. A share of the takes fails that depends on text and seed."""

    formats: Mapping[str, float] = field(default_factory=dict)
    presets: Mapping[str, float] = field(default_factory=dict)
    longest: int = 10_000
    """Characters of the longest text that is spoken whole."""
    speeds: Mapping[int, float] = field(default_factory=dict)
    """Slots -> times real time."""
    voices: Sequence[Audio] = ()
    """Takes of several speakers, which are given instead of a tone; with them, there is a factor more."""


class TunableEngine(PlantedEngine):
    name = "tunable"

    def __init__(self, planted: Planted, settings: TunableSettings) -> None:
        super().__init__(self._is_defective, no_leak)
        self.settings, self._planted = settings, planted

    def _is_defective(self, request: TakeRequest, chance: float) -> bool:
        share = max(
            self._planted.formats.get(self.settings.format, 0.0),
            self._planted.presets.get(str(request.sampling["preset"]), 0.0),
        )
        return chance < share or len(request.text) > self._planted.longest

    def _take(self, request: TakeRequest) -> Take:
        take, voices = super()._take(request), self._planted.voices
        if not voices:
            return take
        return replace(take, audio=voices[request.seed % len(voices) if self.settings.speaker == "any" else 0])


class TunablePlugin(EnginePlugin[TunableSettings]):
    name = "tunable"
    description = "An engine with planted defects"
    settings_table = "tunable"
    settings_model = TunableSettings
    sample_rate = 24_000
    planted: ClassVar[Planted] = Planted()
    weights: ClassVar[str] = "weights 1"
    opened: ClassVar[list[TunableSettings]] = []
    _speaker_factors = (
        Factor("speaker", [Level("one"), Level("any", {"tunable": {"speaker": "any"}})], is_per_request=False),
    )

    def open(self, settings: TunableSettings, context: EngineContext) -> tuple[TunableEngine, EngineChoice]:
        self.opened.append(settings)
        return TunableEngine(self.planted, settings), EngineChoice(kind=self.name, slots=settings.slots or 16)

    def auto_priority(self, settings: TunableSettings) -> int:
        return 30

    def tuning_factors(self, settings: TunableSettings) -> Sequence[Factor]:
        return (
            Factor(
                "format",
                [Level(name, {"engine": {"kind": "tunable"}, "tunable": {"format": name}}) for name in ("Q8", "Q4")],
                is_per_request=False,
            ),
            Factor("preset", [Level("official"), *(Level(name, {"tunable": {"preset": name}}) for name in ("a", "b"))]),
            Factor("length", [Level("long"), Level("short", {"script": {"max_chars": 150}})]),
            *(self._speaker_factors if self.planted.voices else ()),
            Factor(
                SLOTS,
                [Level("auto"), *(Level(str(n), {"tunable": {"slots": n}}) for n in (8, 4))],
                is_per_request=False,
                is_of_speed=True,
            ),
        )

    def profile_file(self, settings: TunableSettings) -> Path | None:
        return Path(settings.model) / "profile.json" if settings.model else None

    def fingerprint(self, settings: TunableSettings) -> str:
        return f"{self.weights} {settings.format}"

    def request_sampling(self, settings: TunableSettings) -> Mapping[str, float | str]:
        return {"preset": settings.preset}

    def real_time_factor(self, engine: TunableEngine) -> float | None:
        return self.planted.speeds.get(engine.settings.slots, 1.0)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Planted], None]:
    """Adds the engine; returns what plants defects in it."""
    facts = folder / "mayabook_tunable-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mayabook-tunable\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{registry.GROUP}]\ntunable = {__name__}:TunablePlugin\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(TunablePlugin, "opened", [])
    return lambda planted: monkeypatch.setattr(TunablePlugin, "planted", planted)
