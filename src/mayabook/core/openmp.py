"""Limits how long idle threads of llama.cpp, torch, CTranslate2 and NumPy spin."""

import os


def limit_spinning() -> None:
    """Makes waiting threads go to sleep soon. Call it before any of these libraries is loaded: libgomp reads
    GOMP_SPINCOUNT only once.

    By default threads spin almost endlessly: if another program competes for the cores, each wait costs a time slice,
    and decoding drops to a thirtieth of its speed. NumPy's OpenBLAS has one thread: its products of matrices are small,
    and its second thread would spin between them. If the environment sets these variables, their values are kept.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
