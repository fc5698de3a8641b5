"""What speaks: one contract, and the engines that fulfil it."""

from mayabook.engines.engine import Engine
from mayabook.engines.narrator import Narrator

__all__ = ["Engine", "Narrator"]
