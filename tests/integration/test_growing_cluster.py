"""Nodes join and leave while a book is made: the book is the same, and each worker has a GPU of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.ray_nodes import ENVIRONMENT
from tests.integration.test_cluster import takes_of, verdicts_of

pytest.importorskip("ray")
SPACE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Namespaces of its own: the autoscaler's nodes end with them."""


def test_nodes_that_join_and_leave_change_no_take(tmp_path: Path) -> None:
    """Renderer, ledger, Ray and its autoscaler are the real ones; engine and checks sleep."""
    from tests.integration.growing_cluster import ADDED, ALL_WORK, FIRST, N_MADE  # loads Ray

    if subprocess.run([*SPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces of its own (unshare) are not allowed here")
    run = subprocess.run(
        [*SPACE, sys.executable, "-m", "tests.integration.growing_cluster", tmp_path],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **ENVIRONMENT, "RAY_NUM_REDIS_GET_RETRIES": "60"},
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["notes"][0] == "Cluster: 1 worker on 1 node."
    assert ALL_WORK in told["notes"]  # nobody but the waiting tasks asked for the second node
    assert any(note.startswith(f"A worker on {FIRST} was lost") for note in told["notes"])
    assert 0 < told["made on"].pop(f"{FIRST}, GPU 0") <= N_MADE
    assert told["made on"].keys() == set(ADDED)  # each saw one GPU, and not the same
    jobs = tmp_path / "cluster" / "1.mayabook", tmp_path / "alone" / "1.mayabook"
    assert takes_of(jobs[0]) == takes_of(jobs[1])
    assert verdicts_of(jobs[0]) == verdicts_of(jobs[1])
