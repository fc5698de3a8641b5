"""The sdist and the wheel hold the package and nothing else, and the wheel works where it is installed."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from mayabook.core.version import __version__

ROOT = Path(__file__).parent.parent
SAMPLE = next((ROOT / "examples").glob("*.epub"))
BESIDE_THE_PACKAGE = {".gitignore", "CHANGELOG.md", "LICENSE", "NOTICE", "PKG-INFO", "README.md", "pyproject.toml"}


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command without PYTHONPATH, so that it finds installed packages alone, and returns its output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, project: Path, folder: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", folder, cwd=project)
    (built,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


def package_files() -> set[str]:
    files = (ROOT / "src" / "mayabook").rglob("*")
    return {file.relative_to(ROOT / "src").as_posix() for file in files if file.is_file() and file.suffix != ".pyc"}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what the sdist holds."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return build("wheel", folder / sdist.name.removesuffix(".tar.gz"), folder)


def test_the_sdist_is_the_package_without_tests_and_weights(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names == BESIDE_THE_PACKAGE | {f"src/{name}" for name in package_files()}


def test_the_wheel_is_the_package_and_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = {name for name in names if ".dist-info/" in name}
    assert names - metadata == package_files()
    assert {name.partition("/")[2] for name in metadata} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "licenses/NOTICE",
    }


def test_the_wheel_runs_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    """In an empty environment, but for the libraries: those of the environment that runs the tests are shared."""
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    site_packages = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    (site_packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    where = run(python, "-c", "import mayabook; print(mayabook.__file__)", cwd=tmp_path)
    assert Path(where.strip()) == site_packages / "mayabook" / "__init__.py"
    mayabook = python.with_name("mayabook")
    assert run(mayabook, "--version", cwd=tmp_path) == f"mayabook {__version__}\n"
    assert "inspect" in run(mayabook, "--help", cwd=tmp_path)
    assert "2,664 words" in run(mayabook, "inspect", SAMPLE, cwd=tmp_path)
