import shutil
from pathlib import Path

import pytest

from tests import runs


@pytest.fixture(scope="session")
def finished_job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished job with one flagged chunk of several takes. No test changes it."""
    return runs.finished_job(tmp_path_factory)[0]


@pytest.fixture
def job(finished_job: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(finished_job, tmp_path / finished_job.name))
