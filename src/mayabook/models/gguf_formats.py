"""The weight formats of GGUF files that MayaBook makes and reads: one row for each."""

from dataclasses import dataclass

from mayabook.maya.defaults import default


@dataclass(frozen=True, slots=True)
class GgufFormat:
    """A weight format of GGUF files."""

    name: str
    """As llama.cpp calls it, `Q4_K_M`."""
    file_type: int
    """llama.cpp's number of it, in the file's metadata."""
    bits: float
    """Bits of a weight; about, where a format mixes several (it depends on the model)."""
    is_quantised: bool
    """Whether llama.cpp's quantiser makes it; the others are converted from a checkpoint."""


_ROWS = (
    GgufFormat("F32", 0, 32, is_quantised=False),
    GgufFormat("F16", 1, 16, is_quantised=False),
    GgufFormat("BF16", 32, 16, is_quantised=False),
    GgufFormat("Q8_0", 7, 8.5, is_quantised=True),
    GgufFormat("Q6_K", 18, 6.5625, is_quantised=True),
    GgufFormat("Q5_K_M", 17, 5.7, is_quantised=True),
    GgufFormat("Q4_K_M", 15, 4.9, is_quantised=True),
    GgufFormat("Q4_K_S", 14, 4.6, is_quantised=True),
)
FORMATS = {row.name: row for row in _ROWS}
CONVERTED = tuple(row.name for row in _ROWS if not row.is_quantised)
"""Formats that are made from a checkpoint."""
QUANTISED = tuple(row.name for row in _ROWS if row.is_quantised)
"""Formats that are made from a GGUF file of another format."""
SOURCES = ("F16", "BF16", "F32")
"""What to quantise: the first that there is."""
PREFERENCE: tuple[str, ...] = tuple(default("format"))
"""What to read a book with: the first that there is and that fits into memory."""


_SPELLINGS = {"Q6_K_M": "Q6_K"}
"""Other makers' names of formats -> llama.cpp's."""


def canonical(name: str) -> str:
    """A format as llama.cpp spells it: q4_k_m is Q4_K_M, q6_k_m is Q6_K."""
    return _SPELLINGS.get(name.upper(), name.upper())


def format_name(file_type: int) -> str | None:
    """The format of llama.cpp's number; None for one that MayaBook does not make."""
    return next((row.name for row in _ROWS if row.file_type == file_type), None)
