"""Memory that threads freed is returned to the system."""

import subprocess
import sys

import pytest

FREED_BY_THREADS = """
import sys, threading, numpy, psutil
from mayabook.lab.memory_trim import return_freed_memory
if sys.argv[1] == "given back":
    return_freed_memory()
kept = []

def work():
    numpy.ones(2_000_000)  # raises glibc's bound
    for _ in range(25):
        block = numpy.ones(250_000)
        kept.append(numpy.ones(500))  # lies behind it, so that the arena cannot shrink
        blocks.append(block)

blocks = []
for _ in range(4):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
blocks.clear()
print(psutil.Process().memory_info().rss >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_what_threads_freed_is_given_back() -> None:
    megabytes = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", FREED_BY_THREADS, how], capture_output=True, text=True, check=True
            ).stdout
        )
        for how in ("kept", "given back")
    }
    assert megabytes["given back"] < megabytes["kept"] - 100
