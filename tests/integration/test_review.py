"""Review on whole jobs: the page, a take that a person chose, a text that a person wrote, and the conversation."""

import base64
import io
import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from subprocess import CompletedProcess

import av
import pytest

from tests.runs import COMMAND, GREEK

Run = Callable[..., CompletedProcess[str]]
ENGLISH = "The old words were carved over the door, and nobody could read them."


def rows(job: Path) -> list[dict]:
    return json.loads((job / "coverage.json").read_text())["rows"]


class Page(HTMLParser):
    """What the page has that a reader sees and hears."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_holds_the_takes_themselves_flagged_first(
    finished: tuple[Path, int], mayabook: Run, tmp_path: Path
) -> None:
    folder, number = finished
    page_file = tmp_path / "page.html"
    [row] = [json.loads(line) for line in mayabook("review", folder, "--json").stdout.splitlines()]
    run = mayabook("review", folder, "--html", page_file, "--all")
    assert run.returncode == 0, run.stderr
    text = page_file.read_text()
    page = Page(text)
    assert page.all("article")[0] == {"id": f"chunk{number}", "class": "flagged"}
    assert len(page.all("article")) > 1
    assert "<del>ἀλήθεια</del>" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)  # nothing is loaded from elsewhere
    players = page.all("audio")
    assert len(players) == len(row["takes"]) + len(page.all("article")) - 1
    sound = base64.b64decode(str(players[0]["src"]).partition("base64,")[2])
    with av.open(io.BytesIO(sound)) as container:
        seconds = sum((frame.samples / frame.sample_rate for frame in container.decode(audio=0)), 0.0)
    with av.open(row["audio"]) as container:
        assert seconds == pytest.approx(container.duration / 1e6, abs=0.2)
    assert len(page.all("svg")) == len(players)
    assert max(len(str(path["d"])) for path in page.all("path")) > 1000


def test_a_take_that_a_person_chose_is_the_one_in_the_book(job: tuple[Path, int], mayabook: Run) -> None:
    folder, number = job
    [row] = [json.loads(line) for line in mayabook("review", folder, "--json").stdout.splitlines()]
    other = next(take for take in row["takes"] if take["audio"] != row["audio"])
    run = mayabook("review", folder, "--take", f"{number}:{other['take']}", "--json")
    assert run.returncode == 0, run.stderr
    chosen = [each for each in rows(folder) if each["chunk"] == number]
    assert {each["take"] for each in chosen} == {Path(other["audio"]).name}
    assert {each["status"] for each in chosen} == {"accepted by a person"}
    again = mayabook("review", folder, "--take", f"{number}:99")
    assert again.returncode == 2
    assert "has no take 99" in again.stderr


def test_a_text_that_a_person_wrote_is_spoken_and_the_report_says_so(job: tuple[Path, int], mayabook: Run) -> None:
    folder, number = job
    run = mayabook("review", folder, "--edit", f"{number}:{ENGLISH}", "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    [row] = [each for each in rows(folder) if each["chunk"] == number]
    assert (row["text"], row["edited"], row["status"]) == (ENGLISH, True, "heard")
    assert "nobody could read" in row["heard"]
    assert [each["edited"] for each in rows(folder) if each["chunk"] != number] == [False] * (len(rows(folder)) - 1)
    assert json.loads((folder / "coverage.json").read_text())["edited"] == [[number, GREEK]]
    assert "Edited by a person" in (folder / "coverage.html").read_text()

    lasting = mayabook("make", "door.epub", "--max-words", "16", "--force", "--json")
    assert lasting.returncode == 0, lasting.stderr
    back = mayabook("review", folder, "--edit", f"{number}:", "--json")
    assert back.returncode == 3
    assert [each["text"] for each in rows(folder) if each["chunk"] == number] == [GREEK]


@pytest.mark.parametrize("wrong", ["no number", "1:— * —", f"1:{'word ' * 200}"])
def test_a_text_that_cannot_be_spoken_is_refused(wrong: str, finished: tuple[Path, int], mayabook_here: Run) -> None:
    run = mayabook_here("review", finished[0], "--edit", wrong)
    assert run.returncode == 2
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (finished[0] / "edits.json").exists()


def talk(folder: Path, answers: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """Runs `mayabook review` on a terminal; types each answer when its question stands there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "review", str(folder), "--quiet"], stdin=slave, stdout=slave, stderr=slave, close_fds=True
    )
    os.close(slave)
    shown, waiting, deadline = "", list(answers), time.monotonic() + 240
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.5)[0]:
            try:
                shown += os.read(master, 65536).decode(errors="replace")
            except OSError:  # the other end has closed
                break
        if waiting and waiting[0][0] in shown.rsplit("\x00", 1)[-1]:
            os.write(master, f"{waiting.pop(0)[1]}\n".encode())
            shown += "\x00"
    os.close(master)
    return shown, process.wait(timeout=60)


def test_on_a_terminal_it_asks_and_does_what_it_is_told(job: tuple[Path, int]) -> None:
    folder, number = job
    shown, code = talk(folder, [("Decision", "e"), ("the book's own", ENGLISH), ("again now", "y")])
    assert code == 0, shown
    assert f"Chunk {number}, " in shown
    assert "garbled" in shown or "omitted" in shown
    assert [each["text"] for each in rows(folder) if each["chunk"] == number] == [ENGLISH]


def test_on_a_terminal_quitting_changes_nothing(finished: tuple[Path, int]) -> None:
    folder, _ = finished
    before = (folder / "coverage.json").read_bytes()
    _, code = talk(folder, [("Decision", "q")])
    assert code == 0
    assert (folder / "coverage.json").read_bytes() == before
