"""kill -9 anywhere costs at most the takes in flight, and the same command ends with the same bytes."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.runs import COMMAND, STORY, lines_of, samples_of, start, write_story

KILLS = 30
SEED = 20260101
SHORT_STORY = {
    "The Harbour": ["The boat came in at dawn, with nobody aboard.", "Anna saw it first, from the kitchen window."],
    "The Tide": ["In the evening the boat went out again.", "They stood on the pier and watched it go."],
}
"""Six chunks of a few words each: many moments to be killed in, and little to speak and to hear."""
SMALL_CHUNKS = ("--max-words", "12", "--max-chars", "140")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_story(tmp_path_factory.mktemp("book") / "harbour.epub", "The Harbour", SHORT_STORY)


@pytest.fixture(scope="module")
def undisturbed(book: Path) -> tuple[Path, float]:
    """The audiobook of a run that nobody disturbed, and the seconds it took."""
    output = book.with_name("undisturbed.m4b")
    began = time.monotonic()
    subprocess.run([*COMMAND, "make", book, "-o", output, *SMALL_CHUNKS, "--quiet"], check=True)
    return output, time.monotonic() - began


def test_thirty_kills_at_random_moments(book: Path, undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    """Each run is killed at a random moment of its life, the next goes on; a job that finishes is compared."""
    reference, lifetime = undisturbed
    chance = random.Random(SEED)
    kills = finished = 0
    while kills < KILLS or not finished:
        output = tmp_path / f"{finished}.m4b"
        process = start("make", book, "-o", output, *SMALL_CHUNKS, "--quiet", cwd=tmp_path)
        try:
            process.wait(chance.uniform(0.1, lifetime) if kills < KILLS else 240)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            if not output.exists():  # else the audiobook was whole before the process ended
                continue
        else:
            assert process.returncode == 0, process.stderr.read() if process.stderr else ""
        np.testing.assert_array_equal(samples_of(output), samples_of(reference))
        assert output.read_bytes() == reference.read_bytes()
        finished += 1
    assert kills == KILLS


@pytest.mark.parametrize("event", ["rendering", "mastering"])
def test_a_kill_while(event: str, book: Path, undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    """Killed at the moment it reports `event`: nothing of the audiobook is there, and the next run makes it whole."""
    output = tmp_path / "killed.m4b"
    process = start("make", book, "-o", output, *SMALL_CHUNKS, "--json", cwd=tmp_path)
    for line in lines_of(process):
        facts = json.loads(line)
        if facts["event"] == event and facts.get("done_chunks", 3) >= 3:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not output.exists()
    again = subprocess.run(
        [sys.executable, "-m", "mayabook", "make", book, "-o", output, *SMALL_CHUNKS, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    events = [json.loads(line) for line in again.stdout.splitlines()]
    resumed = next(facts for facts in events if facts["event"] == "rendering")
    assert resumed["resumed_chunks"] >= 3
    assert output.read_bytes() == undisturbed[0].read_bytes()


def test_kills_on_the_ladder(tmp_path: Path) -> None:
    """In a book with a chunk that no step can cure: every step is taken once, whenever the run was killed."""
    told = {"One": ["The words were λόγος καὶ ἀλήθεια καὶ ζωή καὶ φῶς, over the door. She read it aloud, twice."]}
    book = write_story(tmp_path / "carved.epub", "Carved", told)
    reference, output = tmp_path / "undisturbed.m4b", tmp_path / "killed.m4b"
    began = time.monotonic()
    assert subprocess.run([*COMMAND, "make", book, "-o", reference, "--quiet"], check=False).returncode == 3
    lifetime = time.monotonic() - began
    for share in (0.45, 0.6, 0.7):
        process = start("make", book, "-o", output, "--quiet", cwd=tmp_path)
        try:
            process.wait(share * lifetime)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    subprocess.run([*COMMAND, "make", book, "-o", output, "--quiet", "--force"], check=False)
    assert output.read_bytes() == reference.read_bytes()
    steps = [steps_of(each) for each in (reference, output)]
    assert steps[0] == steps[1]
    assert {"first take", "new seed", "safer sampling", "part", "splitting"} <= set(steps[0])


def steps_of(audiobook: Path) -> list[str]:
    """Of every take in the job, sorted."""
    with closing(sqlite3.connect(audiobook.with_suffix(".mayabook") / "ledger.sqlite")) as ledger:
        return sorted(step for (step,) in ledger.execute("SELECT step FROM takes"))


def test_a_stop_is_quick_and_says_how_to_go_on(tmp_path: Path) -> None:
    """In a book too long to be finished before the signals arrive."""
    story = {
        f"{title} {part}": [f"In year {part}: {text}" for text in paragraphs]
        for part in range(2, 5)
        for title, paragraphs in SHORT_STORY.items()
    }
    book = write_story(tmp_path / "longer.epub", "Longer", story)
    output = tmp_path / "stopped.m4b"
    n_done = 0
    for number in (signal.SIGINT, signal.SIGTERM):
        process = start("make", book, "-o", output, *SMALL_CHUNKS, "--json", cwd=tmp_path)
        done = (json.loads(line).get("done_chunks", 0) for line in lines_of(process))
        n_done = next(n for n in done if n >= n_done + 2)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "the same command resumes" in complaint
        assert "Traceback" not in complaint
    subprocess.run([*COMMAND, "make", book, "-o", output, *SMALL_CHUNKS, "--quiet"], check=False)
    assert output.exists()


def test_a_second_run_of_the_same_job_says_so(tmp_path: Path) -> None:
    book = write_story(tmp_path / "harbour.epub", "The Harbour", STORY)  # long enough to be spoken still
    output = tmp_path / "twice.m4b"
    first = start("make", book, "-o", output, *SMALL_CHUNKS, "--json", cwd=tmp_path)
    next(line for line in lines_of(first) if json.loads(line)["event"] == "rendering")
    second = subprocess.run(
        [*COMMAND, "make", book, "-o", output, *SMALL_CHUNKS], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert "Another run is using" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    first.communicate(timeout=120)
    assert first.returncode == 0
