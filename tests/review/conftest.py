import shutil
from pathlib import Path

import pytest

from tests.runs import GREEK, mayabook_in, write_story

STORY = {"The Door": [GREEK, "She read it aloud, twice, and then she went home in the rain."]}


@pytest.fixture(scope="session")
def finished_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished job with one flagged chunk of several takes. No test changes it."""
    folder = tmp_path_factory.mktemp("finished")
    book = write_story(folder / "door.epub", "The Door", STORY)
    run = mayabook_in(folder, "make", book, "--max-words", "16", "--attempts", "2")
    assert run.returncode == 3, run.stdout + run.stderr
    return folder / "door.mayabook"


@pytest.fixture
def job(finished_job: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(finished_job, tmp_path / finished_job.name))
