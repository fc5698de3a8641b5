"""Command-line options that set a setting: their help is the setting's own description."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mayabook.core.settings import Settings, load_settings


def _option(room: str, name: str, *flags: str) -> Any:
    field = type(getattr(Settings(), room)).model_fields[name]
    default = "" if field.default in ((), "", False) else f" (default {field.default})"
    return typer.Option(*flags, help=f"{field.description}{default}", show_default=False)


Include = Annotated[list[str] | None, _option("book", "include", "--include")]
Skip = Annotated[list[str] | None, _option("book", "skip", "--skip")]
Only = Annotated[list[str] | None, _option("book", "only", "--only")]
ImageAlt = Annotated[bool | None, _option("book", "image_alt", "--image-alt")]
MaxWords = Annotated[int | None, _option("script", "max_words", "--max-words")]
MaxChars = Annotated[int | None, _option("script", "max_chars", "--max-chars")]
Voice = Annotated[str | None, _option("narrator", "voice", "--voice")]
Speed = Annotated[float | None, _option("narrator", "speed", "--speed")]
Workers = Annotated[int | None, _option("narrator", "workers", "--workers")]
AsrModel = Annotated[str | None, _option("checks", "asr_model", "--asr-model")]
Attempts = Annotated[int | None, _option("checks", "attempts", "--attempts")]
Loudness = Annotated[float | None, _option("master", "loudness", "--loudness")]
Bitrate = Annotated[int | None, _option("master", "bitrate", "--bitrate")]
Captions = Annotated[str | None, _option("master", "captions", "--captions")]
Split = Annotated[bool | None, _option("master", "split", "--split")]

Lexicon = Annotated[
    Path | None, typer.Option("--lexicon", help="TOML file that says how to pronounce words: a [words] table.")
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="TOML file with settings; options given here outrank it.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line, for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def settings_of(file: Path | None, given: Mapping[str, Mapping[str, object]]) -> Settings:
    """Defaults, then the file, then what was given on the command line (None and empty lists were not)."""
    overrides: dict[str, dict[str, Any]] = {
        room: {name: value for name, value in values.items() if value not in (None, [])}
        for room, values in given.items()
    }
    return load_settings(file, overrides)
