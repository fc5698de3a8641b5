"""Full disks, closed folders and odd names: one line, nothing half-written, no take harmed."""

import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mayabook.core.chunk import Pause
from mayabook.core.errors import OutputError
from mayabook.core.output_formats import FORMATS
from mayabook.core.settings import MasterSettings
from mayabook.master import Tags, Timeline, build_timeline, check_output, destination, write_audiobook
from mayabook.master.output_paths import chapter_file
from tests.master.decoded_audiobook import decode_audiobook
from tests.master.master_sounds import speechlike, tone

ONE_LINE = re.compile(r"^[^\n]+; (free some space|choose another)[^\n]*\.$")
SUFFIXES = list(FORMATS)
TAGS = Tags("Book", ("Author",), "Voice")
PLAIN = MasterSettings()


@pytest.fixture
def timeline(segment) -> Timeline:
    takes = [segment(speechlike(6, n), Pause.CHAPTER, n, f"Text {n}.") for n in (1, 2)]
    return build_timeline(takes, {}, MasterSettings())


@contextmanager
def files_no_larger_than(limit: int) -> Iterator[None]:
    """The kernel refuses to write further; Python ignores the signal that comes with it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def failure(timeline: Timeline, output: Path, settings: MasterSettings = PLAIN) -> str:
    """The message of the OutputError, after a look that it is one line that says what to do."""
    with pytest.raises(OutputError) as caught:
        write_audiobook(timeline, TAGS, output, settings, lambda _: None)
    assert ONE_LINE.match(str(caught.value)), str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("limit", [10, 30_000])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_cannot_grow_leaves_nothing_but_what_was_there(timeline, tmp_path, suffix, limit):
    takes = [clip.path.read_bytes() for clip in timeline.clips]
    out = tmp_path / "out" / f"book{suffix}"
    out.parent.mkdir()
    out.write_bytes(b"an older book")
    with files_no_larger_than(limit):
        message = failure(timeline, out)
    assert f"No space left to write {out}; free some space" in message
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert out.read_bytes() == b"an older book"
    assert [clip.path.read_bytes() for clip in timeline.clips] == takes
    write_audiobook(timeline, TAGS, out, MasterSettings(), lambda _: None)
    assert decode_audiobook(out).duration == pytest.approx(timeline.duration, abs=0.1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_named(timeline, tmp_path, suffix):
    (tmp_path / f".book.partial{suffix}").symlink_to("/dev/full")  # where core.files lets the file appear
    message = failure(timeline, tmp_path / f"book{suffix}")
    assert "No space left to write" in message
    assert [path.name for path in tmp_path.iterdir()] == ["takes"]
    assert Path("/dev/full").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_with_the_captions(timeline, tmp_path):
    (tmp_path / ".book.partial.srt").symlink_to("/dev/full")
    message = failure(timeline, tmp_path / "book.flac", MasterSettings(captions="srt"))
    assert f"No space left to write {tmp_path / 'book.srt'}" in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.flac", "takes"]
    assert decode_audiobook(tmp_path / "book.flac").duration == pytest.approx(timeline.duration, abs=0.1)


def test_a_full_disk_half_way_keeps_whole_chapters(timeline, tmp_path):
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / ".02 Chapter 2.partial.flac").symlink_to("/dev/full")
    failure(timeline, tmp_path / "book.flac", MasterSettings(split=True))
    assert [path.name for path in folder.iterdir()] == ["01 Chapter 1.flac"]
    mark = timeline.chapters[0]
    assert decode_audiobook(folder / "01 Chapter 1.flac").duration == pytest.approx((mark.end - mark.start) / 24000)


@pytest.mark.parametrize("split", [False, True])
def test_where_nobody_may_write(timeline, tmp_path, split):
    settings = MasterSettings(split=split)
    if os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        assert "is not writable" in failure(timeline, closed / "book.m4b", settings)
    file = tmp_path / "file"
    file.write_text("no folder")
    assert "Not a directory" in failure(timeline, file / "deeper" / "book.m4b", settings)
    assert file.read_text() == "no folder"
    if Path("/proc/self").exists():  # a file system where even root may not create files
        failure(timeline, Path("/proc/book.m4b"), settings)
        failure(timeline, Path("/proc/nowhere/book.m4b"), settings)


def test_a_read_only_place_is_found_before_the_book_is_measured(timeline, tmp_path):
    (tmp_path / "file").touch()
    seen: list[float] = []
    with pytest.raises(OutputError):
        write_audiobook(timeline, TAGS, tmp_path / "file" / "book.m4b", MasterSettings(), seen.append)
    assert seen == []


def test_a_folder_or_file_in_the_way(timeline, tmp_path):
    (tmp_path / "book.m4b").mkdir()
    assert "it is a folder; choose another name" in failure(timeline, tmp_path / "book.m4b")
    assert (tmp_path / "book.m4b").is_dir()
    (tmp_path / "other").write_text("mine")
    assert "File exists" in failure(timeline, tmp_path / "other.m4b", MasterSettings(split=True))
    assert (tmp_path / "other").read_text() == "mine"


def test_missing_folders_are_made_and_nothing_is_put_there_yet(tmp_path):
    check_output(tmp_path / "a" / "b" / "book.m4b", MasterSettings())
    assert list((tmp_path / "a" / "b").iterdir()) == []
    check_output(tmp_path / "c" / "book.m4b", MasterSettings(split=True))
    assert destination(tmp_path / "c" / "book.m4b", MasterSettings(split=True)) == tmp_path / "c" / "book"
    assert list((tmp_path / "c" / "book").iterdir()) == []


def test_an_odd_file_name_is_not_taken_for_an_address(segment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    timeline = build_timeline([segment(tone(1.0))], {}, MasterSettings())
    for name in ("pipe:1.m4b", "Dune: %d [50%].mp3", "-é.flac"):
        write_audiobook(timeline, TAGS, Path(name), MasterSettings(), lambda _: None)
        assert decode_audiobook(tmp_path / name).duration == pytest.approx(timeline.duration, abs=0.1)


def test_a_name_that_is_too_long(timeline, tmp_path):
    assert "too long" in failure(timeline, tmp_path / f"{'x' * 250}.m4b")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Plain", "07 Plain.m4b"),
        ("../../etc/passwd", "07 etc passwd.m4b"),
        ('What? <No>: "yes" | a*b\\c', "07 What No yes a b c.m4b"),
        ("Tabs\tand\nlines\x00\u200b\u202e", "07 Tabs and lines.m4b"),
        ("Ends with dots... ", "07 Ends with dots.m4b"),
        ("???", "07.m4b"),
        ("1. Dr. Who", "07 1. Dr. Who.m4b"),
        ("e\u0301te\u0301", "07 été.m4b"),
        ("章" * 100, f"07 {'章' * 50}.m4b"),
    ],
)
def test_chapter_titles_make_safe_file_names(title, name):
    settings = MasterSettings(split=True)
    assert chapter_file(Path("/books/b.m4b"), settings, 7, 12, title) == Path("/books/b") / name
    assert chapter_file(Path("/books/b.m4b"), settings, 7, 120, "T").name == "007 T.m4b"
