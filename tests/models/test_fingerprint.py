import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from mayabook.core.fingerprint import cache_folder, fingerprint


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAYABOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(folder: Path, **contents: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(content)
    return [folder / name for name in contents]


@pytest.mark.usefixtures("cache")
def test_content_and_names_decide_and_not_the_place(tmp_path: Path) -> None:
    files = write(tmp_path / "one", a="first", b="second")
    mark = fingerprint(files)
    assert len(mark) == 16
    assert int(mark, 16) >= 0
    moved = Path(shutil.copytree(tmp_path / "one", tmp_path / "two"))
    os.utime(moved / "a", (1, 1))
    assert fingerprint([moved / "b", moved / "a"]) == mark
    assert fingerprint(write(tmp_path / "three", a="second", b="first")) != mark
    assert fingerprint(write(tmp_path / "four", a="first", c="second")) != mark
    assert fingerprint(write(tmp_path / "five", a="first")) != mark


def test_a_known_file_is_not_read_again(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write(tmp_path / "one", a="first")
    mark = fingerprint(files)
    known = json.loads((cache / "fingerprints.json").read_text())
    assert len(known) == 1
    opened: list[Path] = []
    real = Path.open

    def spy(path: Path, *args: Any, **more: Any) -> Any:
        opened.append(path)
        return real(path, *args, **more)

    monkeypatch.setattr(Path, "open", spy)
    assert fingerprint(files) == mark
    assert files[0] not in opened
    (cache / "fingerprints.json").unlink()
    assert fingerprint(files) == mark
    assert files[0] in opened


@pytest.mark.usefixtures("cache")
def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    (file,) = write(tmp_path / "one", a="first")
    before = fingerprint([file])
    status = file.stat()
    file.write_text("fir5t")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert fingerprint([file]) != before
    file.write_text("first")
    assert fingerprint([file]) == before


def test_a_damaged_cache_is_made_anew(cache: Path, tmp_path: Path) -> None:
    files = write(tmp_path / "one", a="first")
    mark = fingerprint(files)
    (cache / "fingerprints.json").write_text("{broken")
    assert fingerprint(files) == mark
    assert len(json.loads((cache / "fingerprints.json").read_text())) == 1


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MAYABOOK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "mayabook"
