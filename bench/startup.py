"""CPU time until MayaBook begins to work: importing it, `--help`, and `inspect` of the sample book.

python bench/startup.py

Each figure is the user and system time of a whole process, the lowest of several runs. The peers, measured in the same
run, are Python itself and the import of pydantic.
"""

import resource
import subprocess
import sys
from pathlib import Path

SAMPLE = next((Path(__file__).parent.parent / "examples").glob("*.epub"))
RUNS = 7
"""Processes of each command."""
PEERS = {
    "python -c pass": ("-c", "pass"),
    "import pydantic": ("-c", "from pydantic import BaseModel"),
}
LIMITS = {"import mayabook": 0.1, "mayabook --help": 0.4, "mayabook inspect, sample book": 1.5}
"""Most CPU seconds that each may take."""
STARTS = {
    "import mayabook": ("-c", "import mayabook"),
    "mayabook --help": ("-m", "mayabook", "--help"),
    "mayabook inspect, sample book": ("-m", "mayabook", "inspect", str(SAMPLE)),
}


def cpu_seconds(*arguments: str) -> float:
    """Lowest user and system time of RUNS processes, in seconds."""
    spent = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(spent)


def main() -> None:
    peers = {name: cpu_seconds(*arguments) for name, arguments in PEERS.items()}
    for name, seconds in peers.items():
        print(f"{name:30} {seconds:.3f} s")
    for name, arguments in STARTS.items():
        seconds = cpu_seconds(*arguments)
        ratio = seconds / peers["import pydantic"]
        print(f"{name:30} {seconds:.3f} s (limit {LIMITS[name]} s), {ratio:.1f} times `import pydantic`")


if __name__ == "__main__":
    main()
