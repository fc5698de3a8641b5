"""The example package of a reader, installed as a stranger would install it: MayaBook reads Markdown."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runs import mayabook_in

PACKAGE = Path(__file__).parents[2] / "examples" / "mayabook-markdown"
STORY = "# The Boat\n\n## One\n\nThe boat came in at *dawn*.\n\n## Two\n\nIt rained all night.\n"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package is installed in."""
    folder = tmp_path_factory.mktemp("site")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, "--target", folder, PACKAGE], check=True)
    return folder


@pytest.fixture
def mayabook(site: Path, tmp_path: Path) -> Command:
    (tmp_path / "boat.md").write_text(STORY)
    path = ":".join([str(site), *filter(None, sys.path)])
    return lambda *arguments: mayabook_in(tmp_path, *arguments, environment={"PYTHONPATH": path})


def test_its_own_tests_pass_where_it_is_installed(site: Path, tmp_path: Path) -> None:
    path = ":".join([str(site), *filter(None, sys.path)])
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, PACKAGE / "tests"],
        cwd=tmp_path,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_inspect_and_make_read_markdown(mayabook: Command, tmp_path: Path) -> None:
    shown = mayabook("inspect", "boat.md", "--json")
    assert shown.returncode == 0, shown.stderr
    facts = json.loads(shown.stdout)
    assert (facts["title"], [chapter["title"] for chapter in facts["chapters"]]) == ("The Boat", ["One", "Two"])
    made = mayabook("make", "boat.md", "--engine", "narrator")
    assert made.returncode == 0, made.stdout + made.stderr
    assert (tmp_path / "boat.m4b").stat().st_size > 10_000


def test_without_the_package_markdown_is_refused(tmp_path: Path) -> None:
    (tmp_path / "boat.md").write_text(STORY)
    refused = mayabook_in(tmp_path, "inspect", "boat.md")
    assert refused.returncode == 2
    assert "boat.md has an unsupported format; supported are EPUB (.epub), plain text (.txt .text)." in refused.stderr
