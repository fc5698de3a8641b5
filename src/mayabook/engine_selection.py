"""Which engine reads a book: the one that was asked for, or the first that this machine runs fast enough."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mayabook.core.errors import EngineError, ModelError, SettingsError
from mayabook.core.settings import EngineSettings, Settings
from mayabook.engines import Engine, EngineChoice, EngineContext, EnginePlugin
from mayabook.engines.registry import AUTO, check_settings, engine_settings, plugin, plugins, with_levels
from mayabook.engines.tuning import AGAIN, SLOTS, LevelSettings, TuningProfile

_log = logging.getLogger(__name__)
MIN_REAL_TIME_FACTOR = 0.1
"""Seconds of speech per second; a slower engine would take days for a book, and `auto` passes it over."""


def open_engine(
    settings: Settings, earlier: EngineChoice | None, note: Callable[[str], None], language: str = "en"
) -> tuple[Engine, EngineChoice]:
    """The engine for a book, loaded, and which it is.

    earlier: what an earlier run of the same job chose; it holds wherever the settings leave a choice. In a new job the
    model's tuning profile takes its place. note: takes lines for a person. language: of the book, a BCP 47 tag. Raises
    EngineError where the engine that was asked for cannot be opened.
    """
    check_settings(settings)
    levels = earlier.tuned if earlier is not None else _profile_settings(settings, note)
    engine, choice = _open_chosen(settings, with_levels(settings, levels), EngineContext(earlier, note, language))
    return engine, choice.model_copy(update={"tuned": {name: level for name, level in levels.items() if name != SLOTS}})


def _open_chosen(asked: Settings, settings: Settings, context: EngineContext) -> tuple[Engine, EngineChoice]:
    """asked: the settings without those of the tuning profile."""
    earlier, note, language = context.earlier, context.note, context.language
    if settings.engine.kind != AUTO:
        reason = "as requested" if asked.engine.kind != AUTO else "as tuned"
        return _open(plugin(settings.engine.kind), settings, context, reason)
    if earlier is not None and _still_holds(earlier, settings):
        return _open(plugin(earlier.kind), settings, context, earlier.reason)
    return _open_automatically(settings, EngineContext(None, note, language))


def open_fallback_engine(
    settings: Settings, earlier: EngineChoice | None, note: Callable[[str], None], language: str = "en"
) -> tuple[Engine, EngineChoice]:
    """The engine that `[retry] engine` names, loaded, and which it is.

    earlier: what the job chose for its fallback engine before, else for its first engine; it holds for an engine that
    has the same settings. Raises EngineError where the engine cannot be opened.
    """
    fallback = settings.model_copy(update={"engine": EngineSettings(kind=settings.retry.engine)})
    check_settings(fallback)
    return _open_chosen(fallback, fallback, EngineContext(earlier, note, language))


def find_profile(settings: Settings) -> TuningProfile | None:
    """The tuning profile of the model that the settings choose; None where there is none.

    Raises ModelError if it is damaged, or was measured on other weights.
    """
    return _first_profile(profile_files(settings), settings)


def profile_files(settings: Settings) -> dict[Path, EnginePlugin[Any]]:
    """Paths of the tuning profiles of the model that the settings choose, existing or not, with an engine of each.

    Raises ModelError where the settings name a model that does not exist.
    """
    kind = settings.engine.kind
    candidates = [plugin(kind)] if kind != AUTO else engines_by_priority(settings)
    files = {candidate.profile_file(engine_settings(candidate, settings)): candidate for candidate in candidates}
    return {file: candidate for file, candidate in files.items() if file is not None}


def _first_profile(files: Mapping[Path, EnginePlugin[Any]], settings: Settings) -> TuningProfile | None:
    for file, candidate in files.items():
        if file.is_file():
            profile = TuningProfile.read(file)
            if settings.engine.kind in (AUTO, profile.engine):
                own = engine_settings(candidate, settings)
                profile.require_weights(_fingerprint(profile, file, getattr(own, "model", "")), file)
                return profile
    return None


def _fingerprint(profile: TuningProfile, file: Path, model: str) -> str:
    """Of the weights that a profile chooses for a model. Raises ModelError if its settings cannot be used."""
    try:
        measured = plugin(profile.engine)
        settings = Settings.model_validate({measured.settings_table: {"model": model}} if model else {})
        return measured.fingerprint(engine_settings(measured, with_levels(settings, profile.settings)))
    except (SettingsError, EngineError) as error:
        raise ModelError(f"The tuning profile {file} cannot be used ({str(error).rstrip('.')}); {AGAIN}.") from error


def _profile_settings(settings: Settings, note: Callable[[str], None]) -> LevelSettings:
    """The settings of the model's tuning profile, by factor; none where it has no profile that can be used."""
    files = profile_files(settings)
    try:
        profile = _first_profile(files, settings)
    except ModelError as error:
        note(str(error))
        return {}
    if profile is None or (settings.engine.kind == AUTO and (profile.real_time_factor or 1) < MIN_REAL_TIME_FACTOR):
        return {}
    note(f"{profile.summary}.")
    return profile.settings


