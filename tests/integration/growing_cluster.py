"""A cluster that grows and shrinks while a book is made: `python -m tests.integration.growing_cluster FOLDER`.

To be run in network and process namespaces of its own, with the environment of `ray_nodes`. The head has Ray's autoscaler, which starts nodes as processes. The
book begins on a node with one GPU, whose engine hangs at its third take. The autoscaler adds a node with two; when both
have made takes, the first node is ended. No node has a GPU really: what Ray hands out is a number.

Writes the job to FOLDER/cluster, and that of the same book made in this process to FOLDER/alone. Prints a JSON object: the
notes, and where takes were made.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import ray

from bench.farm import render, settings_for
from bench.simulated_worker import SleepingEngine, SleepingWorker
from mayabook.checks import Checker
from mayabook.cluster import cluster_executor
from mayabook.cluster.cluster_executor import opener
from mayabook.cluster.farm import Farm
from mayabook.cluster.messages import EngineSpec
from mayabook.core.take import Take, TakeRequest
from mayabook.engines import Engine, EngineChoice
from mayabook.render import LocalExecutor
from tests.integration.ray_nodes import OBJECT_STORE, start_node

HEAD, FIRST, PORT = "127.0.0.2", "127.0.0.3", 6379
ADDRESS = f"{HEAD}:{PORT}"
N_CHUNKS, N_MADE = 30, 2
"""Chunks of the book, and takes that the first node makes before it hangs."""
ADDED = tuple(f"127.0.0.1, GPU {number}" for number in range(2))
"""Platforms of the workers on the node that the autoscaler adds; Ray gives it that address."""
ALL_WORK = "Cluster: 3 workers on 2 nodes."
FAST = 20.0
"""Times real time."""
AUTOSCALING = {
    "cluster_name": "growing",
    "max_workers": 1,
    "provider": {"type": "fake_multinode", "gcs_address": ADDRESS, "disable_node_updaters": True},
    "available_node_types": {
        "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        "gpus": {
            "resources": {"CPU": 1, "GPU": 2, "object_store_memory": OBJECT_STORE},
            "node_config": {},
            "min_workers": 0,
            "max_workers": 1,
        },
    },
    "head_node_type": "ray.head.default",
    "idle_timeout_minutes": 5,
    "upscaling_speed": 1.0,
    "auth": {},
    "file_mounts": {},
    "cluster_synced_files": [],
    **{f"{when}_commands": [] for when in ("initialization", "setup", "head_setup", "worker_setup")},
    **{f"{where}_start_ray_commands": [] for where in ("head", "worker")},
}


class HangingEngine(SleepingEngine):
    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for number, take in enumerate(super().generate(requests)):
            if number == N_MADE:
                time.sleep(1e6)
            yield take


class PlacedWorker(SleepingWorker):
    """Its platform names node and GPU."""

    def open(self, spec: EngineSpec, note: Callable[[str], None]) -> tuple[Engine, EngineChoice, Checker]:
        engine, choice, checker = super().open(spec, note)
        place = ray.util.get_node_ip_address()
        if place == FIRST:
            engine = HangingEngine(FAST)
        engine.platform = f"{place}, GPU {os.environ['CUDA_VISIBLE_DEVICES']}"
        return engine, choice, checker


def start(files: Path) -> "subprocess.Popen[str]":
    """Starts the head and the first node; returns the latter."""
    os.environ.update(RAY_FAKE_CLUSTER="1", AUTOSCALER_UPDATE_INTERVAL_S="1")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    autoscaling = files / "autoscaling.json"
    autoscaling.write_text(json.dumps(AUTOSCALING))
    store = f"--object-store-memory={OBJECT_STORE}"
    head = ("--head", f"--port={PORT}", f"--node-ip-address={HEAD}", "--num-cpus=0", "--include-dashboard=false")
    start_node(*head, store, f"--temp-dir={files}", f"--autoscaling-config={autoscaling}")
    return start_node(f"--address={ADDRESS}", f"--node-ip-address={FIRST}", "--num-cpus=1", "--num-gpus=1", store)


def made_on(job: Path) -> Counter[str]:
    """Platform -> number of takes of a job that were made there."""
    ledger = job / "ledger.sqlite"
    if not ledger.exists():
        return Counter()
    with closing(sqlite3.connect(ledger)) as database:
        rows = database.execute("SELECT made_on FROM takes").fetchall()
    return Counter(str(row[0]).partition("; ")[2] for row in rows)


def end_when_others_work(node: "subprocess.Popen[str]", job: Path, notes: Sequence[str]) -> None:
    while ALL_WORK not in notes or not all(made_on(job)[place] for place in ADDED):
        time.sleep(0.2)
    node.terminate()


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as files:
        first = start(Path(files))
        cluster_executor.STRAGGLER = 1e9  # the takes that hang come back only because their node ends
        job, notes = folder / "cluster" / "1.mayabook", list[str]()
        threading.Thread(target=end_when_others_work, args=(first, job, notes), daemon=True).start()
        with Farm(ADDRESS, 0, notes.append, PlacedWorker) as farm:
            executor, _ = opener(farm)(settings_for(FAST), None, notes.append, "en")
            render(folder / "cluster", 1, N_CHUNKS, executor, FAST)
    render(folder / "alone", 1, N_CHUNKS, LocalExecutor(SleepingEngine(1000 * FAST)), 1000 * FAST)
    print(json.dumps({"notes": notes, "made on": made_on(job)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
