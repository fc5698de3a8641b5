"""A job of an older MayaBook goes on: its ledger is upgraded, whole or not at all, and no take is made twice.

`fixtures/ledger_3` is a job that MayaBook made when its ledger was of version 3, by

    mayabook make lamp.epub --settings lamp.toml --include 1
    mayabook review lamp.mayabook --accept 1 --redo 2 --edit "3:She lit it again."

without the audiobook and the reports. Its takes are of hibari-tts's voice `heart` under the version that constraints.txt
names; with another the takes are rightly made anew, and the fixture has to be.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mayabook.core.errors import JobError
from mayabook.render import Job, Ledger, ReviewDecision
from mayabook.render.job_facts import REQUEST, AudiobookRequest
from mayabook.render.ledger_schema import VERSION
from tests.runs import mayabook_in, samples_of

FIXTURE = Path(__file__).parent / "fixtures" / "ledger_3"
FIRST_CHUNKS = ("2ffb3c977a2484d5b8fd64fce48f874e", "c6338203f2eba362997f70b7f23cbffd")
OLD_CHECKS = "tiny.en 1a5afae06a4d en, thresholds 3b12f5dcff01, rules 6"
AUDIOBOOK_SECONDS = 6.15
"""Of the audiobook that the older MayaBook made of these takes."""

KILLED_AT_EVERY_STATEMENT = """
import os, shutil, signal, sqlite3, sys
from pathlib import Path
from mayabook.render import Ledger

source, target = map(Path, sys.argv[1:])
connect = sqlite3.connect

def fatal(at):
    statements = []
    def traced(*arguments, **options):
        database = connect(*arguments, **options)
        def count(statement):
            statements.append(statement)
            if len(statements) == at:
                os.kill(os.getpid(), signal.SIGKILL)
        database.set_trace_callback(count)
        return database
    return traced

at, killed = 0, True
while killed:
    at += 1
    folder = target / str(at)
    folder.mkdir()
    shutil.copy(source, folder / "ledger.sqlite")
    child = os.fork()
    if not child:
        sqlite3.connect = fatal(at)
        Ledger(folder / "ledger.sqlite")
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
"""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The job folder of a copy of the fixture."""
    shutil.copytree(FIXTURE, tmp_path, dirs_exist_ok=True)
    return tmp_path / "lamp.mayabook"


def dump(ledger_file: Path) -> list[str]:
    with closing(sqlite3.connect(ledger_file)) as database:
        return [f"version {version_of(database)}", *database.iterdump()]


def version_of(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in (folder / "takes").iterdir()}


def takes_of(ledger_file: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(ledger_file)) as database:
        return database.execute("SELECT id, key, attempt, file, seconds FROM takes ORDER BY id").fetchall()


def test_the_same_command_makes_the_audiobook_and_speaks_nothing(job: Path) -> None:
    files, takes = files_of(job), takes_of(job / "ledger.sqlite")
    run = mayabook_in(
        job.parent, "make", "lamp.epub", "--settings", "lamp.toml", "--include", "1", "--engine", "narrator", "--json"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert files_of(job) == files
    assert takes_of(job / "ledger.sqlite") == takes
    assert len(samples_of(job.with_suffix(".m4b"))) / 24000 == pytest.approx(AUDIOBOOK_SECONDS, abs=0.1)
    rows = json.loads((job / "coverage.json").read_text())["rows"]
    assert [(row["text"], row["status"], row["attempts"], row["edited"]) for row in rows] == [
        ("The Lamp", "accepted by a person", 1, False),
        ("The lamp went out at nine.", "heard", 2, False),
        ("She lit it again.", "heard", 1, True),
    ]


def test_what_was_stored_is_found_under_todays_names(job: Path) -> None:
    with Job(job) as opened:
        ledger = opened.ledger
        assert [item.key for item in ledger.plan()][:2] == list(FIRST_CHUNKS)
        assert [[take.decision for take in ledger.takes(key, OLD_CHECKS)] for key in FIRST_CHUNKS] == [
            [ReviewDecision.ACCEPTED],
            [ReviewDecision.REJECTED, None],
        ]
        for key in FIRST_CHUNKS:
            kept = ledger.kept(key, OLD_CHECKS)
            assert kept is not None
            assert kept.made_on == ""
            assert ledger.verdict(kept, OLD_CHECKS) is not None
        stored = ledger.fact(REQUEST)
        assert stored is not None
        assert "ladder" not in stored
        request = AudiobookRequest.model_validate_json(stored)
        assert (request.settings.retry.attempts, request.settings.book.include) == (2, ("1",))
        assert ledger.fact("order") is None


def test_an_upgraded_ledger_has_the_tables_of_a_new_one(job: Path, tmp_path: Path) -> None:
    def columns(file: Path) -> dict[str, list[tuple[object, ...]]]:
        with closing(sqlite3.connect(file)) as database:
            tables = ("facts", "plan", "takes", "verdicts", "decisions")
            return {table: database.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}

    Ledger(job / "ledger.sqlite").close()
    Ledger(tmp_path / "new.sqlite").close()
    assert columns(job / "ledger.sqlite") == columns(tmp_path / "new.sqlite")


def test_a_kill_at_any_statement_leaves_the_old_ledger_or_the_new_one(job: Path, tmp_path: Path) -> None:
    old = dump(job / "ledger.sqlite")
    target = tmp_path / "killed"
    target.mkdir()
    subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_STATEMENT, job / "ledger.sqlite", target], check=True, timeout=120
    )
    Ledger(job / "ledger.sqlite").close()
    new = dump(job / "ledger.sqlite")
    assert (old[0], new[0]) == ("version 3", f"version {VERSION}")
    folders = sorted(target.iterdir(), key=lambda folder: int(folder.name))
    found = [dump(folder / "ledger.sqlite") for folder in folders]
    n_old = found.index(new)
    assert n_old > 6
    assert found == [old] * n_old + [new] * (len(found) - n_old)
    for folder in folders:
        Ledger(folder / "ledger.sqlite").close()
        assert dump(folder / "ledger.sqlite") == new


def test_a_look_without_the_lock_leaves_an_old_ledger_as_it_is(job: Path) -> None:
    before = (job / "ledger.sqlite").read_bytes()
    assert '"kind":"narrator"' in (Job(job).peek("engine") or "")
    assert Job(job).peek(REQUEST) is not None
    assert (job / "ledger.sqlite").read_bytes() == before
    assert {file.name for file in job.iterdir()} == {"edits.json", "ledger.sqlite", "takes"}


@pytest.mark.parametrize(
    ("version", "advice"), [(VERSION + 73, "newer version .* upgrade MayaBook"), (2, "too old .* another output name")]
)
@pytest.mark.parametrize("use", [Ledger, lambda file: Job(file.parent).peek("engine")])
def test_a_ledger_that_cannot_be_used_is_left_alone(
    version: int, advice: str, use: Callable[[Path], object], tmp_path: Path
) -> None:
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE takes (something TEXT)")
        database.execute(f"PRAGMA user_version = {version}")
    before = file.read_bytes()
    with pytest.raises(JobError, match=advice):
        use(file)
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.sqlite"]
