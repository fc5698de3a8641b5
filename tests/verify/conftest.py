from pathlib import Path

import pytest
from sample_chapter import CHAPTER, SAMPLE

from mayabook.core.settings import Settings
from mayabook.pipeline import AudiobookRequest, run_pipeline


class Quiet:
    def say(self, line: str) -> None: ...
    def rendering(self, progress: object) -> None: ...
    def mastering(self, fraction: float) -> None: ...


@pytest.fixture(scope="session")
def audiobook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first chapter of the sample book, by the narrator: an M4B of three minutes with its job beside it."""
    output = tmp_path_factory.mktemp("verify") / "one.m4b"
    run_pipeline(AudiobookRequest(book=SAMPLE, output=output, settings=Settings(book=CHAPTER)), Quiet())
    return output
