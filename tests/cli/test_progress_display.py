"""How events are shown: JSON lines for machines, plain lines for a log, nothing; and what --verbose adds."""

import json
import subprocess
import sys

import pytest

from mayabook.cli import progress_display
from mayabook.cli.progress_display import display
from mayabook.core.events import EngineSelected, Event, MasteringProgress, Note, RenderProgress, ScriptReady

EVENTS: list[Event] = [
    Note("The cover is missing."),
    EngineSelected("narrator", "heart (narrator)", "as requested"),
    ScriptReady("Four Minutes Slow", 57, 2664),
    RenderProgress(
        57, 2664, done_chunks=20, done_words=1000, flagged=1, audio_seconds=300.0, elapsed=10.0, chapter="One"
    ),
    EngineSelected("gguf", "storyteller (maya1)", "", fallback=True),
    MasteringProgress(0.5),
]
LINES = [
    "Note: The cover is missing.",
    "Engine: narrator, heart (narrator): as requested",
    "Four Minutes Slow: 57 chunks, 2,664 words",
    "Fallback engine: gguf, storyteller (maya1)",
]


def test_json_lines_have_the_documented_fields(capsys: pytest.CaptureFixture[str]) -> None:
    with display(as_json=True, quiet=False, verbose=False) as shown:
        for event in EVENTS:
            shown.on_event(event)
        shown.show_result(["for a person"], {"flagged": [12]})
    note, engine, script, rendering, fallback, mastering, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert [each["text"] for each in (note, engine, script, fallback)] == LINES
    assert {each["event"] for each in (note, engine, script, fallback)} == {"message"}
    assert (engine["kind"], engine["fallback"], fallback["fallback"]) == ("narrator", False, True)
    assert (script["n_chunks"], script["n_words"]) == (57, 2664)
    assert rendering == {
        "event": "rendering",
        "n_chunks": 57,
        "n_words": 2664,
        "done_chunks": 20,
        "done_words": 1000,
        "resumed_chunks": 0,
        "resumed_words": 0,
        "flagged": 1,
        "audio_seconds": 300.0,
        "elapsed": 10.0,
        "chapter": "One",
        "rate": 30.0,
        "eta": pytest.approx(16.64),
    }
    assert mastering == {"event": "mastering", "fraction": 0.5}
    assert result == {"event": "result", "flagged": [12]}


def test_plain_lines_tell_what_happens_once_and_progress_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with display(as_json=False, quiet=False, verbose=False) as shown:
        for event in EVENTS:
            shown.on_event(event)
    assert capsys.readouterr().out.splitlines() == LINES
    monkeypatch.setattr(progress_display, "PLAIN_EVERY", -1.0)
    shown.on_event(EVENTS[3])
    assert capsys.readouterr().out == "One: 20/57 chunks, 30.0x real time, 0:17 to go, 1 flagged\n"
    shown.on_event(RenderProgress(57, 2664))
    assert capsys.readouterr().out == "0/57 chunks, 0.0x real time, 0 flagged\n"


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with display(as_json=False, quiet=True, verbose=False) as shown:
        for event in EVENTS:
            shown.on_event(event)
        shown.show_result(["for a person"], {})
    assert capsys.readouterr() == ("", "")


def test_verbose_prints_the_log_of_every_module_to_stderr() -> None:
    code = (
        "import logging\nfrom mayabook.cli.options import log_to_stderr\nlog_to_stderr()\n"
        "logging.getLogger('mayabook.render.renderer').debug('Stored %s', 'a.flac')\nlogging.getLogger('other').info('x')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert run.stderr.strip().endswith("mayabook.render.renderer: Stored a.flac")
    assert len(run.stderr.splitlines()) == 1
