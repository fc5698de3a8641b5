from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.runs import mayabook_in


@pytest.fixture
def mayabook(tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Runs `mayabook ARGUMENTS` in the test's own folder."""
    return partial(mayabook_in, tmp_path)
