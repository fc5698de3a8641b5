"""Contract test suites for packages that extend MayaBook; importing this needs pytest.

from mayabook.testing import EngineContract

class TestMyEngine(EngineContract):
    plugin = MyEnginePlugin()
"""

import pytest

pytest.register_assert_rewrite("mayabook.testing.engine_contract")

from mayabook.testing.engine_contract import EngineContract  # noqa: E402  after its assertions are registered

__all__ = ["EngineContract"]
