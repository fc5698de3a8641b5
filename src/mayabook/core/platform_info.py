"""The kind of processor that audio was made on.

The same model, text and seed can give other samples on a processor with other vector instructions.
"""

import platform
from functools import cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_EXTENSIONS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimddp", "i8mm", "sve")
"""Vector instructions by which the inference libraries choose their kernels, under the names that Linux gives them."""


@cache
def processor() -> str:
    """Architecture, vendor and vector instructions, such as `x86_64 GenuineIntel avx2 avx512f avx512_vnni`.

    Where the system is not Linux, the architecture alone.
    """
    try:
        facts = _first_core(_CPUINFO.read_text())
    except OSError:
        facts = {}
    flags = facts.get("flags", facts.get("Features", "")).split()
    vendor = facts.get("vendor_id", "")
    return " ".join(filter(None, [platform.machine(), vendor, *(name for name in _EXTENSIONS if name in flags)]))


def _first_core(cpuinfo: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in cpuinfo.partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
