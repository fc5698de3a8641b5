"""mayabook doctor: what this machine has, and what a book would be made with."""

import json
import os
import platform
import shutil
from importlib import metadata
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from mayabook.cli import options

EXTRAS = {
    "gguf": "llama-cpp-python",
    "transformers": "transformers",
    "vllm": "vllm",
    "web": "nicegui",
    "cluster": "ray",
}
"""Extra -> the package by which its presence is told."""


def doctor(as_json: options.Json = False) -> None:
    """Check this installation: versions, cores, memory, disk, narrator, recogniser and extras."""
    import av
    from hibari import voices

    from mayabook import __version__
    from mayabook.checks import Checker
    from mayabook.core.settings import CheckSettings, NarratorSettings
    from mayabook.engines import Narrator

    memory = psutil.virtual_memory()
    narrator = Narrator(NarratorSettings())
    checker = Checker(CheckSettings())
    here = [name for name in voices.VOICES if _here(name)]
    rows = [
        ("mayabook", __version__),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("cores", str(os.cpu_count())),
        ("memory", f"{memory.available / 1e9:.0f} of {memory.total / 1e9:.0f} GB free"),
        ("free disk here", f"{shutil.disk_usage(Path.cwd()).free / 1e9:.0f} GB"),
        ("FFmpeg in PyAV", f"PyAV {av.__version__}, encoders: {', '.join(_encoders())}"),
        ("narrator", f"{narrator.identity}; voices here: {', '.join(here)}"),
        ("recogniser", checker.identity),
        *((f"extra [{extra}]", _version(package)) for extra, package in EXTRAS.items()),
        ("for a book", f"engine narrator, voice {narrator.voice}, recogniser {CheckSettings().asr_model}"),
    ]
    if as_json:
        print(json.dumps(dict(rows), ensure_ascii=False, indent=1))
        return
    table = Table(box=None, show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    Console().print(table, highlight=False)


def _here(voice: str) -> bool:
    from hibari import voices

    try:
        return Path(voices.voice_path(voice, download_missing=False)).is_file()
    except FileNotFoundError:
        return False


def _encoders() -> list[str]:
    import av

    return [name for name in ("aac", "libmp3lame", "libopus", "flac") if name in av.codecs_available]


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return "not installed"
