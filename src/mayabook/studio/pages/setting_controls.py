"""The form of the settings, generated from their models: the few that matter first, the rest by table."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from mayabook.core.setting_fields import SettingField, setting_fields
from mayabook.core.settings import Settings, SettingsGroup
from mayabook.engines.registry import other_settings_models, plugins, voices
from mayabook.studio.book_choices import BookChoices
from mayabook.studio.pages.elements import button, choice, switch, tag, text_field

_BY_TICKS = frozenset({"book.include", "book.skip", "book.only"})
"""Settings that the list of chapters sets."""
_ENGINE = "engine.kind"
_NOTES = {_ENGINE: "Automatic uses Maya1 if it is installed and fast enough on this machine, otherwise the narrator."}
"""Notes that replace descriptions written for the command line."""


class SettingControls:
    """The settings of a book; each change is written when it is made."""

    def __init__(self, choices: BookChoices, on_change: Callable[[], object]) -> None:
        """on_change: called after each change."""
        self._choices, self._on_change = choices, on_change
        with tag("div", "section") as self._form:
            self._build()

    def _build(self) -> None:
        self._settings, self._given = self._choices.settings(), self._choices.given()
        engine_table = self._engine_table()
        hidden = {plugin.settings_table for plugin in plugins().values()} - {engine_table}
        first = [field for field in self._fields() if field.common and field.table not in hidden]
        for field in first:
            self._control(field)
        others = [field for field in self._fields() if field not in first]
        changed = sum(self._is_given(field) for field in others)
        with tag("details", "more"):
            tag("summary", text=f"More settings{f' ({changed} changed)' if changed else ''}")
            for table in dict.fromkeys(field.table for field in others):
                with tag("fieldset", "section"):
                    tag("legend", text=_about(table))
                    for field in others:
                        if field.table == table:
                            self._control(field)

    def _engine_table(self) -> str:
        """Settings table of the chosen engine; the narrator's if the engine is chosen automatically."""
        engine = plugins().get(self._settings.engine.kind)
        return engine.settings_table if engine else "narrator"

    def _fields(self) -> Iterator[SettingField]:
        models = {name: type(getattr(self._settings, name)) for name in Settings.model_fields}
        tables = ("engine", *(name for name in models if name != "engine"))
        every: dict[str, Any] = {**{name: models[name] for name in tables}, **other_settings_models()}
        for table, model in every.items():
            yield from (field for field in setting_fields(table, model) if field.full_name not in _BY_TICKS)

    def _is_given(self, field: SettingField) -> bool:
        return field.name in self._given.get(field.table, {})

    def _value(self, field: SettingField) -> Any:
        held = self._settings.table(field.table)
        value = getattr(held, field.name) if isinstance(held, SettingsGroup) else held.get(field.name)
        return field.default if value is None else value

    def _control(self, field: SettingField) -> None:
        label, value = _label(field), self._value(field)

        def changed(given: object) -> None:
            self._set(field, given)

        with tag("div", "setting"):
            if field.kind == "switch":
                switch(label, value is True, changed, note=field.description)
            elif options := _options(field):
                choice(
                    label,
                    options,
                    str(value),
                    changed,
                    note=_note(field),
                )
            else:
                shown = ", ".join(value) if isinstance(value, (list, tuple)) else str(value)
                element = text_field(
                    label,
                    shown,
                    lambda written: self._set(field, _parsed(field, written)),
                    note=f"{field.description}{f' ({field.values})' if field.values else ''}",
                    inputmode="decimal" if field.kind in ("number", "whole number") else None,
                    placeholder=field.default or None,
                )
                element.on("focus", js_handler="(event) => event.target.select()")
            if self._is_given(field):
                button(f"Reset {label} to its default", lambda: self._set(field, None), drawing="undo", kind="quiet",
                       is_label_hidden=True)  # fmt: skip

    def _set(self, field: SettingField, value: object | None) -> None:
        self._choices.set(field.table, {field.name: value})
        if field.full_name == _ENGINE or value is None:
            self.rebuild()
        self._on_change()

    def rebuild(self) -> None:
        """Shows the settings as they are in the file."""
        self._form.clear()
        with self._form:
            self._build()


def _label(field: SettingField) -> str:
    names = {"engine.kind": "Engine", "master.split": "One file per chapter", "maya.kv_type": "KV cache data type"}
    return names.get(field.full_name, field.name.replace("_", " ").capitalize())


def _note(field: SettingField) -> str:
    """The note of a field with fixed choices."""
    return _NOTES.get(field.full_name, "" if field.common else field.description)


def _about(table: str) -> str:
    own = Settings.model_fields.get(table)
    model = own.annotation if own else other_settings_models()[table]
    return (inspect.getdoc(model) or table).splitlines()[0].rstrip(".")


def _options(field: SettingField) -> dict[str, str]:
    """The values of a setting that takes only some."""
    if field.full_name == _ENGINE:
        return {"auto": "Automatic"} | {name: name.capitalize() for name in plugins()}
    if field.full_name == "retry.engine":
        return {"none": "None"} | {name: name.capitalize() for name in plugins()}
    if field.name == "voice" and field.table == "narrator":
        own = [each for each in voices() if each.model == field.table]
        return {each.name: f"{each.name.capitalize()}: {each.description}" for each in own}
    return {value: value for value in field.choices}


def _parsed(field: SettingField, written: str) -> object | None:
    """A typed text as `BookChoices.set` takes it. An empty field means the default (None), unless the setting accepts
    an empty text."""
    if field.kind == "list":
        return tuple(filter(None, (each.strip() for each in written.split(","))))
    return None if not written.strip() and (field.kind != "text" or field.values) else written.strip()
