import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.runs import STORY, finished_job, made_once, mayabook_in, write_story


@pytest.fixture
def mayabook(tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Runs `mayabook ARGUMENTS` in the test's own folder."""
    return partial(mayabook_in, tmp_path)


@pytest.fixture(scope="session")
def made_harbour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A folder with `harbour.epub` and what `mayabook make` makes of it, and the facts that the run printed last."""

    def make(folder: Path) -> None:
        book = write_story(folder / "harbour.epub", "The Harbour", STORY)
        run = mayabook_in(folder, "make", book, "--json")
        assert run.returncode == 0, run.stdout + run.stderr
        (folder / "facts.json").write_text(run.stdout.splitlines()[-1])

    folder = made_once(tmp_path_factory, "harbour", make)
    return folder, json.loads((folder / "facts.json").read_text())


@pytest.fixture
def harbour(made_harbour: tuple[Path, dict], tmp_path: Path) -> tuple[Path, dict]:
    """The same in the test's own folder: the book with its audiobook and job beside it, and the facts."""
    folder, facts = made_harbour
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path / "harbour.epub", facts


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A finished job with one flagged chunk, and the number of that chunk. No test changes it."""
    return finished_job(tmp_path_factory)


@pytest.fixture
def job(finished: tuple[Path, int], tmp_path: Path) -> tuple[Path, int]:
    """The same in the test's own folder."""
    folder, number = finished
    shutil.copytree(folder.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / folder.name, number
