"""A book's settings and lexicon, stored in two TOML files beside it.

    BOOK.settings.toml   for `mayabook make --settings`
    BOOK.lexicon.toml    for `mayabook make --lexicon`

The command line can read the same files. Comments and entries written by hand are kept.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from mayabook.core.errors import MayaBookError, ScriptError, SettingsError
from mayabook.core.files import write_text
from mayabook.core.settings import Settings, SettingsGroup, load_settings
from mayabook.engines.registry import check_settings
from mayabook.script import Lexicon, read_lexicon

WORDS = "words"
"""The lexicon's table."""


class BookChoices:
    """The two files of one book; neither needs to exist."""

    def __init__(self, book: Path) -> None:
        self.settings_file = book.with_suffix(".settings.toml")
        self.lexicon_file = book.with_suffix(".lexicon.toml")

    def settings(self) -> Settings:
        """All settings, with defaults. Raises SettingsError if the file is invalid."""
        settings = load_settings(self.settings_file if self.settings_file.is_file() else None, {})
        check_settings(settings)
        return settings

    def given(self) -> Mapping[str, Mapping[str, Any]]:
        """The settings in the file, without defaults: table -> name -> value."""
        return _read(self.settings_file, SettingsError).unwrap()

    def set(self, table: str, values: Mapping[str, object | None]) -> None:
        """Changes settings of a table. values: name -> value, or None for the default; numbers may be given as texts.

        Raises SettingsError, which says what the setting takes, and then changes nothing.
        """
        given = self.given()
        settings = load_settings(None, {**given, table: {**given.get(table, {}), **values}})
        check_settings(settings)
        accepted = settings.table(table)
        document = _read(self.settings_file, SettingsError)
        for name, value in values.items():
            if isinstance(accepted, SettingsGroup) and value is not None:
                value = getattr(accepted, name)
            _set(document, table, name, list(value) if isinstance(value, tuple) else value)
        write_text(self.settings_file, tomlkit.dumps(document))

    def lexicon(self) -> Lexicon:
        """Raises ScriptError if the file is invalid."""
        return read_lexicon(self.lexicon_file) if self.lexicon_file.is_file() else Lexicon()

    def respell(self, word: str, say: str, ipa: str = "") -> None:
        """Stores how a word is spoken: say, a respelling; ipa, its pronunciation. With neither, its entry is removed.

        Raises ScriptError if the lexicon refuses the entry; the file is then unchanged.
        """
        before = self.lexicon_file.read_text(encoding="utf-8") if self.lexicon_file.is_file() else None
        document = _read(self.lexicon_file, ScriptError)
        value: object | None = say or None
        if ipa:
            value = {"say": say or word, "ipa": ipa}
        if WORDS not in document:
            document[WORDS] = tomlkit.table()
        _set(document, WORDS, word, value)
        write_text(self.lexicon_file, tomlkit.dumps(document))
        try:
            self.lexicon()
        except ScriptError:
            if before is None:
                self.lexicon_file.unlink()
            else:
                write_text(self.lexicon_file, before)
            raise


def _read(file: Path, error: type[MayaBookError]) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8")) if file.is_file() else tomlkit.document()
    except (OSError, ValueError) as wrong:
        raise error(f"Cannot read {file} ({wrong}); correct it or delete it.") from wrong


def _set(document: tomlkit.TOMLDocument, table: str, name: str, value: object | None) -> None:
    """Sets a value, or removes it, and keeps the rest of the document as it is written."""
    held = document.setdefault(table, tomlkit.table())
    assert isinstance(held, Table)
    if value is None:
        held.pop(name, None)
    elif isinstance(value, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        held[name] = inline
    else:
        held[name] = value
