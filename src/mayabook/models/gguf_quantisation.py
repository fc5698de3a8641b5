"""GGUF files in fewer bits, by llama.cpp's own quantiser."""

import ctypes
from pathlib import Path
from typing import Any

from mayabook.core.errors import ModelError
from mayabook.models.disk import atomic_write, require_free_space

BITS = {"Q8_0": 8.5, "Q6_K": 6.5625, "Q5_K_M": 5.7, "Q4_K_M": 4.9, "Q4_K_S": 4.6}
"""Formats and the bits a weight takes in them, about (mixed formats depend on the model)."""
FILE_TYPES = {"Q8_0": 7, "Q6_K": 18, "Q5_K_M": 17, "Q4_K_M": 15, "Q4_K_S": 14}
"""llama.cpp's number of each."""


def quantize(source: Path, file: Path, to: str) -> None:
    """Writes `file` from a GGUF file in F16, BF16 or F32.

    Raises ModelError where the format is unknown, the source is missing or damaged, or the disk is full.
    """
    if to not in FILE_TYPES:
        raise ModelError(f"There is no format {to!r}; choose from: {', '.join(FILE_TYPES)}.")
    if not source.is_file():
        raise ModelError(f"There is no {source} to quantise; run: mayabook models convert")
    llama_cpp = library()
    from mayabook.models.llama_api import messages, reason

    require_free_space(file.parent, round(source.stat().st_size * BITS[to] / 16))
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = FILE_TYPES[to]
    with atomic_write(file) as temporary:
        with messages() as said:
            status = llama_cpp.llama_model_quantize(
                str(source).encode(), str(temporary).encode(), ctypes.byref(parameters)
            )
            text = said()
        if status or not temporary.is_file():
            raise ModelError(f"llama.cpp cannot quantise {source} ({reason(text)}); convert or bring the file anew.")


def library() -> Any:
    """The llama_cpp package. Raises ModelError where it is not installed."""
    try:
        import llama_cpp
    except ImportError as error:
        raise ModelError("llama.cpp is not installed; run: pip install 'mayabook[gguf]'") from error
    return llama_cpp
