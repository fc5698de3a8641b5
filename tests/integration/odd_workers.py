"""Workers that cannot be relied on, in a real cluster: `python -m tests.integration.odd_workers HEAD FOLDER`.

Prints a JSON object: what a person is told in each case.
"""

import json
import sys
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import ray

from bench.farm import render, settings_for
from bench.simulated_worker import SleepingEngine, SleepingWorker
from mayabook.checks import Checker
from mayabook.cluster.cluster_executor import opener
from mayabook.cluster.farm import Farm
from mayabook.cluster.messages import EngineSpec
from mayabook.core.errors import ClusterError, ModelError
from mayabook.core.take import Take, TakeRequest
from mayabook.engines import Engine, EngineChoice

ODD_NODE, EMPTY_NODE = "127.0.0.4", "127.0.0.3"
FAST = 1000.0
"""Times real time."""


class OlderWorker(SleepingWorker):
    async def version(self) -> str:
        return "0.0.1"


class OtherModelWorker(SleepingWorker):
    """Has another model than the others if its node is the third."""

    def open(self, spec: EngineSpec, note: Callable[[str], None]) -> tuple[Engine, EngineChoice, Checker]:
        engine, choice, checker = super().open(spec, note)
        if ray.util.get_node_ip_address() == ODD_NODE:
            engine.identity = "another model"
        return engine, choice, checker


class HangingEngine(SleepingEngine):
    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for number, take in enumerate(super().generate(requests)):
            if number == 2:
                time.sleep(1e6)
            yield take


class HangingWorker(SleepingWorker):
    """Hangs at its third take if its node is the third."""

    def open(self, spec: EngineSpec, note: Callable[[str], None]) -> tuple[Engine, EngineChoice, Checker]:
        engine, choice, checker = super().open(spec, note)
        return HangingEngine(FAST) if ray.util.get_node_ip_address() == ODD_NODE else engine, choice, checker


class FullDiskEngine(SleepingEngine):
    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for number, take in enumerate(super().generate(requests)):
            if number == 2:
                Path("/dev/full").write_bytes(b"what an engine keeps")
            yield take


class UnequippedWorker(SleepingWorker):
    """Has no model if its node is the second; its disk is full at its third take if its node is the third."""

    def open(self, spec: EngineSpec, note: Callable[[str], None]) -> tuple[Engine, EngineChoice, Checker]:
        engine, choice, checker = super().open(spec, note)
        if ray.util.get_node_ip_address() == EMPTY_NODE:
            raise ModelError("There is no model 'sleeping'; pull it.")
        return FullDiskEngine(FAST) if ray.util.get_node_ip_address() == ODD_NODE else engine, choice, checker


def told(head: str, folder: Path, worker: type) -> list[str]:
    """The notes of a run with such workers, and the error that ended it."""
    notes: list[str] = []
    with Farm(head, 0, notes.append, worker) as farm:
        try:
            executor, _ = opener(farm)(settings_for(FAST), None, notes.append, "en")
            while not all(each.is_ready for each in farm.workers):  # so that each is given takes
                farm.tend()
                time.sleep(0.1)
            notes.append(f"takes: {render(folder, 1, 12, executor, FAST)}")
        except ClusterError as error:
            notes.append(f"error: {error}")
    return notes


if __name__ == "__main__":
    head, folder = sys.argv[1], Path(sys.argv[2])
    cases = {
        "version": OlderWorker,
        "model": OtherModelWorker,
        "hung": HangingWorker,
        "unequipped": UnequippedWorker,
    }
    print(json.dumps({name: told(head, folder / name, worker) for name, worker in cases.items()}))
