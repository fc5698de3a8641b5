from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from mayabook import Settings, make_audiobook
from mayabook.checks import Checker
from tests.verify.sample_chapter import CHAPTER, SAMPLE


@pytest.fixture(scope="session")
def audiobook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first chapter of the sample book, by the narrator: an M4B of three minutes with its job beside it."""
    output = tmp_path_factory.mktemp("verify") / "one.m4b"
    make_audiobook(SAMPLE, output, settings=Settings(book=CHAPTER))
    return output


load_checker = cache(Checker)


@pytest.fixture(scope="module", autouse=True)
def checkers_are_loaded_once() -> Iterator[None]:
    """A recogniser takes seconds to load, and nearly every test here verifies something."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mayabook.verify.verifier.Checker", load_checker)
        yield
