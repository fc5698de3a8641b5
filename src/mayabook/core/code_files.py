"""Codes and traces on disk: one compressed NumPy archive a take, beside its audio."""

import io
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mayabook.core.files import atomic_write
from mayabook.core.take import Codes


def write_codes(path: Path, codes: Codes) -> None:
    """Writes atomically; raises OutputError. Codes are below 65,536 and take two bytes each."""
    encoded = io.BytesIO()
    arrays = asdict(codes)
    np.savez_compressed(encoded, **{**arrays, "frames": arrays["frames"].astype(np.uint16)})
    with atomic_write(path) as temporary:
        temporary.write_bytes(encoded.getbuffer())


def read_codes(path: Path) -> Codes:
    """What `write_codes` wrote."""
    with np.load(path) as arrays:
        return Codes(**{**arrays, "frames": arrays["frames"].astype(np.int32)})
