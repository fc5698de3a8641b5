import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from mayabook.core.openmp import limit_spinning

if TYPE_CHECKING:
    from mayabook.checks import Checker

limit_spinning()  # the tests share their cores

os.environ["MAYABOOK_MODELS"] = tempfile.mkdtemp(prefix="mayabook-no-models-")
os.environ["MAYABOOK_VOICES"] = tempfile.mkdtemp(prefix="mayabook-no-voices-")
"""Whoever runs the tests may have Maya1 installed, and saved voices; `auto` must not find them."""

settings.register_profile("fuzz", max_examples=400, deadline=None)


@pytest.fixture(scope="session")
def checker() -> "Checker":
    """With its recognisers, which are loaded once."""
    from mayabook.checks import Checker
    from mayabook.core.settings import CheckSettings

    return Checker(CheckSettings())


@pytest.fixture
def mayabook_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., CompletedProcess[str]]]:
    """Runs `mayabook ARGUMENTS` in the test's own folder and in this process: for commands that do less than a new
    process takes to start."""
    from mayabook.cli import main

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        command = ["mayabook", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return CompletedProcess(command, ended.value.code or 0, *capfd.readouterr())  # type: ignore[arg-type]

    monkeypatch.chdir(tmp_path)
    on_sigterm = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, on_sigterm)
