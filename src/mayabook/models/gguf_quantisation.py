"""Quantises GGUF files with llama.cpp's quantiser."""

import ctypes
from pathlib import Path
from typing import Any

from mayabook.core.errors import ModelError
from mayabook.models.disk import atomic_write, require_free_space
from mayabook.models.gguf_formats import FORMATS, QUANTISED


def quantize(source: Path, file: Path, to: str) -> None:
    """Writes `file` from a GGUF file in F16, BF16 or F32.

    Raises ModelError where the format is unknown, the source is missing or damaged, or the disk is full.
    """
    if to not in QUANTISED:
        raise ModelError(f"Unknown format {to!r}; choose one of: {', '.join(QUANTISED)}.")
    if not source.is_file():
        raise ModelError(f"There is no {source} to quantise; run: mayabook models convert")
    llama_cpp = library()
    from mayabook.models.llama_api import messages, reason

    require_free_space(file.parent, round(source.stat().st_size * FORMATS[to].bits / 16))
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = FORMATS[to].file_type
    with atomic_write(file) as temporary:
        with messages() as said:
            status = llama_cpp.llama_model_quantize(
                str(source).encode(), str(temporary).encode(), ctypes.byref(parameters)
            )
            text = said()
        if status or not temporary.is_file():
            raise ModelError(f"llama.cpp cannot quantise {source} ({reason(text)}); convert or copy the file again.")


def library() -> Any:
    """The llama_cpp package. Raises ModelError where it is not installed."""
    try:
        import llama_cpp
    except ImportError as error:
        raise ModelError("llama.cpp is not installed; run: pip install 'mayabook[gguf]'") from error
    return llama_cpp
