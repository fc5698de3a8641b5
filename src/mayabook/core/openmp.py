"""Limits how long idle OpenMP threads of llama.cpp, torch and CTranslate2 spin."""

import os


def limit_spinning() -> None:
    """Lets waiting threads sleep soon; call it before one of these libraries is loaded, for libgomp reads it once.

    By default they spin almost without end: where another program wants the same cores, each wait then costs a time
    slice, and decoding falls to a thirtieth. A value of GOMP_SPINCOUNT that the environment has is kept.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
