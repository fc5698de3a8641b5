"""What a tuning chooses: the factors of an engine that the settings leave open, and the texts it reads."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from mayabook.core.errors import EngineError, LabError
from mayabook.core.settings import Settings
from mayabook.core.take import Sampling
from mayabook.engine_selection import engines_by_priority
from mayabook.engines import Engine, EngineChoice, EngineContext, EnginePlugin
from mayabook.engines.registry import AUTO, engine_settings, plugin, value_and_default, with_changes
from mayabook.engines.tuning import Factor, Level
from mayabook.lab.calibration import Passages
from mayabook.lab.racing import comparison_level

Configuration = Mapping[str, Level]
"""Factor -> level."""


@dataclass(frozen=True)
class TuningPlan:
    """What is tuned, and on which texts."""

    model: str
    """Name of the model, for users."""
    settings: Settings
    """Settings that are given; factors that they set are not tuned."""
    plugin: EnginePlugin[Any]
    factors: Sequence[Factor]
    """Factors to tune, in this order."""
    passages: Passages
    seconds: float
    """Time budget, that of earlier runs included."""

    @property
    def races(self) -> list[Factor]:
        """The factors that are chosen by takes."""
        return [factor for factor in self.factors if not factor.is_of_speed and len(factor.levels) > 1]

    @property
    def significance_level(self) -> float:
        """Of one comparison at one look."""
        return comparison_level(sum(len(factor.levels) - 1 for factor in self.races))

    @property
    def default(self) -> Configuration:
        """Every factor at its default."""
        return {factor.name: factor.levels[0] for factor in self.factors}

    def configurations(self) -> Iterator[Configuration]:
        """The default, then all that differ from it in one factor of `races`, then in two, and so on."""
        for n_changed in range(len(self.races) + 1):
            for factors in combinations(self.races, n_changed):
                for levels in product(*(factor.levels[1:] for factor in factors)):
                    changed = {factor.name: level for factor, level in zip(factors, levels, strict=True)}
                    yield {**self.default, **changed}

    def engine(self, levels: Configuration) -> str:
        """Name of the engine of a configuration."""
        return self._plugin(self.with_levels(levels)).name

    def with_levels(self, levels: Configuration) -> Settings:
        """The settings of a configuration."""
        settings = self.settings
        for level in levels.values():
            settings = with_changes(settings, level.changes)
        return settings

    def fingerprint(self, levels: Configuration) -> str:
        """Of the weights of a configuration."""
        settings = self.with_levels(levels)
        chosen = self._plugin(settings)
        return chosen.fingerprint(engine_settings(chosen, settings))

    def open(self, levels: Configuration, note: Callable[[str], None]) -> tuple[Engine, EngineChoice]:
        """Opens the engine of a configuration. note: takes lines for a person."""
        settings = self.with_levels(levels)
        chosen = self._plugin(settings)
        context = EngineContext(None, note, self.passages.language)
        return chosen.open(engine_settings(chosen, settings), context)

    def sampling(self, levels: Configuration) -> Sampling:
        """Sampling settings of the takes of a configuration."""
        settings = self.with_levels(levels)
        chosen = self._plugin(settings)
        return chosen.request_sampling(engine_settings(chosen, settings))

    def _plugin(self, settings: Settings) -> EnginePlugin[Any]:
        kind = settings.engine.kind
        return self.plugin if kind == AUTO else plugin(kind)


def plan_tuning(model: str, settings: Settings, passages: Passages, seconds: float) -> TuningPlan:
    """What can be tuned with these settings. model: its name, for users.

    Raises EngineError if the model or its engine cannot be used.
    """
    kind = settings.engine.kind
    reasons = []
    for candidate in [plugin(kind)] if kind != AUTO else engines_by_priority(settings):
        own = engine_settings(candidate, settings)
        if candidate.profile_file(own) is None:
            continue
        reason = candidate.unavailable_reason(own)
        if reason is None:
            factors = [factor for factor in candidate.tuning_factors(own) if _is_open(factor, settings)]
            return TuningPlan(model, settings, candidate, factors, passages, seconds)
        reasons.append(reason)
    if reasons:
        raise EngineError(f"This model cannot be tuned: {'; '.join(reasons)}.")
    raise LabError(f"Engine {kind} has nothing to tune; give --engine gguf or transformers.")


def _is_open(factor: Factor, settings: Settings) -> bool:
    """Whether no setting that tells the levels apart is given."""
    changed = {(table, name) for each in factor.levels for table, values in each.changes.items() for name in values}
    for table, name in changed:
        given, default = value_and_default(settings, table, name, None)
        if given != default and any(each.changes.get(table, {}).get(name) != given for each in factor.levels):
            return False
    return True
