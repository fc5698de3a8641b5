"""Starts the worker: run by its path, with -I, by the Python of the environment vllm.

That environment has none of MayaBook's packages, and MayaBook's own environment must stay out of its path: it holds
other versions. So MayaBook's modules are found by the path of this file alone, and packages whose `__init__` needs
more than NumPy are replaced by empty ones.
"""

import sys
from pathlib import Path
from types import ModuleType


def enter_packages() -> None:
    """Makes `mayabook.engines.sampler` and the like importable."""
    root = Path(__file__).resolve().parents[2]
    for name in ("mayabook", "mayabook.engines"):
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package


if __name__ == "__main__":
    enter_packages()
    from mayabook.engines.vllm.vllm_backend import VllmBackend
    from mayabook.engines.vllm.worker import work

    work(VllmBackend)
