"""The server is killed, first alone and then with its run: the next one goes on, and the audiobook is as it should be."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mayabook.studio.job_queue import STATE_FILE
from tests import runs
from tests.studio.conftest import address_of, start_studio

PARAGRAPHS = [
    f"On day {number} the keeper climbed all {90 + number} steps, wound the clock, and wrote down what the sea was doing."
    for number in range(1, 9)
]
OPTIONS = "[script]\nmax_words = 20\n"


@pytest.fixture
def servers() -> Iterator[list["subprocess.Popen[str]"]]:
    """Those that a test started; whatever still runs of them at its end is killed."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for server in started:
        server.kill()
        server.wait()


def write_library(folder: Path) -> Path:
    folder.mkdir()
    book = runs.write_story(folder / "keeper.epub", "The Keeper", {"One": PARAGRAPHS[:4], "Two": PARAGRAPHS[4:]})
    (folder / "keeper.settings.toml").write_text(OPTIONS)
    return book


def queue_of(library: Path) -> list[dict[str, Any]]:
    return list(json.loads((library / STATE_FILE).read_text())["queue"])


def n_takes(library: Path) -> int:
    return len(list((library / "keeper.mayabook" / "takes").glob("*.flac")))


def wait_for_takes(library: Path, n_wanted: int) -> None:
    while n_takes(library) < n_wanted and queue_of(library):
        time.sleep(0.05)


def kill(server: "subprocess.Popen[str]") -> None:
    server.kill()
    server.wait()


def test_a_killed_server_loses_nothing(tmp_path: Path, servers: list["subprocess.Popen[str]"]) -> None:
    library = tmp_path / "library"
    write_library(library)
    (library / STATE_FILE).write_text(json.dumps({"queue": [{"book": "keeper.epub", "state": "queued"}]}))

    servers.append(start_studio(library))  # killed alone: the run goes on without it
    wait_for_takes(library, 1)
    kill(servers[-1])
    (entry,) = queue_of(library)
    assert entry["state"] == "running"
    n_before = n_takes(library)

    servers.append(start_studio(library))  # killed together with the run
    address_of(servers[-1])
    wait_for_takes(library, n_before + 1)
    kill(servers[-1])
    with suppress(ProcessLookupError):  # it is through already
        os.killpg(entry["pid"], signal.SIGKILL)

    servers.append(start_studio(library))
    while queue_of(library):
        assert servers[-1].poll() is None
        time.sleep(0.1)

    alone = tmp_path / "alone"
    book = write_library(alone)
    made = runs.mayabook_in(alone, "make", book, "--settings", alone / "keeper.settings.toml", "--quiet")
    assert made.returncode == 0, made.stderr
    assert (library / "keeper.m4b").read_bytes() == (alone / "keeper.m4b").read_bytes()
