import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mayabook.core.tool_environments import MARKER, tool_environment
from tests.quantisation.memorised_speech import import_maya1_tiny

PACKER = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.packed_checkpoints import pack_checkpoint
isolated, script, method, checkpoint, output, *others = sys.argv[1:]
assert isolated == "-I"
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([method, *others]) + "\\n")
if len(others) > 1:
    Path(others[1]).replace({sequences!r})
Path(output).rmdir()
pack_checkpoint(Path(checkpoint), Path(output))
"""


@pytest.fixture
def tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """maya1-tiny in a store of its own; returns its folder."""
    monkeypatch.setenv("MAYABOOK_MODELS", str(tmp_path / "models"))
    return import_maya1_tiny()


@pytest.fixture
def interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a ready tool environment whose Python is this shell script."""

    def make(script: str) -> None:
        monkeypatch.setenv("MAYABOOK_ENVIRONMENTS", str(tmp_path / "environments"))
        environment = tool_environment("quantisation")
        environment.python.parent.mkdir(parents=True)
        environment.python.write_text(f"#!/bin/sh\n{script}\n")
        environment.python.chmod(0o755)
        (environment.folder / MARKER).write_text(json.dumps({"pins": environment._pins}))

    return make


@pytest.fixture
def packer(tmp_path: Path, interpreter: Callable[[str], None]) -> Path:
    """A tool environment that rounds weights to nearest, whatever method is asked for.

    Returns a folder with `calls`, the methods and arguments, and `sequences.npz`, the calibration sequences.
    """
    script = tmp_path / "packer.py"
    names = {name: str(tmp_path / name) for name in ("calls", "sequences.npz")}
    script.write_text(
        PACKER.format(tests=str(Path(__file__).parents[2]), calls=names["calls"], sequences=names["sequences.npz"])
    )
    interpreter(f'exec "{sys.executable}" "{script}" "$@"')
    return tmp_path
