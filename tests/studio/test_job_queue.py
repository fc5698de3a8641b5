"""The order of the queue and what is left of it for the next server; runs themselves are in test_crash.py."""

from pathlib import Path

import pytest

from mayabook.core.errors import LibraryError, OutputError, QueueError
from mayabook.studio.book_choices import BookChoices
from mayabook.studio.job_queue import STATE_FILE, BookState, JobQueue, command
from mayabook.studio.job_status import JobState, JobStatus, JobStatuses
from mayabook.studio.library import Library
from mayabook.studio.run_log import LOG_FILE, RunLog


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for name in "abcd":
        (tmp_path / f"{name}.txt").write_text("It rained.")
    return Library(tmp_path)


def queue_of(library: Library) -> JobQueue:
    """Not started: nothing runs."""
    return JobQueue(library, JobStatuses())


def order(queue: JobQueue) -> str:
    return "".join(entry.book[0] for entry in queue.entries())


def filled(library: Library) -> JobQueue:
    queue = queue_of(library)
    for name in "abcd":
        queue.add(f"{name}.txt")
    return queue


@pytest.mark.parametrize(
    ("book", "places", "expected"),
    [("c", -1, "acbd"), ("c", -9, "cabd"), ("b", 1, "acbd"), ("a", 9, "bcda"), ("a", -1, "abcd")],
)
def test_books_are_moved(library: Library, book: str, places: int, expected: str) -> None:
    queue = filled(library)
    queue.move(f"{book}.txt", places)
    assert order(queue) == expected


def test_priorities_go_before_order_and_next_before_all_of_its_priority(library: Library) -> None:
    queue = queue_of(library)
    queue.add("a.txt")
    queue.add("b.txt", priority=1)
    queue.add("c.txt", is_next=True)
    assert order(queue) == "bca"
    queue.set_priority("a.txt", 2)
    assert order(queue) == "abc"


def test_pause_resume_and_stop(library: Library) -> None:
    queue = filled(library)
    queue.pause("b.txt")
    assert queue.status(library.book("b.txt")).state == BookState.PAUSED
    with pytest.raises(QueueError, match="paused"):
        queue.move("b.txt", -1)
    queue.resume("b.txt")
    assert queue.status(library.book("b.txt")).state == BookState.QUEUED
    queue.stop("b.txt")
    assert order(queue) == "acd"
    assert queue.status(library.book("b.txt")).state == BookState.NEW
    with pytest.raises(QueueError):
        queue.stop("b.txt")


def test_the_next_server_finds_the_queue(library: Library) -> None:
    queue = filled(library)
    queue.move("d.txt", -3)
    queue.pause("a.txt")
    assert queue_of(library).entries() == queue.entries()


def test_a_damaged_state_file_is_told(library: Library) -> None:
    (library.folder / STATE_FILE).write_text("{")
    with pytest.raises(LibraryError, match="delete it"):
        queue_of(library)


def test_what_is_queued_must_be_there_and_not_twice(library: Library) -> None:
    queue = filled(library)
    with pytest.raises(QueueError, match="already"):
        queue.add("a.txt")
    with pytest.raises(LibraryError):
        queue.add("../a.txt")
    with pytest.raises(OutputError, match=r"\.m4b"):
        queue.add("a.txt", suffix=".exe")


def test_an_audiobook_of_somebody_else_is_not_replaced(library: Library) -> None:
    (library.folder / "a.m4b").write_bytes(b"mine")
    with pytest.raises(OutputError, match="did not make it"):
        queue_of(library).add("a.txt")


def test_a_run_is_what_a_person_would_type(library: Library) -> None:
    book = library.book("a.txt")
    words = command(book, ".mp3", JobStatus(JobState.NEW))
    assert words[2:] == ["mayabook", "make", str(book.file), "-o", str(book.output(".mp3")), "--force", "--json"]
    choices = BookChoices(book.file)
    choices.lexicon_file.write_text("")
    assert command(book, ".m4b", JobStatus(JobState.NEW))[-2:] == ["--lexicon", str(choices.lexicon_file)]


def test_a_log_is_followed_and_begun_anew(tmp_path: Path) -> None:
    log, file = RunLog(tmp_path), tmp_path / LOG_FILE
    assert log.read().n_messages == 0
    file.write_text('{"event": "message", "text": "Engine: narrator"}\n{"event": "mas')
    assert [message.text for message in log.read().messages] == ["Engine: narrator"]
    with file.open("a") as written:
        written.write('tering", "fraction": 0.5}\nmayabook: The disk is full.\n')
    assert (log.read().mastering, log.read().error) == (0.5, "mayabook: The disk is full.")
    assert not log.read().is_complete
    file.write_text('{"event": "result"}\n')
    assert (log.read().is_complete, log.read().error) == (True, "")
