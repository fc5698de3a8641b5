from pathlib import Path

import pytest

from mayabook import Settings, make_audiobook
from tests.verify.sample_chapter import CHAPTER, SAMPLE


@pytest.fixture(scope="session")
def audiobook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first chapter of the sample book, by the narrator: an M4B of three minutes with its job beside it."""
    output = tmp_path_factory.mktemp("verify") / "one.m4b"
    make_audiobook(SAMPLE, output, settings=Settings(book=CHAPTER))
    return output
