"""Fixture: the checker with its recogniser, loaded once."""

import pytest

from mayabook.checks import Checker
from mayabook.core.settings import CheckSettings


@pytest.fixture(scope="package")
def checker() -> Checker:
    return Checker(CheckSettings())
