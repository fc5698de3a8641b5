"""The engines there are: the built-in ones, and those of other packages by the entry point group `mayabook.engines`."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ConfigDict

from mayabook.core.emotion_tags import only_tags
from mayabook.core.errors import EngineError, SettingsError
from mayabook.core.ipa import without_ipa
from mayabook.core.settings import Settings, SettingsGroup, unknown_name, validate_table
from mayabook.engines.engine import Engine
from mayabook.engines.plugin import EngineChoice, EngineContext, EnginePlugin, Voice
from mayabook.engines.tuning import Changes, LevelSettings

GROUP = "mayabook.engines"
AUTO, NONE = "auto", "none"
"""Values of `[engine] kind` and `[retry] engine` that name no engine."""

BUILT_IN = tuple(
    EntryPoint(name, value, GROUP)
    for name, value in (
        ("gguf", "mayabook.engines.gguf_plugin:GgufPlugin"),
        ("transformers", "mayabook.engines.transformers_plugin:TransformersPlugin"),
        ("narrator", "mayabook.engines.narrator_plugin:NarratorPlugin"),
        ("vllm", "mayabook.engines.vllm.plugin:VllmPlugin"),
    )
)
_BUILT_IN_NAMES = [entry.name for entry in BUILT_IN]


class _AnySettings(SettingsGroup):
    model_config = ConfigDict(extra="allow")


class _BrokenPlugin(EnginePlugin[_AnySettings]):
    """Stands in for a plugin of another package that cannot be imported, so that everything else still works."""

    settings_model = _AnySettings
    sample_rate = 0

    def __init__(self, entry: EntryPoint, error: Exception) -> None:
        package = entry.dist.name if entry.dist is not None else entry.value
        self.name = self.settings_table = entry.name  # type: ignore[misc]  # of this instance alone
        self.description = f"cannot be loaded: {type(error).__name__}: {error}"  # type: ignore[misc]
        self._reason = f"package {package} cannot be loaded ({type(error).__name__}: {error}); reinstall or remove it"

    def unavailable_reason(self, settings: _AnySettings) -> str | None:
        return self._reason

    def open(self, settings: _AnySettings, context: EngineContext) -> tuple[Engine, EngineChoice]:
        raise EngineError(f"Engine {self.name}: {self._reason}.")


def plugins() -> dict[str, EnginePlugin[Any]]:
    """Every engine by name, the built-in ones first; none of them is opened, and no inference library is imported."""
    return {name: _load(entry) for name, entry in _entries().items()}


def engine_names() -> list[str]:
    """The names alone, without importing any package."""
    return list(_entries())


def plugin(name: str) -> EnginePlugin[Any]:
    """Raises SettingsError that lists the engines there are."""
    entries = _entries()
    if name not in entries:
        raise SettingsError(f"Unknown engine {name!r}; choose one of: {', '.join(entries)}.")
    return _load(entries[name])


def understood_text(name: str, text: str) -> str:
    """A spoken text with what the engine of that name understands of emotion tags and IPA; an engine that is not in the
    registry understands neither."""
    entries = _entries()
    engine = _load(entries[name]) if name in entries else None
    text = only_tags(text, engine.emotion_tags if engine else ())
    return text if engine and engine.speaks_ipa else without_ipa(text)


def engine_settings(plugin: EnginePlugin[Any], settings: Settings) -> Any:
    """The settings of one engine, checked by its own model. Raises SettingsError with the offending name."""
    return validate_table(plugin.settings_table, plugin.settings_model, settings.table(plugin.settings_table))


def other_settings_models() -> Mapping[str, type[SettingsGroup]]:
    """Settings table -> model, of engines in other packages: tables that are not among `Settings.model_fields`."""
    others = [_load(entry) for name, entry in _entries().items() if name not in _BUILT_IN_NAMES]
    return {
        each.settings_table: each.settings_model for each in others if each.settings_table not in Settings.model_fields
    }


def check_settings(settings: Settings) -> None:
    """Checks what `Settings` itself cannot: names of engines, and the tables of engines in other packages.

    Raises SettingsError.
    """
    names = engine_names()
    for setting, flag, value, other in (
        ("engine.kind", "--engine", settings.engine.kind, AUTO),
        ("retry.engine", "--retry-engine", settings.retry.engine, NONE),
    ):
        if value not in (other, *names):
            known = f"{', '.join([other, *names[:-1]])} or {names[-1]}"
            raise SettingsError(f"Setting {setting} (option {flag}) is {value!r}; choose {known}.")
    models = other_settings_models() if settings.other_tables else {}
    for table, values in settings.other_tables.items():
        if table not in models:
            known_tables = [*Settings.model_fields, *models]
            raise SettingsError(unknown_name(f"settings table [{table}]", table, known_tables))
        validate_table(table, models[table], values)


def with_levels(settings: Settings, levels: LevelSettings) -> Settings:
    """The settings with those of tuned levels. A level applies only if `settings` leave open all that it sets.

    Raises SettingsError for a setting that does not exist, or a value out of range.
    """
    changed = settings
    for changes in levels.values():
        if leaves_open(settings, changes):
            changed = with_changes(changed, changes)
    if changed is not settings:
        check_settings(changed)
    return changed


def leaves_open(settings: Settings, changes: Changes) -> bool:
    """Whether all settings that the changes set have their default, or the same value."""
    return all(
        value == given or given == default
        for table, values in changes.items()
        for name, value in values.items()
        for given, default in [value_and_default(settings, table, name, value)]
    )


def with_changes(settings: Settings, changes: Changes) -> Settings:
    """The settings with some values replaced. Raises SettingsError; tables of other packages are not checked."""
    tables: dict[str, Any] = {}
    for table, values in changes.items():
        group = settings.table(table)
        if isinstance(group, SettingsGroup):
            tables[table] = validate_table(table, type(group), {**group.model_dump(), **values})
        else:
            tables[table] = {**group, **values}
    return settings.model_copy(update=tables)


def value_and_default(settings: Settings, table: str, name: str, unknown: object) -> tuple[object, object]:
    """A setting's value and its default; `unknown` for both if there is no such setting."""
    group = settings.table(table)
    model: Any = type(group) if isinstance(group, SettingsGroup) else other_settings_models().get(table)
    if model is None or name not in model.model_fields:
        return unknown, unknown
    default = model.model_fields[name].default
    return (getattr(group, name) if isinstance(group, SettingsGroup) else group.get(name, default)), default


def voices() -> list[Voice]:
    """The voices of every engine; those that several engines share are listed once."""
    return list(dict.fromkeys(voice for plugin in plugins().values() for voice in plugin.voices()))


def _entries() -> dict[str, EntryPoint]:
    """Entry points by name; a package cannot replace a built-in engine."""
    others = [entry for entry in entry_points(group=GROUP) if entry.name not in _BUILT_IN_NAMES]
    return {entry.name: entry for entry in (*BUILT_IN, *others)}


def _load(entry: EntryPoint) -> EnginePlugin[Any]:
    try:
        loaded: EnginePlugin[Any] = entry.load()()
    except Exception as error:  # noqa: BLE001  whatever the code of another package may raise
        return _BrokenPlugin(entry, error)
    return loaded
