"""Makes malloc return freed memory to the system, so that long experiments need no more than their largest part."""

import ctypes
import sys

_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of glibc's malloc.h."""
_LARGE = 1 << 20
"""Blocks of this many bytes or more get a memory mapping of their own, which is unmapped when they are freed."""


def return_freed_memory() -> None:
    """Fixes glibc's mmap threshold at 1 MiB; does nothing on other systems than Linux.

    glibc raises the threshold by itself and keeps smaller blocks in an arena per thread. Every engine of an experiment
    has threads of its own, so in a comparison of six formats the arenas held 9 GB.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_MMAP_THRESHOLD, _LARGE)
