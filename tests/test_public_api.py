"""The names, signatures and events that other programs build on, and what a run does when its caller cancels it."""

import inspect
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from pkgutil import resolve_name
from typing import get_args

import pytest

import mayabook
from mayabook import (
    Cancelled,
    EngineSelected,
    Event,
    MasteringProgress,
    MayaBookError,
    Note,
    RenderProgress,
    ScriptReady,
    Settings,
    make_audiobook,
)
from mayabook.core.errors import OutputError
from tests.epubs import write_epub
from tests.runs import STORY, write_story

NAMES = {
    "AudiobookResult",
    "Book",
    "Cancelled",
    "EngineSelected",
    "Event",
    "FlaggedChunk",
    "Listener",
    "MasteringProgress",
    "MayaBookError",
    "Note",
    "RenderProgress",
    "ScriptReady",
    "Settings",
    "Verification",
    "VerificationProgress",
    "__version__",
    "make_audiobook",
    "read_book",
    "verify_audiobook",
}
SIGNATURES = {
    "make_audiobook": "(book: str | os.PathLike[str], output: str | os.PathLike[str], *, "
    "lexicon: str | os.PathLike[str] | None = None, settings: mayabook.core.settings.Settings | None = None, "
    "force: bool = False, progress: collections.abc.Callable[[LISTENED], None] | None = None, "
    "cancel: threading.Event | None = None) -> mayabook.pipeline.AudiobookResult",
    "read_book": "(file: str | os.PathLike[str], settings: mayabook.core.settings.BookSettings | None = None) "
    "-> mayabook.core.book.Book",
    "verify_audiobook": "(audio: str | os.PathLike[str], book: mayabook.core.book.Book | str | os.PathLike[str], *, "
    "settings: mayabook.core.settings.Settings | None = None, "
    "progress: collections.abc.Callable[[LISTENED], None] | None = None, "
    "cancel: threading.Event | None = None) -> mayabook.verify.report.Verification",
}
FIELDS = {
    "AudiobookResult": "audiobook coverage flagged script job_folder seconds times_real_time",
    "FlaggedChunk": "number chapter text transcript findings take",
    "Note": "text",
    "EngineSelected": "kind credit reason fallback",
    "ScriptReady": "title n_chunks n_words",
    "RenderProgress": "n_chunks n_words done_chunks done_words resumed_chunks resumed_words flagged audio_seconds "
    "elapsed chapter",
    "MasteringProgress": "fraction",
    "VerificationProgress": "fraction",
    "master.Audiobook": "files captions duration chapters loudness true_peak warnings",
    "render.CoverageReport": "title rows skipped left_out n_chunks flagged edited repaired errors n_words source voice",
    "source_check.SourceCheck": "is_known_format n_words n_narrated left_out supplied differences",
    "source_check.Difference": "kind href text before after",
    "core.verdict.Finding": "kind evidence weight start end detector",
    "core.book.Chapter": "number title blocks depth matter narrated reason",
    "Verification": "title files duration sentences defects intro outro n_rechecked",
}
SMALL_CHUNKS = Settings.model_validate({"script": {"max_words": 20, "max_chars": 140}})


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_story(tmp_path_factory.mktemp("story") / "harbour.epub", "The Harbour", STORY)


@pytest.fixture(scope="module")
def undisturbed(story: Path) -> tuple[mayabook.AudiobookResult, list[Event]]:
    events: list[Event] = []
    return make_audiobook(story, story.with_name("whole.m4b"), settings=SMALL_CHUNKS, progress=events.append), events


def test_the_names_are_frozen_and_every_one_is_there() -> None:
    assert set(mayabook.__all__) == NAMES
    assert set(dir(mayabook)) > NAMES
    for name in NAMES:
        assert getattr(mayabook, name) is not None
    with pytest.raises(AttributeError, match="make_audiobok"):
        mayabook.make_audiobok  # noqa: B018


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_frozen(name: str) -> None:
    listened = " | ".join(f"mayabook.core.events.{event.__name__}" for event in get_args(Event))
    assert str(inspect.signature(getattr(mayabook, name))) == SIGNATURES[name].replace("LISTENED", listened)


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_frozen(name: str) -> None:
    assert " ".join(field.name for field in fields(resolve_name(f"mayabook.{name}"))) == FIELDS[name]


@pytest.mark.parametrize("name", sorted(NAMES - {"__version__", "Event", "Listener"}))
def test_every_name_is_documented(name: str) -> None:
    text = inspect.getdoc(getattr(mayabook, name))
    assert text
    assert not text.startswith(f"{name}(")  # what a dataclass without a docstring has


