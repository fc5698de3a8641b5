"""Limits how long idle OpenMP threads of llama.cpp, torch and CTranslate2 spin."""

import os


def limit_spinning() -> None:
    """Makes waiting threads go to sleep soon. Call it before any of these libraries is loaded: libgomp reads
    GOMP_SPINCOUNT only once.

    By default threads spin almost endlessly: if another program competes for the cores, each wait costs a time slice,
    and decoding drops to a thirtieth of its speed. If the environment sets GOMP_SPINCOUNT, that value is kept.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
