"""Codes and traces as files: one compressed NumPy archive a take, beside its audio."""

import io
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mayabook.core.take import Codes


def encode_codes(codes: Codes) -> bytes:
    """The content of the archive. Codes are below 65,536 and take two bytes each."""
    encoded = io.BytesIO()
    arrays = asdict(codes)
    np.savez_compressed(encoded, **{**arrays, "frames": arrays["frames"].astype(np.uint16)})
    return encoded.getvalue()


def decode_codes(encoded: bytes) -> Codes:
    """What `encode_codes` encoded."""
    with np.load(io.BytesIO(encoded)) as arrays:
        return Codes(**{**arrays, "frames": arrays["frames"].astype(np.int32)})


def read_codes(path: Path) -> Codes:
    """The codes in a file that `encode_codes` gave the content of."""
    return decode_codes(path.read_bytes())
