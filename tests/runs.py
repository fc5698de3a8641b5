"""Whole runs of the command, as a person types it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from filelock import FileLock
from numpy.typing import NDArray

from tests.epubs import write_epub

COMMAND = (sys.executable, "-m", "mayabook")

STORY = {
    "The Harbour": [
        "The boat came in at dawn, with nobody aboard. Anna saw it first, from the kitchen window.",
        "“Who left it there?” asked Thomas. “Nobody,” she said.",
        "They walked down to the water and tied it to the old stone pier. It was dry inside, and very clean.",
    ],
    "The Letter": [
        "Under the seat they found a letter, dated March 3rd, 1897, and addressed to the keeper of the light.",
        "It had never been opened. Thomas turned it over twice, and then he put it back where it had been.",
        "“We should read it,” said Anna. He shook his head. Some letters are better left alone.",
    ],
    "The Tide": [
        "In the evening the water rose, and the boat went out again. Neither of them tried to stop it.",
        "They stood on the pier until the stars came out, and talked about the summer.",
    ],
}
"""Chapter title -> paragraphs. Short, so that a run takes seconds; eight chunks at the limits the tests use."""

GREEK = "The old words were λόγος καὶ ἀλήθεια καὶ ζωή, and they were carved over the door."
"""The narrator cannot read the Greek words, so no take of their chunk can be right."""


def mayabook_in(
    folder: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 240
) -> "subprocess.CompletedProcess[str]":
    """Runs `mayabook ARGUMENTS` in `folder`, and returns what it printed."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills the first time that a process of this test session asks for `name`. To be read only."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, made = root / name, root / f"{name}.made"
    with FileLock(root / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def finished_job(factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A finished job with one flagged chunk of several takes, and the number of that chunk. To be read only."""

    def make(folder: Path) -> None:
        story = {"The Door": [GREEK, "She read it aloud, twice, and then she went home in the rain."]}
        book = write_story(folder / "door.epub", "The Door", story)
        run = mayabook_in(folder, "make", book, "--max-words", "16", "--json")
        assert run.returncode == 3, run.stdout + run.stderr
        (folder / "facts.json").write_text(run.stdout.splitlines()[-1])

    folder = made_once(factory, "finished-job", make)
    (number,) = json.loads((folder / "facts.json").read_text())["flagged"]
    return folder / "door.mayabook", number


def start(*arguments: str | Path, cwd: Path) -> "subprocess.Popen[str]":
    """Starts `mayabook ARGUMENTS` in a process group of its own, as a shell does in the foreground: Ctrl-C is heard,
    even where the tests themselves run in the background."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def lines_of(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    while line := process.stdout.readline():  # iterating would close the pipe when the caller has seen enough
        yield line


def write_story(path: Path, title: str, chapters: Mapping[str, Sequence[str]]) -> Path:
    """An EPUB of chapters with a heading each, from title -> paragraphs."""
    pages = {
        f"part{number}.xhtml": f"<h1>{name}</h1>" + "".join(f"<p>{text}</p>" for text in paragraphs)
        for number, (name, paragraphs) in enumerate(chapters.items())
    }
    return write_epub(path, pages, title=title, toc=list(zip(chapters, pages, strict=True)))


def samples_of(audiobook: Path) -> NDArray[np.float32]:
    """All decoded samples of the first audio stream, mono."""
    with av.open(str(audiobook)) as container:
        frames: Sequence[NDArray[np.float32]] = [
            frame.to_ndarray().astype(np.float32).reshape(-1) for frame in container.decode(audio=0)
        ]
    return np.concatenate(frames)
