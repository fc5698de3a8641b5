"""Fixtures: the checker with its recogniser, loaded once, and engines that are closed at the end."""

from collections.abc import Iterator

import pytest

from mayabook.checks import Checker
from mayabook.core.settings import CheckSettings
from tests.render.faulty import Faulty


@pytest.fixture(scope="package")
def checker() -> Checker:
    return Checker(CheckSettings())


@pytest.fixture
def engines() -> Iterator[list[Faulty]]:
    """Engines that a test adds, closed at its end."""
    opened: list[Faulty] = []
    yield opened
    for engine in opened:
        engine.close()
