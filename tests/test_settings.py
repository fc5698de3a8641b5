"""Settings files: what an old name of a table does."""

from pathlib import Path

from typer.testing import CliRunner

from mayabook.cli import app
from mayabook.core.events import Event, Note
from mayabook.core.settings import RENAMED_TABLES, Settings, load_settings


def old_file(folder: Path) -> Path:
    file = folder / "settings.toml"
    file.write_text("[ladder]\nattempts = 2\n\n[master]\nloudness = -20\n")
    return file


def test_an_old_name_is_read_with_a_note_that_names_the_new_one(tmp_path: Path) -> None:
    file, events = old_file(tmp_path), list[Event]()
    assert load_settings(file, {}, events.append).retry.attempts == 2
    assert events == [
        Note(f"Rename the table [ladder] in {file} to [retry]: the old name is accepted in this version only.")
    ]
    assert load_settings(file, {"retry": {"attempts": 5}}).retry.attempts == 5


def test_a_new_name_is_read_without_a_note(tmp_path: Path) -> None:
    file, events = tmp_path / "settings.toml", list[Event]()
    file.write_text("[retry]\nattempts = 2\n")
    assert load_settings(file, {}, events.append).retry.attempts == 2
    assert events == []


def test_old_names_lead_to_tables_that_exist() -> None:
    assert set(RENAMED_TABLES.values()) <= set(Settings.model_fields)
    assert not set(RENAMED_TABLES) & set(Settings.model_fields)


def test_the_command_line_prints_the_note(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["inspect", str(tmp_path / "none.epub"), "--settings", str(old_file(tmp_path))])
    assert "Note: Rename the table [ladder] in" in run.stderr
    assert "to [retry]: the old name is accepted in this version only." in run.stderr
