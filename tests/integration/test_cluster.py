"""A book made on a cluster is the book that one machine makes, whatever is lost on the way.

The cluster is real: a head and two further nodes on 127.0.0.2 to 127.0.0.4, in a network namespace of its own, since Ray
listens on all interfaces.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.integration.ray_nodes import ENVIRONMENT, OBJECT_STORE, start_node
from tests.runs import COMMAND

pytest.importorskip("ray")
HEAD, PORT = "127.0.0.2", 6379
ADDRESS = f"{HEAD}:{PORT}"
CPUS = {HEAD: 2, "127.0.0.3": 3, "127.0.0.4": 3}
"""Of each node."""
DRIVER = (
    sys.executable,
    "-c",
    """
import atexit, json, sys
def tell():
    # ru_maxrss would be that of the process that started this one, if that is larger
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1000
    print(json.dumps({"peak MB": peak, "loaded": [name for name in sys.modules if "." not in name]}), file=sys.stderr)
atexit.register(tell)
from mayabook.cli import main
main()
""",
)
"""The command, which prints in the end what memory it needed at most and what it loaded."""


class Cluster:
    """Runs commands in the network of the cluster. enter: command that enters it."""

    def __init__(self, enter: tuple[str, ...]) -> None:
        self._enter = enter

    def run(
        self, folder: Path, *command: str | Path, environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self._enter, *map(str, command)],
            cwd=folder,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=580,
            check=False,
        )

    def start_node(self, *options: str) -> "subprocess.Popen[str]":
        return start_node(*options, enter=self._enter)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with ExitStack() as stack:
        script = "ip link set lo up && echo up && exec sleep 1800"
        space = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        stack.callback(space.wait)
        stack.callback(space.kill)
        assert space.stdout is not None
        if space.stdout.readline() != "up\n":
            pytest.skip("a network namespace of its own (unshare --net) is not allowed here")
        cluster = Cluster(("nsenter", "--net", "--target", str(space.pid)))
        files = tempfile.mkdtemp(prefix="ray-")  # pytest's folders have too long names for sockets
        stack.callback(shutil.rmtree, files, ignore_errors=True)
        head = ("--head", f"--port={PORT}", "--include-dashboard=false", f"--temp-dir={files}")
        for place, n_cpus in CPUS.items():
            which = head if place == HEAD else (f"--address={ADDRESS}",)
            size = (f"--num-cpus={n_cpus}", f"--object-store-memory={OBJECT_STORE}", f"--node-ip-address={place}")
            node = cluster.start_node(*which, *size)
            stack.callback(node.wait)
            stack.callback(node.terminate)
        yield cluster


def takes_of(job: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (job / "takes").iterdir()}


def verdicts_of(job: Path) -> dict[tuple[str, int], str]:
    with closing(sqlite3.connect(job / "ledger.sqlite")) as ledger:
        rows = ledger.execute("SELECT key, attempt, body FROM takes JOIN verdicts ON verdicts.take = takes.id")
        return {(key, attempt): body for key, attempt, body in rows}


def test_a_book_is_the_same_on_three_nodes(
    cluster: Cluster, made_harbour: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    """Engine, checks and book are the real ones; each node has one worker. Another book is made beside it."""
    alone, _ = made_harbour
    book = shutil.copy(alone / "harbour.epub", tmp_path)
    (tmp_path / "boat.txt").write_text("The boat came in at dawn, with nobody aboard.")
    run = cluster.run(tmp_path, *DRIVER, "make", book, "boat.txt", "--cluster", ADDRESS)
    assert run.returncode == 0, run.stdout + run.stderr
    driver = json.loads(run.stderr.splitlines()[-1])
    assert driver["peak MB"] < 500  # 413 MB were measured; the recogniser takes 280 more
    assert not {"ctranslate2", "torch", "llama_cpp", "transformers"} & set(driver["loaded"])
    assert "Cluster: 3 workers on 3 nodes." in run.stdout
    assert (tmp_path / "harbour.m4b").read_bytes() == (alone / "harbour.m4b").read_bytes()
    assert takes_of(tmp_path / "harbour.mayabook") == takes_of(alone / "harbour.mayabook")
    assert verdicts_of(tmp_path / "harbour.mayabook") == verdicts_of(alone / "harbour.mayabook")
    assert (tmp_path / "boat.m4b").is_file()


def test_workers_that_are_killed_cost_time_only(cluster: Cluster, tmp_path: Path) -> None:
    """Renderer, ledger and Ray are the real ones; engine and checks sleep. Three of eight workers die."""
    bench = (sys.executable, "-m", "bench.farm", "--workers", "8", "--takes", "6")
    root = Path(__file__).parents[2]
    run = cluster.run(
        root, *bench, "--address", ADDRESS, "--slower", "0.4", "--kill", "3", "--work", tmp_path / "cluster"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("was lost") == 3, run.stdout
    alone = cluster.run(root, *bench, "--here", "--slower", "0.01", "--work", tmp_path / "alone")
    assert alone.returncode == 0, alone.stdout + alone.stderr
    jobs = tmp_path / "cluster" / "0.mayabook", tmp_path / "alone" / "0.mayabook"
    assert len(takes_of(jobs[0])) > 48
    assert takes_of(jobs[0]) == takes_of(jobs[1])
    assert verdicts_of(jobs[0]) == verdicts_of(jobs[1])


def test_workers_that_cannot_be_relied_on_change_no_take(cluster: Cluster, tmp_path: Path) -> None:
    script = (sys.executable, "-m", "tests.integration.odd_workers", ADDRESS, tmp_path)
    run = cluster.run(Path(__file__).parents[2], *script)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["version"][-1].startswith("error: No node of the cluster can be used. 127.0.0.")
    assert "It has MayaBook 0.0.1; install" in told["version"][-1]
    assert told["model"][-1].startswith("takes: ")
    assert any("is not used. It has another model or engine" in line for line in told["model"])
    assert told["hung"][-1] == told["model"][-1]  # the takes in flight there were made by others, too
    assert told["unequipped"][-1] == told["model"][-1]
    for line in (
        "The node 127.0.0.3 is not used. There is no model 'sleeping'; pull it.",
        "The node 127.0.0.4 is not used. [Errno 28] No space left on device; free space on that node's disk, or make "
        "the folder writable.",
    ):
        assert told["unequipped"].count(line) == 1


@pytest.mark.parametrize(
    ("address", "environment", "advice"),
    [
        (ADDRESS, {"RAY_AUTH_TOKEN": "c0" * 32}, "RAY_AUTH_TOKEN"),
        (f"{HEAD}:6399", {}, "There is no Ray head at 127.0.0.2:6399"),
        ("nowhere", {}, "give HOST:PORT, auto or local"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_one_line(
    address: str, environment: dict[str, str], advice: str, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "book.txt").write_text("The boat came in at dawn.")
    run = cluster.run(tmp_path, *COMMAND, "make", "book.txt", "--cluster", address, environment=environment)
    assert run.returncode == 2, run.stdout + run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert advice in run.stderr