def test_importing_the_package_changes_nothing() -> None:
    """No environment variable, no thread, no handler that prints; a library may only log to whoever listens."""
    code = (
        "import logging, os, sys, threading\n"
        "before = dict(os.environ), threading.active_count(), logging.getLogger().handlers[:], list(sys.path)\n"
        "import mayabook\n"
        "assert before == (dict(os.environ), threading.active_count(), logging.getLogger().handlers, sys.path)\n"
        "logging.getLogger('mayabook.anything').warning('quiet')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == run.stderr == ""


def test_a_run_reports_typed_events(undisturbed: tuple[mayabook.AudiobookResult, list[Event]]) -> None:
    result, events = undisturbed
    engine, script = [event for event in events if isinstance(event, EngineSelected | ScriptReady)]
    assert isinstance(engine, EngineSelected)
    assert (engine.kind, engine.fallback) == ("narrator", False)
    assert isinstance(script, ScriptReady)
    assert (script.title, script.n_chunks, script.n_words) == (
        "The Harbour",
        result.coverage.n_chunks,
        result.script.coverage.n_chunk_words,
    )
    rendering = [event for event in events if isinstance(event, RenderProgress)]
    assert (rendering[0].done_chunks, rendering[-1].done_chunks) == (0, script.n_chunks)
    assert [event.done_chunks for event in rendering] == sorted(event.done_chunks for event in rendering)
    assert [event for event in events if isinstance(event, MasteringProgress)][-1].fraction == 1.0
    assert result.word_error_rate == result.coverage.word_error_rate < 0.05
    assert result.flagged == ()
    assert result.times_real_time


def test_what_a_person_should_know_of_a_book_is_a_note(tmp_path: Path) -> None:
    german = write_epub(tmp_path / "german.epub", {"eins.xhtml": "<p>They stood on the pier.</p>"}, language="de")
    events: list[Event] = []
    make_audiobook(german, tmp_path / "german.flac", progress=events.append)
    assert Note("The book says its language is 'de'; it is read as English.") in events


def after_takes(n_takes: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(event, RenderProgress) for event in events) > n_takes


def while_mastering(events: list[Event]) -> bool:
    return any(isinstance(event, MasteringProgress) and event.fraction > 0.4 for event in events)


@pytest.mark.parametrize("moment", [after_takes(0), after_takes(6), while_mastering])
def test_a_cancelled_run_resumes_with_the_same_bytes(
    moment: Callable[[list[Event]], bool],
    story: Path,
    undisturbed: tuple[mayabook.AudiobookResult, list[Event]],
    tmp_path: Path,
) -> None:
    output, cancel, events = tmp_path / "cancelled.m4b", threading.Event(), list[Event]()

    def listen(event: Event) -> None:
        assert not cancel.is_set()
        events.append(event)
        if moment(events):
            cancel.set()

    with pytest.raises(Cancelled, match="the same call resumes"):
        make_audiobook(story, output, settings=SMALL_CHUNKS, progress=listen, cancel=cancel)
    assert issubclass(Cancelled, MayaBookError)
    assert not output.exists()
    settled = [event.done_chunks for event in events if isinstance(event, RenderProgress)][-1]
    resumed: list[Event] = []
    result = make_audiobook(story, output, settings=SMALL_CHUNKS, progress=resumed.append, cancel=threading.Event())
    assert next(event for event in resumed if isinstance(event, RenderProgress)).resumed_chunks >= settled
    assert output.read_bytes() == undisturbed[0].audiobook.files[0].read_bytes()
    assert result.coverage.word_error_rate == undisturbed[0].coverage.word_error_rate


def test_a_cancel_that_was_set_before_stops_at_once(story: Path, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        make_audiobook(story, tmp_path / "never.m4b", cancel=cancel)
    assert not (tmp_path / "never.mayabook").exists()


def test_an_audiobook_that_exists_is_kept(story: Path, tmp_path: Path) -> None:
    (tmp_path / "book.m4b").write_text("precious")
    with pytest.raises(OutputError, match="exists"):
        make_audiobook(story, tmp_path / "book.m4b")


def test_flagged_chunks_have_their_text_and_findings(tmp_path: Path) -> None:
    carved = "The words were λόγος καὶ ἀλήθεια καὶ ζωή καὶ φῶς, over the door."
    book = write_story(tmp_path / "carved.epub", "Carved", {"One": [f"{carved} She read it aloud, twice."]})
    result = make_audiobook(book, tmp_path / "carved.m4b", settings=Settings.model_validate({"retry": {"attempts": 1}}))
    assert [chunk.number for chunk in result.flagged] == list(result.coverage.flagged) != []
    chunk = result.flagged[-1]
    assert carved in chunk.text
    assert chunk.chapter == "One"
    assert chunk.transcript != chunk.text
    assert chunk.findings
    assert chunk.take.is_file()


def test_a_run_is_logged_for_whoever_listens(story: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "mayabook"):
        make_audiobook(story, tmp_path / "logged.wav")
    lines = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("mayabook"))
    for told in ("first take: ", "Stored ", "Accepted ", "LUFS"):
        assert told in lines