def _open(
    plugin: EnginePlugin[Any], settings: Settings, context: EngineContext, reason: str
) -> tuple[Engine, EngineChoice]:
    earlier = context.earlier
    if earlier is not None and _table(earlier.kind) != plugin.settings_table:
        context = EngineContext(None, context.note, context.language)
    _log.info("Opening engine %s", plugin.name)
    engine, choice = plugin.open(engine_settings(plugin, settings), context)
    return engine, choice.model_copy(update={"reason": reason})


def _still_holds(earlier: EngineChoice, settings: Settings) -> bool:
    """Whether the settings name no model of another engine since."""
    table = _table(earlier.kind)
    return not any(
        other.settings_table != table and other.is_requested(engine_settings(other, settings))
        for other in plugins().values()
    )


def _table(kind: str) -> str:
    """Settings table of an engine that an earlier run chose; empty where its package is no longer installed."""
    known = plugins()
    return known[kind].settings_table if kind in known else ""


def _open_automatically(settings: Settings, context: EngineContext) -> tuple[Engine, EngineChoice]:
    """The engine of the highest priority that is available and fast enough; of those that share a settings table, one
    is tried."""
    passed_over: dict[str, str] = {}  # settings table -> why its engines were passed over
    tried: set[str] = set()
    for candidate in engines_by_priority(settings):
        table, own = candidate.settings_table, engine_settings(candidate, settings)
        if table in tried:
            continue
        reason = candidate.unavailable_reason(own)
        if reason is not None:
            passed_over.setdefault(table, reason)
            continue
        tried.add(table)
        _log.info("Trying engine %s", candidate.name)
        passed_over.pop(table, None)
        try:
            engine, choice = candidate.open(own, context)
        except EngineError as error:
            if candidate.is_requested(own):
                raise
            passed_over[table] = str(error)
            continue
        rate = candidate.real_time_factor(engine)
        if rate is None:
            return engine, choice.model_copy(update={"reason": "; ".join(passed_over.values())})
        if rate >= MIN_REAL_TIME_FACTOR:
            return engine, choice.model_copy(update={"reason": f"{rate:.1f}x real time on this machine"})
        engine.close()
        passed_over[table] = (
            f"{choice.model or choice.kind} would run at {rate:.2f}x real time on this machine; "
            f"choose it with --engine {choice.kind}"
        )
    raise EngineError(
        f"No engine is available: {'; '.join(passed_over.values())}. See what this machine has: mayabook doctor"
    )


def engines_by_priority(settings: Settings) -> list[EnginePlugin[Any]]:
    """The engines that `auto` tries, in that order."""
    ranks = {name: each.auto_priority(engine_settings(each, settings)) for name, each in plugins().items()}
    return [plugin(name) for name in sorted(ranks, key=lambda name: -ranks[name]) if ranks[name] > 0]
