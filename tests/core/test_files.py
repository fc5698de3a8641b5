"""A file appears whole or not at all, and is on disk before it has its name."""

import os
from pathlib import Path

import pytest

from mayabook.core.errors import ModelError, OutputError
from mayabook.core.files import atomic_write
from mayabook.core.fingerprint import sha256_of


def test_a_finished_file_replaces_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "note.txt"
    for text in ("one", "two"):
        with atomic_write(file) as temporary:
            assert temporary.parent == file.parent
            assert temporary.suffix == ".txt"
            temporary.write_text(text)
            assert not file.exists() or file.read_text() == "one"
        assert file.read_text() == text
    assert list(file.parent.iterdir()) == [file]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("old")

    def broken_off() -> None:
        with atomic_write(file) as temporary:
            temporary.write_text("half")
            raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        broken_off()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_error_of_the_system_is_explained_by_whoever_writes(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "note.txt"
    with pytest.raises(OutputError, match="choose another path with -o"), atomic_write(place):
        pass
    with pytest.raises(ModelError, match="set elsewhere"), atomic_write(place, lambda *_: ModelError("set elsewhere")):
        pass


def test_processes_that_write_at_once_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    file = tmp_path / "cache.json"
    with atomic_write(file, shared=True) as mine:
        assert str(os.getpid()) in mine.name
        mine.write_text("mine")
        file.write_text("another's")
    assert file.read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs the names of open files")
def test_the_bytes_are_on_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "note.txt"
    flushed: list[tuple[str, bool]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, file.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with atomic_write(file) as temporary:
        temporary.write_text("whole")
    assert flushed == [(temporary.name, False), (tmp_path.name, True)]


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    file = tmp_path / "abc"
    file.write_bytes(b"abc")
    assert sha256_of(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
