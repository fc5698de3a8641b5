from pathlib import Path

import pytest

from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.errors import JobError
from mayabook.core.take import StopReason
from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict, WordMatch
from mayabook.render import DecisionKind, Job, Ledger, PlannedChunk, ReviewDecision, StoredTake

CHUNK = Chunk(0, 2, (Sentence("“It’s <laugh> late,” she said.", Span(3, 0, 30)),), "It's late, she said.", Pause.SCENE)
GOOD = Verdict(True, (), "it's late she said", (AlignedWord(WordMatch.SAME, 0, "It’s", "it's", 0.1, 0.3),), 0, 4)
BAD = Verdict(False, (Finding(FindingKind.TAIL, "3 more words", 0.9, 1.0, 2.0),), "it's late she said er", (), 1, 4)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def add(ledger: Ledger, folder: Path, attempt: int, verdict: Verdict | None, key: str = "k") -> StoredTake:
    take = StoredTake(
        0, key, attempt, 99, {"speed": 0.95}, StopReason.CAP, folder / "takes" / f"{attempt}.flac", 24000, 24000, 0.5,
        "it did not end", None, None, 0.0,
    )  # fmt: skip
    stored = ledger.add_take(take)
    if verdict is not None:
        ledger.add_verdict(stored, "checks", verdict)
    return stored


def test_everything_comes_back_as_it_went_in(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_plan([PlannedChunk(1, "k", "One", CHUNK)])
    ledger.set_fact("request", "made")
    stored = add(ledger, tmp_path, 0, BAD)
    ledger.close()
    again = Ledger(tmp_path / "ledger.sqlite")
    assert again.plan() == [PlannedChunk(1, "k", "One", CHUNK)]
    assert again.fact("request") == "made"
    assert again.fact("other") is None
    [take] = again.takes("k", "checks")
    assert (take.stop, take.sampling, take.file) == (
        StopReason.CAP,
        {"speed": 0.95},
        tmp_path / "takes" / "0.flac",
    )
    assert (take.accepted, take.risk) == (False, 0.9)
    assert again.verdict(stored, "checks") == BAD


def test_a_folder_that_was_moved_still_finds_its_takes(ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "ledger.sqlite").rename(moved / "ledger.sqlite")
    again = Ledger(moved / "ledger.sqlite")
    add(again, moved, 0, GOOD)
    assert again.takes("k", "checks")[0].file == moved / "takes" / "0.flac"


def test_verdicts_of_other_checks_do_not_count(ledger: Ledger, tmp_path: Path) -> None:
    add(ledger, tmp_path, 0, GOOD)
    assert ledger.takes("k", "checks")[0].is_good
    assert ledger.takes("k", "stricter checks")[0].accepted is None
    assert ledger.kept("k", "stricter checks") is None


def test_the_best_take_is_kept(ledger: Ledger, tmp_path: Path) -> None:
    bad = add(ledger, tmp_path, 0, BAD)
    good = add(ledger, tmp_path, 1, GOOD)
    unjudged = add(ledger, tmp_path, 2, None)

    def kept() -> int:
        take = ledger.kept("k", "checks")
        assert take is not None
        return take.id

    assert kept() == good.id
    ledger.add_decision("k", DecisionKind.REDONE, "", [(good, ReviewDecision.REJECTED)])
    assert kept() == bad.id
    ledger.add_decision("k", DecisionKind.TAKE_CHOSEN, "", [(unjudged, ReviewDecision.ACCEPTED)])
    assert kept() == unjudged.id


def test_a_forgotten_take_is_gone(ledger: Ledger, tmp_path: Path) -> None:
    ledger.forget_take(add(ledger, tmp_path, 0, GOOD))
    assert ledger.takes("k", "checks") == []


def test_a_new_plan_keeps_the_takes(ledger: Ledger, tmp_path: Path) -> None:
    ledger.set_plan([PlannedChunk(1, "k", "One", CHUNK)])
    add(ledger, tmp_path, 0, GOOD)
    ledger.set_plan([PlannedChunk(1, "other", "One", CHUNK), PlannedChunk(2, "k", "One", CHUNK)])
    assert [item.key for item in ledger.plan()] == ["other", "k"]
    assert len(ledger.takes("k", "checks")) == 1


def test_a_damaged_ledger_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(JobError, match=r"is damaged .*Rename or delete that folder and run"):
        Ledger(tmp_path / "ledger.sqlite")


def test_a_job_has_one_run_at_a_time(tmp_path: Path) -> None:
    output = tmp_path / "book.m4b"
    with Job.beside(output) as job:
        assert job.folder == tmp_path / "book.mayabook"
        with pytest.raises(JobError, match="Another run is using"), Job.beside(output):
            pass
    with Job.beside(output):
        pass


def test_a_job_is_found_by_its_folder_or_its_audiobook(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="There is no job at"):
        Job.existing(tmp_path / "book.m4b")
    with Job.beside(tmp_path / "book.m4b") as job:
        pass
    assert Job.existing(tmp_path / "book.m4b").folder == job.folder
    assert Job.existing(tmp_path / "book.mayabook").folder == job.folder
