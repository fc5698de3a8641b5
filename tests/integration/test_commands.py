"""inspect, review, doctor, and how the command line reports."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from mayabook.render import Job
from mayabook.render.ledger import RetryStep
from tests.epubs import epub_files, write_epub, write_zip
from tests.runs import STORY, write_story

Run = Callable[..., CompletedProcess[str]]


def test_a_chunk_that_stays_wrong_is_flagged_and_kept(job: tuple[Path, int], tmp_path: Path) -> None:
    folder, flagged = job
    assert (tmp_path / "door.m4b").exists()
    with Job(folder) as opened:
        steps = [[take.step for take in opened.ledger.takes(item.key, "")] for item in opened.ledger.plan()]
    bad = steps.pop(flagged - 1)
    assert bad[:3] == [RetryStep.FIRST, RetryStep.SEED, RetryStep.SAFER]
    assert all(tried == [RetryStep.FIRST] for tried in steps)
    assert steps


def test_review_shows_what_is_wrong_and_takes_a_decision(mayabook: Run, job: tuple[Path, int]) -> None:
    folder, number = job
    shown = mayabook("review", "door.mayabook")
    assert shown.returncode == 0
    assert f"Chunk {number}, " in shown.stdout
    assert "The old words were λόγος" in shown.stdout
    assert "[-ἀλήθεια-]" in shown.stdout
    [row] = [json.loads(line) for line in mayabook("review", "door.m4b", "--json").stdout.splitlines()]
    assert (row["chunk"], row["accepted"]) == (number, False)
    assert Path(row["audio"]).is_file()

    redone = mayabook("review", "door.mayabook", "--redo", str(number), "--json")
    assert redone.returncode == 3
    with Job(folder) as opened:
        [item] = [item for item in opened.ledger.plan() if item.number == number]
        tried = opened.ledger.takes(item.key, "")
    refused = [take.step for take in tried if take.decision is not None]
    assert [take.step for take in tried if take.decision is None] == refused  # the whole ladder once more

    accepted = mayabook("review", "door.mayabook", "--accept", str(number), "--json")
    assert accepted.returncode == 0, accepted.stderr
    facts = json.loads(accepted.stdout.splitlines()[-1])
    assert facts["flagged"] == []
    assert facts["sentences"]["accepted by a person"] >= 1
    assert "No chunk of" in mayabook("review", "door.mayabook").stdout


@pytest.mark.usefixtures("job")
def test_review_of_a_chunk_that_is_not_there(mayabook_here: Run) -> None:
    run = mayabook_here("review", "door.mayabook", "--redo", "999")
    assert run.returncode == 2
    assert "There is no chunk 999" in run.stderr


def test_review_of_nothing(mayabook_here: Run) -> None:
    run = mayabook_here("review", "nothing.m4b")
    assert run.returncode == 2
    assert "There is no job at" in run.stderr


def test_inspect_shows_chapters_forecast_and_reasons(mayabook: Run, harbour: tuple[Path, dict]) -> None:
    book, made = harbour
    facts = json.loads(mayabook("inspect", book, "--json").stdout)
    told = {chapter["title"]: chapter for chapter in facts["chapters"]}
    assert [title for title in told if told[title]["narrated"]] == list(STORY)
    assert facts["words"] == sum(chapter["words"] for chapter in facts["chapters"]) > 100
    assert all(chapter["reason"] for chapter in facts["chapters"] if not chapter["narrated"])
    assert "Thomas" not in facts["rare_names"]
    assert facts["seconds"] == pytest.approx(made["duration"], rel=0.2)
    assert facts["chunks"] == made["chunks"]
    shown = mayabook("inspect", book, "--skip", "The Letter").stdout
    assert "skipped" in next(line for line in shown.splitlines() if "The Letter" in line)


def test_a_file_that_cannot_be_read_fails_the_proof(mayabook: Run, mayabook_here: Run, tmp_path: Path) -> None:
    """The second file is not there. The audiobook is made all the same."""
    page = "<html><body><h1>One</h1><p>The boat came in at dawn with nobody aboard.</p></body></html>"
    files = epub_files({"one.xhtml": page, "two.xhtml": "<p>Gone.</p>"}, title="Harbour")
    del files["EPUB/two.xhtml"]
    book = write_zip(tmp_path / "harbour.epub", files)
    facts = json.loads(mayabook_here("inspect", book, "--json").stdout)
    (unreadable,) = facts["source"]["differences"]
    assert (unreadable["kind"], unreadable["href"]) == ("cannot be read", "EPUB/two.xhtml")
    shown = " ".join(mayabook_here("inspect", book).stdout.split())
    assert "NOT PROVED" in shown
    assert "EPUB/two.xhtml cannot be read, and its text is missing" in shown

    made = mayabook("make", book, "--json")
    assert made.returncode == 3
    result = json.loads(made.stdout.splitlines()[-1])
    assert result["flagged"] == []
    assert result["source"] == facts["source"]
    assert Path(result["files"][0]).stat().st_size > 1000
    folder = Path(result["job"])
    assert json.loads((folder / "coverage.json").read_text("utf-8"))["source"]["differences"] == [unreadable]
    report = (folder / "coverage.html").read_text("utf-8")
    assert "EPUB/two.xhtml" in report


def test_where_words_went_is_shown(mayabook_here: Run, tmp_path: Path) -> None:
    pages = {"one.xhtml": "<h1>One</h1><p>Seen<span hidden=''> and unseen</span>.</p>", "two.xhtml": "<h1>Two</h1>"}
    book = write_epub(tmp_path / "book.epub", pages, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")])
    facts = json.loads(mayabook_here("inspect", book, "--json", "--skip", "Two").stdout)
    assert facts["source"]["left_out"] == {"you skip it": 1, "hidden": 2}
    assert facts["source"]["differences"] == []
    assert [(entry["text"], entry["reason"], entry["href"]) for entry in facts["left_out"]] == [
        ("and unseen", "hidden", "EPUB/one.xhtml")
    ]
    shown = mayabook_here("inspect", book, "--skip", "Two").stdout
    assert "  1 left out: you skip it" in shown
    assert "none lost in reading" in " ".join(shown.split())


def test_inspect_shows_what_will_be_said(mayabook_here: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "numbers.epub", "Numbers", {"XLIX": ["It was −3 all day. 🎉", "THE END CAME."]})
    (heading, text) = map(json.loads, mayabook_here("inspect", book, "--spoken", "--json").stdout.splitlines())
    assert (heading["text"], heading["spoken"], heading["title"]) == ("XLIX", "Forty-nine.", "XLIX")
    assert text["spoken"] == "It was minus three all day.\nThe end came."
    assert text["replaced"][:2] == [
        {"written": "−3", "spoken": "minus three", "class": "signs"},
        {"written": "🎉", "spoken": "", "class": "symbols"},
    ]
    assert (heading["chunk"], text["chunk"]) == (1, 2)
    assert mayabook_here("inspect", book, "--spoken").stdout.splitlines()[1] == "1: Forty-nine."
    as_written = mayabook_here("inspect", book, "--spoken", "--as-written", "roman", "--as-written", "signs").stdout
    assert "XLIX." in as_written
    assert "−3 all day" in as_written


def test_inspect_proposes_a_lexicon_of_rare_names(mayabook: Run, mayabook_here: Run, tmp_path: Path) -> None:
    paragraphs = ["In March he told Siobhan that Thomas had left.", "SIOBHAN’S AUNT KNEW."]
    book = write_story(tmp_path / "names.epub", "Names", {"One": paragraphs})
    name = {"count": 2, "context": "In March he told Siobhan that Thomas had left."}
    assert json.loads(mayabook_here("inspect", book, "--json").stdout)["rare_names"] == {"Siobhan": name}
    assert "Siobhan  2" in mayabook_here("inspect", book).stdout

    facts = json.loads(mayabook_here("inspect", book, "--json", "--write-lexicon", "names.toml").stdout)
    assert facts["rare_names"] == {"Siobhan": name | {"said": "sɪˈɑbhən"}}
    proposed = (tmp_path / "names.toml").read_text("utf-8")
    assert "# 2 times, said sɪˈɑbhən: In March he told Siobhan that Thomas had left.\n" in proposed
    spoken = mayabook_here("inspect", book, "--spoken").stdout
    assert mayabook_here("inspect", book, "--spoken", "--lexicon", "names.toml").stdout == spoken
    made = mayabook("make", book, "--lexicon", "names.toml", "--json")
    assert made.returncode in (0, 3), made.stderr

    refused = mayabook_here("inspect", book, "--write-lexicon", "names.toml")
    assert refused.returncode == 2
    assert "There is a file names.toml already" in refused.stderr
    (tmp_path / "names.toml").write_text(proposed.replace('# "Siobhan" = "Siobhan"', '"Siobhan" = "Shivawn"'), "utf-8")
    assert "Shivawn" in mayabook_here("inspect", book, "--spoken", "--lexicon", "names.toml").stdout
    assert json.loads(mayabook_here("inspect", book, "--json", "--lexicon", "names.toml").stdout)["rare_names"] == {}


def test_a_selector_that_names_nothing(mayabook_here: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "harbour.epub", "The Harbour", STORY)
    run = mayabook_here("make", book, "--only", "The Desert")
    assert run.returncode == 2
    assert "The Desert" in run.stderr
    assert "The Letter" in run.stderr


def test_doctor_names_the_parts(mayabook: Run) -> None:
    facts = json.loads(mayabook("doctor", "--json").stdout)
    assert "hibari-tts" in facts["narrator"]
    assert "libmp3lame" in facts["FFmpeg in PyAV"]
    assert "narrator" in facts["engine chosen"]


def test_plain_output_quiet_output_and_help(mayabook: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "harbour.epub", "The Harbour", {"The Harbour": STORY["The Harbour"]})
    plain = mayabook("make", book)
    assert plain.returncode == 0
    assert "harbour.m4b" in plain.stdout
    assert "0 missing" in plain.stdout
    assert "\x1b" not in plain.stdout
    quiet = mayabook("make", book, "--quiet", "--force")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    usage = " ".join(mayabook("make", "--help").stdout.replace("│", " ").split())  # however wide the columns are
    assert "Integrated loudness of the whole book" in usage


def test_the_lexicon_changes_what_is_said_and_not_what_is_expected(mayabook: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "names.epub", "Names", {"One": ["They tied the boat to the quay before dark."]})
    (tmp_path / "names.toml").write_text('[words]\n"quay" = "key"\n')
    first = mayabook("make", book, "--json")
    second = mayabook("make", book, "--json", "--force", "--lexicon", "names.toml")
    assert first.returncode in (0, 3)
    assert second.returncode == 0, second.stdout
    assert len(list((tmp_path / "names.mayabook" / "takes").iterdir())) >= 2
    rows = json.loads((tmp_path / "names.mayabook" / "coverage.json").read_text())["rows"]
    assert [(row["text"], row["status"]) for row in rows][-1] == (
        "They tied the boat to the quay before dark.",
        "heard",
    )


def test_an_unknown_setting_is_named(mayabook_here: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "harbour.epub", "The Harbour", STORY)
    (tmp_path / "mine.toml").write_text("[master]\nloudnes = -16\n")
    run = mayabook_here("make", book, "--settings", "mine.toml")
    assert run.returncode == 2
    assert "master.loudnes" in run.stderr
    run = mayabook_here("make", book, "--speed", "9")
    assert run.returncode == 2
    assert "narrator.speed" in run.stderr


def test_the_live_display_runs_on_a_terminal(tmp_path: Path) -> None:
    """Under a pseudo-terminal the bar is drawn, and the result is the same."""
    write_story(tmp_path / "harbour.epub", "The Harbour", {"The Harbour": STORY["The Harbour"]})
    script = "import pty, sys; sys.exit(pty.spawn([sys.executable, '-m', 'mayabook', 'make', 'harbour.epub']) >> 8)"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert run.returncode == 0, run.stdout
    assert "real time" in run.stdout
    assert "harbour.m4b" in run.stdout
    assert (tmp_path / "harbour.m4b").stat().st_size > 10_000
