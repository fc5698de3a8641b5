"""The base installation: everything but Maya1's engines works without the packages of the extras."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import write_story
from tests.tiny_models import write_checkpoint, write_codec

BLOCKED = """
import sys
from importlib.abc import MetaPathFinder
class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.split(".")[0] in {names} else find(name, package)
from mayabook.cli import main
sys.argv = ["mayabook", *sys.argv[1:]]
main()
"""
EXTRAS = (
    *("torch", "transformers", "accelerate", "bitsandbytes", "snac", "onnx", "onnxscript", "llama_cpp", "gguf"),
    "ray",
)


def mayabook_without(names: tuple[str, ...], *arguments: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    script = BLOCKED.format(names=set(names))
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_a_book_is_made_without_any_extra(tmp_path: Path) -> None:
    book = write_story(tmp_path / "short.epub", "Short", {"One": ["The boat came in at dawn, with nobody aboard."]})
    run = mayabook_without(EXTRAS, "make", book, "--json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["flagged"] == []


@pytest.mark.parametrize("arguments", [("--help",), ("voices",), ("models", "list"), ("models", "--help"), ("doctor",)])
def test_what_needs_no_engine_runs_without_extras(arguments: tuple[str, ...], tmp_path: Path) -> None:
    run = mayabook_without(EXTRAS, *arguments, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    if arguments == ("doctor",):
        assert "mayabook[gguf]" in run.stdout
        assert "mayabook[transformers]" in run.stdout


@pytest.mark.parametrize(
    ("absent", "arguments", "extra"),
    [
        (("llama_cpp",), ("make", "short.epub", "--engine", "gguf", "--model", "tiny"), "mayabook[gguf]"),
        (("torch",), ("make", "short.epub", "--engine", "transformers", "--model", "tiny"), "mayabook[transformers]"),
        (
            ("transformers",),
            ("make", "short.epub", "--engine", "transformers", "--model", "tiny"),
            "mayabook[transformers]",
        ),
        (("torch", "snac"), ("models", "export-codec", "tiny"), "mayabook[transformers]"),
        (("gguf",), ("models", "convert", "tiny", "--to", "BF16"), "mayabook[gguf]"),
        (("nicegui",), ("serve", "."), "mayabook[web]"),
        (("ray",), ("make", "short.epub", "--cluster", "auto"), "mayabook[cluster]"),
    ],
)
def test_a_missing_extra_is_one_line_that_names_it(
    absent: tuple[str, ...], arguments: tuple[str, ...], extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAYABOOK_MODELS", str(tmp_path / "models"))
    model = tmp_path / "models" / "tiny"
    write_checkpoint(model / "checkpoint")
    write_codec(model / "codec")
    (model / "gguf").mkdir()
    (model / "gguf" / "tiny-F16.gguf").write_bytes(b"GGUF")
    write_story(tmp_path / "short.epub", "Short", {"One": ["The boat came in at dawn."]})
    run = mayabook_without(absent, *arguments, cwd=tmp_path)
    assert run.returncode == 2, run.stdout + run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert extra in run.stderr
