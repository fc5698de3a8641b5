"""Runs a command as if on another x86 processor: all its libraries choose the code that they would choose there.

    python -m bench.processor avx2-amd pytest tests/checks

Needs Linux, a C compiler, and a processor that has all instructions of the emulated one. processor.c explains how it
works.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("processor.c")
PROCESSORS = {
    "amx-intel": "AVX-512 with VNNI and AMX, Intel",
    "vnni-intel": "AVX-512 with VNNI, Intel",
    "avx512-intel": "AVX-512 without VNNI, Intel",
    "vnni-amd": "AVX-512 with VNNI, AMD (EPYC 9654)",
    "avx2-amd": "AVX2 without VNNI, AMD (EPYC 7763)",
    "avx2-intel": "AVX2 without VNNI, Intel",
}


def environment(processor: str) -> dict[str, str]:
    """Environment for a child process on the emulated processor. Raises RuntimeError if it cannot be emulated here."""
    variables = {**os.environ, "LD_PRELOAD": str(_library()), "MAYABOOK_PROCESSOR": processor}
    tried = subprocess.run([sys.executable, "-c", ""], env=variables, capture_output=True, text=True)
    if tried.returncode:
        raise RuntimeError(tried.stderr.strip() or f"{processor} cannot be emulated here")
    return variables


def _library() -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("There is no C compiler: install one to emulate a processor.")
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    library = Path(tempfile.gettempdir()) / f"mayabook-processor-{digest}.so"
    if not library.exists():
        fresh = library.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", fresh, SOURCE, "-ldl"], check=True)
        fresh.replace(library)
    return library


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] not in PROCESSORS:
        names = "\n".join(f"  {name:14}{what}" for name, what in PROCESSORS.items())
        raise SystemExit(f"{(__doc__ or '').strip()}\n\nProcessors:\n{names}")
    try:
        variables = environment(sys.argv[1])
    except RuntimeError as error:
        raise SystemExit(str(error)) from error
    os.execvpe(sys.argv[2], sys.argv[2:], variables)


if __name__ == "__main__":
    main()
