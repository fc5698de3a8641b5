"""The Python examples of README and the API's page do what they say, on a book of one page."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import write_story

ROOT = Path(__file__).parent.parent


def examples(page: Path, language: str = "python") -> list[str]:
    """The blocks of a page in a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "n_examples"), [("README.md", 1), ("docs/api.md", 5)])
def test_examples_run(page: str, n_examples: int, tmp_path: Path) -> None:
    """Each with the names of those before it."""
    found = examples(ROOT / page)
    assert len(found) == n_examples
    write_story(tmp_path / "book.epub", "The Pier", {"One": ["They stood on the pier until the stars came out."]})
    (tmp_path / "examples.py").write_text("\n".join(found), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "examples.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "book.m4b").is_file()
    assert "word error rate 0.0%" in run.stdout


def test_the_cluster_of_the_page_is_one_that_ray_can_launch() -> None:
    util, yaml = pytest.importorskip("ray.autoscaler._private.util"), pytest.importorskip("yaml")
    [cluster] = (yaml.safe_load(block) for block in examples(ROOT / "docs" / "farm.md", "yaml"))
    util.validate_config(util.prepare_config(cluster))  # as `ray up` does
    with pytest.raises(Exception, match="min_worker"):
        util.validate_config(util.prepare_config({**cluster, "min_worker": 1}))
