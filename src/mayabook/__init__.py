"""MayaBook turns a book into an audiobook and proves that every sentence was spoken once, as written.

Importing it has no side effect and loads no other library: each name is imported when it is first used.
"""

import logging
from typing import TYPE_CHECKING

from mayabook.core.lazy_imports import lazy_names

if TYPE_CHECKING:
    from mayabook.book import read_book
    from mayabook.core.book import Book
    from mayabook.core.errors import Cancelled, MayaBookError
    from mayabook.core.events import (
        EngineSelected,
        Event,
        Listener,
        MasteringProgress,
        Note,
        RenderProgress,
        ScriptReady,
        VerificationProgress,
    )
    from mayabook.core.settings import Settings
    from mayabook.core.version import __version__
    from mayabook.pipeline import AudiobookResult, FlaggedChunk, make_audiobook
    from mayabook.verify import Verification, verify_audiobook

__all__ = [
    "AudiobookResult",
    "Book",
    "Cancelled",
    "EngineSelected",
    "Event",
    "FlaggedChunk",
    "Listener",
    "MasteringProgress",
    "MayaBookError",
    "Note",
    "RenderProgress",
    "ScriptReady",
    "Settings",
    "Verification",
    "VerificationProgress",
    "__version__",
    "make_audiobook",
    "read_book",
    "verify_audiobook",
]

_MODULES = {
    "__version__": "mayabook.core.version",
    "AudiobookResult": "mayabook.pipeline",
    "Book": "mayabook.core.book",
    "Cancelled": "mayabook.core.errors",
    "EngineSelected": "mayabook.core.events",
    "Event": "mayabook.core.events",
    "FlaggedChunk": "mayabook.pipeline",
    "Listener": "mayabook.core.events",
    "MasteringProgress": "mayabook.core.events",
    "MayaBookError": "mayabook.core.errors",
    "Note": "mayabook.core.events",
    "RenderProgress": "mayabook.core.events",
    "ScriptReady": "mayabook.core.events",
    "Settings": "mayabook.core.settings",
    "Verification": "mayabook.verify",
    "VerificationProgress": "mayabook.core.events",
    "make_audiobook": "mayabook.pipeline",
    "read_book": "mayabook.book",
    "verify_audiobook": "mayabook.verify",
}
"""Where each name of the public API is defined."""

logging.getLogger(__name__).addHandler(logging.NullHandler())

__getattr__ = lazy_names(__name__, _MODULES)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
