"""Runs llmcompressor in its tool environment; every failure becomes an error of one line."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mayabook.core.errors import EngineError, ModelError
from mayabook.core.tool_environments import ToolEnvironment, tool_environment

ENVIRONMENT = "quantisation"
"""Name of the tool environment."""
_SCRIPT = Path(__file__).with_name("llmcompressor_script.py")
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "MemoryError")
_NO_SPACE = ("No space left on device", "Disk quota exceeded", "File too large", "os error 28")
_KILLED = (-9, 137)
"""Exit codes of a process that the system killed, on Linux nearly always because memory was short."""


def environment() -> ToolEnvironment:
    return tool_environment(ENVIRONMENT)


def run_llmcompressor(arguments: Sequence[str]) -> None:
    """Runs llmcompressor_script.py with its arguments: METHOD CHECKPOINT OUTPUT and so on.

    Raises EngineError or ModelError that says why it failed.
    """
    ran = subprocess.run(
        [str(environment().python), "-I", str(_SCRIPT), *arguments],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode == 0:
        return
    lines = [line.strip() for line in ran.stdout.splitlines() if line.strip()]
    if ran.returncode in _KILLED or any(sign in ran.stdout for sign in _OUT_OF_MEMORY):
        raise EngineError(
            f"llmcompressor ran out of memory at {arguments[0]}; close other programs, or quantise on another machine."
        )
    if any(sign in ran.stdout for sign in _NO_SPACE):
        raise ModelError(
            f"No space left to write {arguments[2]}; free some space, or set MAYABOOK_MODELS to another folder."
        )
    raise EngineError(
        f"llmcompressor failed at {arguments[0]} ({lines[-1] if lines else 'it printed nothing'}); install its "
        f"environment again: mayabook engines remove {ENVIRONMENT}, then mayabook engines install {ENVIRONMENT}"
    )
