import pytest

from mayabook.checks import Checker
from mayabook.core.settings import CheckSettings


@pytest.fixture(scope="session")
def checker() -> Checker:
    """With its recognisers, which are loaded once."""
    return Checker(CheckSettings())
