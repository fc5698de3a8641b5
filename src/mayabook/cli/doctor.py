"""mayabook doctor: what this machine has, and which engine would read a book."""

import json
import os
import platform
import shutil
from importlib import metadata
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mayabook.cli import options

EXTRAS = {
    "gguf": "llama-cpp-python",
    "transformers": "transformers",
    "cluster": "ray",
}
"""Extra -> a package that is installed exactly if the extra is."""


def doctor(as_json: options.Json = False) -> None:
    """Show what this machine has and which engine it would use.

    Lists devices, memory, engines, models and the recogniser, and which engine would read a book, and why.
    """
    import av

    from mayabook.checks import Checker
    from mayabook.core.settings import CheckSettings, Settings
    from mayabook.core.version import __version__
    from mayabook.engine_selection import open_engine
    from mayabook.engines.registry import plugins

    memory = psutil.virtual_memory()
    checker = Checker(CheckSettings())
    checker.load()
    notes: list[str] = []
    engine, choice = open_engine(Settings(), None, notes.append)
    engine.close()
    rows = [
        ("mayabook", __version__),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("cores", str(os.cpu_count())),
        ("memory", f"{memory.available / 1e9:.0f} of {memory.total / 1e9:.0f} GB free"),
        ("GPU", _gpus()),
        ("free space in this folder", f"{shutil.disk_usage(Path.cwd()).free / 1e9:.0f} GB"),
        ("FFmpeg in PyAV", f"PyAV {av.__version__}, encoders: {', '.join(_encoders())}"),
        ("recogniser", checker.identity),
        *dict(row for plugin in plugins().values() for row in plugin.installation().items()).items(),
        ("environments", _environments()),
        *((f"extra [{extra}]", _version(package)) for extra, package in EXTRAS.items()),
        ("engine chosen", f"{choice.kind}, {engine.credit}: {choice.reason}"),
        *([("notes", " ".join(notes))] if notes else []),
    ]
    if as_json:
        print(json.dumps(dict(rows), ensure_ascii=False, indent=1))
        return
    table = Table(box=None, show_header=False)
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    Console().print(table, highlight=False)


def _gpus() -> str:
    from mayabook.core.hardware import gpus

    found = [f"{gpu.name}, {gpu.free / 1e9:.0f} of {gpu.total / 1e9:.0f} GB free" for gpu in gpus()]
    return "; ".join(found) or "none found by nvidia-smi"


def _encoders() -> list[str]:
    import av

    from mayabook.core.output_formats import FORMATS

    return [form.codec for form in FORMATS.values() if form.codec in av.codecs_available]


def _environments() -> str:
    from mayabook.core.tool_environments import tool_environments

    return "; ".join(f"{each.name}: {each.missing_reason or f'ready, {each.folder}'}" for each in tool_environments())


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return "not installed"
