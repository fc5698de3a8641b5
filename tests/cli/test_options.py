"""The options that are generated from the settings models."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mayabook.cli import app, options
from mayabook.core.errors import SettingsError
from mayabook.core.setting_fields import SettingField, setting_fields
from mayabook.core.settings import Settings

FLAGS: dict[str, tuple[str, str, Any]] = {
    "--include 3-7": ("book", "include", ("3-7",)),
    "--skip One --skip Two": ("book", "skip", ("One", "Two")),
    "--only 4": ("book", "only", ("4",)),
    "--image-alt": ("book", "image_alt", True),
    "--max-words 16": ("script", "max_words", 16),
    "--max-chars 200": ("script", "max_chars", 200),
    "--asr-model small.en": ("checks", "asr_model", "small.en"),
    "--engine gguf": ("engine", "kind", "gguf"),
    "--model tiny": ("maya", "model", "tiny"),
    "--format Q8_0": ("maya", "format", "Q8_0"),
    "--preset maya-official": ("maya", "preset", "maya-official"),
    "--temperature 0.4": ("maya", "temperature", 0.4),
    "--top-p 0.9": ("maya", "top_p", 0.9),
    "--top-k 40": ("maya", "top_k", 40),
    "--min-p 0.1": ("maya", "min_p", 0.1),
    "--repetition-penalty 1.1": ("maya", "repetition_penalty", 1.1),
    "--penalty-window 64": ("maya", "penalty_window", 64),
    "--penalty-window all": ("maya", "penalty_window", "all"),
    "--max-tokens 900": ("maya", "max_tokens", 900),
    "--bos once": ("maya", "bos", "once"),
    "--slots 4": ("maya", "slots", 4),
    "--slots auto": ("maya", "slots", "auto"),
    "--context 2048": ("maya", "context", 2048),
    "--threads 2": ("maya", "threads", 2),
    "--gpu-layers -1": ("maya", "gpu_layers", -1),
    "--device cpu": ("maya", "device", "cpu"),
    "--dtype bfloat16": ("maya", "dtype", "bfloat16"),
    "--quantisation nf4": ("maya", "quantisation", "nf4"),
    "--speed 1.2": ("narrator", "speed", 1.2),
    "--workers 1": ("narrator", "workers", 1),
    "--attempts 5": ("retry", "attempts", 5),
    "--loudness -16": ("master", "loudness", -16.0),
    "--bitrate 96": ("master", "bitrate", 96),
    "--captions vtt": ("master", "captions", "vtt"),
    "--split": ("master", "split", True),
    "--retry-split 0": ("retry", "split", 0),
    "--no-retry-trim": ("retry", "trim", False),
}
"""Options -> table, name and value of the setting that they set, and no other."""


def every_setting() -> list[SettingField]:
    return [field for table in Settings.model_fields for field in setting_fields(table, options.settings_model(table))]


def settings_by(*arguments: str | Path) -> Settings:
    """What a command with an option for each setting is given."""
    given: list[Settings] = []

    @options.accept_settings(*Settings.model_fields)
    def command(*, settings: Settings) -> None:
        given.append(settings)

    program = typer.Typer()
    program.command()(command)
    result = CliRunner().invoke(program, list(map(str, arguments)))
    if isinstance(result.exception, SettingsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return given[0]


@pytest.mark.parametrize("arguments", FLAGS)
def test_an_option_sets_its_setting(arguments: str) -> None:
    table, name, value = FLAGS[arguments]
    settings = settings_by(*arguments.split())
    assert settings == Settings.model_validate({table: {name: value}})
    assert {each: getattr(settings, each).model_fields_set for each in settings.model_fields_set} == {table: {name}}


def test_no_option_changes_nothing() -> None:
    assert settings_by() == Settings()


def test_a_flag_that_tables_share_sets_each() -> None:
    settings = settings_by("--voice", "nova")
    assert (settings.maya.voice, settings.narrator.voice) == ("nova", "nova")


def test_options_outrank_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[master]\nsplit = true\nbitrate = 96\n[ladder]\nattempts = 7\n")
    settings = settings_by("--settings", file, "--no-split")
    assert (settings.master.split, settings.master.bitrate, settings.retry.attempts) == (False, 96, 7)


def test_a_value_out_of_range_is_refused_by_the_settings_model() -> None:
    with pytest.raises(SettingsError, match=r"narrator.speed \(option --speed\) is '9'; it takes a number, 0.5 to 2"):
        settings_by("--speed", "9")


def help_of(command: str, flag: str) -> str:
    result = CliRunner().invoke(app, [command, flag], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines())) <= 80
    return " ".join(result.output.split())


def test_help_shows_the_options_that_people_use() -> None:
    shown = help_of("make", "--help")
    common = [field for field in every_setting() if field.common]
    assert 8 <= len({field.flag for field in common}) <= 14
    for field in every_setting():
        assert (f"{field.flag} " in shown) == (field.flag in {each.flag for each in common}), field


def test_all_help_shows_every_setting_with_its_range_and_default() -> None:
    shown = help_of("make", "--help-all")
    for field in every_setting():
        row = shown.partition(f" [{field.table}] ")[2].partition(field.description)[2].partition(" --")[0]
        assert field.values in row
        assert not field.default or field.default == "off" or f"default {field.default}]" in row


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_other_commands_take_the_settings_that_they_use(command: str) -> None:
    shown = help_of(command, "--help-all")
    for field in every_setting():
        used = field.table in {"inspect": ("book", "script"), "verify": ("book", "checks")}[command]
        assert (field.description in shown) == used


def test_a_setting_outside_of_a_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("bitrate = 96\n")
    with pytest.raises(SettingsError, match="sets bitrate outside of any table"):
        settings_by("--settings", file)
