"""Command-line options that set a setting: their help is the setting's own description."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from mayabook.core.settings import Settings, load_settings


def _option(room: str, name: str, *flags: str) -> Any:
    field = type(getattr(Settings(), room)).model_fields[name]
    default = "" if field.default in ((), "", False, None) else f" (default {field.default})"
    panel = "Maya1" if room == "maya" else None
    return typer.Option(*flags, help=f"{field.description}{default}", show_default=False, rich_help_panel=panel)


Include = Annotated[list[str] | None, _option("book", "include", "--include")]
Skip = Annotated[list[str] | None, _option("book", "skip", "--skip")]
Only = Annotated[list[str] | None, _option("book", "only", "--only")]
ImageAlt = Annotated[bool | None, _option("book", "image_alt", "--image-alt")]
MaxWords = Annotated[int | None, _option("script", "max_words", "--max-words")]
MaxChars = Annotated[int | None, _option("script", "max_chars", "--max-chars")]
Engine = Annotated[str | None, _option("engine", "kind", "--engine")]
Model = Annotated[str | None, _option("maya", "model", "--model")]
Format = Annotated[str | None, _option("maya", "format", "--format")]
Preset = Annotated[str | None, _option("maya", "preset", "--preset")]
Temperature = Annotated[float | None, _option("maya", "temperature", "--temperature")]
TopP = Annotated[float | None, _option("maya", "top_p", "--top-p")]
TopK = Annotated[int | None, _option("maya", "top_k", "--top-k")]
MinP = Annotated[float | None, _option("maya", "min_p", "--min-p")]
RepetitionPenalty = Annotated[float | None, _option("maya", "repetition_penalty", "--repetition-penalty")]
PenaltyWindow = Annotated[str | None, _option("maya", "penalty_window", "--penalty-window")]
MaxTokens = Annotated[int | None, _option("maya", "max_tokens", "--max-tokens")]
Bos = Annotated[str | None, _option("maya", "bos", "--bos")]
Slots = Annotated[str | None, _option("maya", "slots", "--slots")]
Context = Annotated[int | None, _option("maya", "context", "--context")]
Threads = Annotated[int | None, _option("maya", "threads", "--threads")]
GpuLayers = Annotated[int | None, _option("maya", "gpu_layers", "--gpu-layers")]
Device = Annotated[str | None, _option("maya", "device", "--device")]
Dtype = Annotated[str | None, _option("maya", "dtype", "--dtype")]
Quantisation = Annotated[str | None, _option("maya", "quantisation", "--quantisation")]
Voice = Annotated[
    str | None,
    typer.Option(
        "--voice",
        help="Voice: a name from `mayabook voices`, or for Maya1 a description in words.",
        show_default=False,
    ),
]
Speed = Annotated[float | None, _option("narrator", "speed", "--speed")]
Workers = Annotated[int | None, _option("narrator", "workers", "--workers")]
AsrModel = Annotated[str | None, _option("checks", "asr_model", "--asr-model")]
Attempts = Annotated[int | None, _option("retry", "attempts", "--attempts")]
Loudness = Annotated[float | None, _option("master", "loudness", "--loudness")]
Bitrate = Annotated[int | None, _option("master", "bitrate", "--bitrate")]
Captions = Annotated[str | None, _option("master", "captions", "--captions")]
Split = Annotated[bool | None, _option("master", "split", "--split")]

Lexicon = Annotated[
    Path | None, typer.Option("--lexicon", help="TOML file that says how to pronounce words: a table named words.")
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
