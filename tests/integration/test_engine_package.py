"""The example of an engine in a package of its own, installed as a user installs it, reads a book."""

import subprocess
import sys
from pathlib import Path

import av
import pytest

from kokoro_packages import kokoro_folder
from tests.runs import mayabook_in, write_story

PACKAGE = Path(__file__).parents[2] / "examples" / "mayabook-kokoro"
CHAPTER = {"The Harbour": ["The boat came in at dawn. It was dry inside, and very clean."]}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Python that has the package."""
    folder = tmp_path_factory.mktemp("installed")
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    pip = (sys.executable, "-m", "pip", "install", *offline, "--target", str(folder))
    subprocess.run([*pip, str(PACKAGE)], check=True, capture_output=True)
    return {"PYTHONPATH": str(folder)}


def test_it_reads_a_book(installed: dict[str, str], tmp_path: Path) -> None:
    book = write_story(tmp_path / "book.epub", "The Boat", CHAPTER)
    (tmp_path / "kokoro.toml").write_text(f"[kokoro]\nmodel = '{kokoro_folder()}'\nvoice = 'bm_george'\n")
    settings = ("--engine", "kokoro", "--settings", "kokoro.toml")
    done = mayabook_in(tmp_path, "make", book, "-o", "book.m4b", *settings, environment=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "heard as written: 3 of 3 sentences, 0 in doubt, 0 missing; word error rate 0.0%" in done.stdout
    with av.open(str(tmp_path / "book.m4b")) as audiobook:
        assert audiobook.duration is not None
        assert 4 < audiobook.duration / av.time_base < 12
        assert "bm_george (Kokoro-82M)" in audiobook.metadata.values()


def test_the_commands_know_it(installed: dict[str, str], tmp_path: Path) -> None:
    listed = mayabook_in(tmp_path, "voices", environment=installed).stdout
    assert "bm_george" in listed
    assert "Male, British accent." in listed
    assert "Kokoro-82M on ONNX Runtime" in mayabook_in(tmp_path, "doctor", environment=installed).stdout
