"""One command makes several books; what is wrong with one of them does not stop the others."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]


def test_a_book_that_cannot_be_read_does_not_stop_the_others(mayabook: Run, tmp_path: Path) -> None:
    (tmp_path / "boat.txt").write_text("The boat came in at dawn, with nobody aboard.")
    (tmp_path / "broken.epub").write_bytes(b"PK\3\4 and nothing more")
    run = mayabook("make", "broken.epub", "boat.txt", "--json")
    assert run.returncode == 2, run.stdout + run.stderr
    (line,) = run.stderr.strip().splitlines()
    assert line.startswith("mayabook: broken.epub: ")
    *events, result = map(json.loads, run.stdout.splitlines())
    assert {event["book"] for event in events} == {"boat.txt"}
    assert result["files"] == [str(tmp_path / "boat.m4b")]
    assert (tmp_path / "boat.m4b").is_file()


def test_one_output_for_several_books_is_refused(mayabook_here: Run) -> None:
    run = mayabook_here("make", "one.txt", "two.txt", "-o", "both.m4b")
    assert run.returncode == 2
    assert run.stderr.strip() == (
        "mayabook: -o names one audiobook, but there are several books; leave it out or give one book."
    )
