"""Contract test suites for packages that extend MayaBook; importing this needs pytest.

from mayabook.testing import EngineContract, ReaderContract

class TestMyEngine(EngineContract):
    plugin = MyEnginePlugin()

class TestMyReader(ReaderContract):
    reader = MyReader()

    def sample(self, folder):
        file = folder / "book.mine"
        file.write_text("...")
        return file
"""

import pytest

pytest.register_assert_rewrite("mayabook.testing.engine_contract", "mayabook.testing.reader_contract")

from mayabook.testing.engine_contract import EngineContract  # noqa: E402  after its assertions are registered
from mayabook.testing.reader_contract import ReaderContract  # noqa: E402

__all__ = ["EngineContract", "ReaderContract"]
