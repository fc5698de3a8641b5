"""Text-to-speech engines: the contract of what speaks, how an engine describes itself, and the built-in ones.

Importing this package, or listing the engines (`registry.plugins`), loads no inference library.
"""

from mayabook.engines.engine import Engine
from mayabook.engines.plugin import EngineChoice, EngineContext, EnginePlugin, Voice

__all__ = ["Engine", "EngineChoice", "EngineContext", "EnginePlugin", "Voice"]
