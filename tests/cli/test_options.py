"""The options that are generated from the settings models."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mayabook.cli import app, options
from mayabook.cli.make import _with_absolute_paths
from mayabook.core.errors import SettingsError
from mayabook.core.setting_fields import SettingField, setting_fields
from mayabook.core.settings import Settings
from mayabook.engines.registry import other_settings_models

FLAGS: dict[str, tuple[str, str, Any]] = {
    "--include 3-7": ("book", "include", ("3-7",)),
    "--skip One --skip Two": ("book", "skip", ("One", "Two")),
    "--only 4": ("book", "only", ("4",)),
    "--image-alt": ("book", "image_alt", True),
    "--max-words 16": ("script", "max_words", 16),
    "--max-chars 200": ("script", "max_chars", 200),
    "--max-seconds 9": ("script", "max_seconds", 9.0),
    "--max-seconds auto": ("script", "max_seconds", "auto"),
    "--asr-model small.en": ("checks", "asr_model", "small.en"),
    "--second-asr-model small": ("checks", "second_asr_model", "small"),
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
    "--tokens-per-character 6.5": ("maya", "tokens_per_character", 6.5),
    "--warm-up keep": ("maya", "warm_up", "keep"),
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

    @options.accept_settings(*Settings.model_fields, *other_settings_models())
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
    with pytest.raises(SettingsError, match=r"narrator.speed \(option --speed\) is '9'; it must be a number, 0.5 to 2"):
        settings_by("--speed", "9")


def help_of(command: str, flag: str) -> str:
    result = CliRunner().invoke(app, [command, flag], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines())) <= 80
    return re.sub(r"(\w-) (?=\w)", r"\1", " ".join(result.output.split()))  # a line may end at a hyphen


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


CALM = """
from mayabook.core.settings import SettingsGroup
from mayabook.engines import EnginePlugin
from pydantic import Field


class CalmSettings(SettingsGroup):
    '''The calm engine.'''

    pace: float = Field(default=0.8, ge=0.5, le=1.0)
    '''Pace of the calm engine.'''
    voice: str = "still"
    '''Voice of the calm engine.'''


class Calm(EnginePlugin[CalmSettings]):
    name = settings_table = "calm"
    description = "Calm"
    settings_model = CalmSettings
    sample_rate = 24_000

    def open(self, settings, context):
        raise NotImplementedError
"""


def test_an_engine_of_another_package_brings_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "calm_options.py").write_text(CALM)
    facts = tmp_path / "mayabook_calm-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mayabook-calm\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[mayabook.engines]\ncalm = calm_options:Calm\n")
    monkeypatch.syspath_prepend(tmp_path)
    settings = settings_by("--pace", "0.7", "--voice", "nova", "--engine", "calm")
    assert settings.other_tables["calm"] == {"pace": "0.7", "voice": "nova"}
    assert (settings.maya.voice, settings.narrator.voice) == ("nova", "nova")
    with pytest.raises(SettingsError, match=r"calm\.pace \(option --pace\) is '2'; it must be a number, 0\.5 to 1\."):
        settings_by("--pace", "2")
    shown = subprocess.run(
        [sys.executable, "-m", "mayabook", "make", "--help-all"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "[calm] The calm engine:" in shown
    assert "--pace NUMBER  Pace of the calm engine. [0.5 to 1; default 0.8]" in shown


def test_a_path_of_a_model_holds_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "owner" / "model").mkdir(parents=True)
    for given, kept in (("owner/model", str(tmp_path / "owner" / "model")), ("owner/other", "owner/other")):
        settings = Settings.model_validate({"maya": {"model": given}, "calm": {"model": given, "voice": "still"}})
        absolute = _with_absolute_paths(settings)
        assert absolute.maya.model == kept
        assert absolute.other_tables["calm"] == {"model": kept, "voice": "still"}


def test_a_setting_outside_of_a_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("bitrate = 96\n")
    with pytest.raises(SettingsError, match="sets 'bitrate' outside of any table"):
        settings_by("--settings", file)
