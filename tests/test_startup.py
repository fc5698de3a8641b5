"""What is loaded when: heavy libraries only by the commands and calls that need them."""

import subprocess
import sys
from pathlib import Path

import pytest

from mayabook.cli.app import COMMANDS, SUMMARIES

SAMPLE = next((Path(__file__).parent.parent / "examples").glob("*.epub"))
COMPUTING = {"av", "ctranslate2", "faster_whisper", "hibari", "numpy", "onnxruntime", "scipy", "tokenizers", "torch"}
"""Import names of the libraries that take longest to load."""
FRONT = {"jinja2", "lxml", "pydantic", "rich", "typer"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules that are loaded once `code` has run in a fresh interpreter."""
    script = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}}, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stderr.split())


def after_command(*arguments: str | Path) -> str:
    words = ["mayabook", *map(str, arguments)]
    return f"sys.argv = {words!r}\nfrom mayabook.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"


@pytest.mark.parametrize(
    ("code", "light"),
    [
        ("import mayabook", COMPUTING | FRONT),
        ("from mayabook import Settings, Event, MayaBookError", COMPUTING | FRONT - {"pydantic"}),
        ("from mayabook import read_book", COMPUTING | {"jinja2", "rich", "typer"}),
        (after_command("--help"), COMPUTING | {"jinja2", "lxml", "pydantic"}),
        (after_command("make", "--help"), COMPUTING | {"jinja2", "lxml"}),
        (after_command("inspect", SAMPLE), COMPUTING | {"jinja2"}),
        ("from mayabook import make_audiobook, verify_audiobook", {"ctranslate2", "faster_whisper", "torch"}),
    ],
)
def test_heavy_libraries_are_loaded_when_they_are_used(code: str, light: set[str]) -> None:
    assert loaded_by(code) & light == set()


def test_what_is_heavy_is_seen() -> None:
    """The list above would find a library that is loaded."""
    assert loaded_by("import numpy, lxml.etree") >= {"numpy", "lxml"}


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_summary_of_a_command_is_the_first_sentence_of_its_help(name: str) -> None:
    loaded = COMMANDS[name]
    assert loaded.get_short_help_str(1000) == SUMMARIES[name]
