"""Limits how long idle threads of llama.cpp, torch, CTranslate2 and NumPy spin."""

import os


def limit_spinning() -> None:
    """Makes waiting threads go to sleep soon. Call it before any of these libraries is loaded: libgomp reads
    GOMP_SPINCOUNT only once.

    By default threads spin almost endlessly: if another program competes for the cores, each wait costs a time slice,
    and decoding drops to a thirtieth of its speed. OPENBLAS_NUM_THREADS is 1, since NumPy's matrix products are small
    and a second thread would only spin. Values that the environment sets are kept.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
