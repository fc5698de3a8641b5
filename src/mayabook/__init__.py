"""MayaBook turns an EPUB into an audiobook and proves that every sentence was spoken once, as written."""

import os
from importlib.metadata import version

os.environ.setdefault("GOMP_SPINCOUNT", "100000")
"""Threads of llama.cpp and torch wait for each other by spinning, by default almost without end: where another
program wants the same cores, each wait then costs a time slice, and decoding falls to a thirtieth. libgomp reads this
once, when the first of them loads it, so it stands before all other imports."""

__version__ = version("mayabook")
