"""What a person may get wrong: one clear line, exit code 2, no traceback, and nothing lost."""

import resource
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.epubs import CONTAINER, OPF, epub_files, write_zip
from tests.runs import COMMAND, STORY, write_story

Run = Callable[..., CompletedProcess[str]]
PAGE = {"one.xhtml": "<h1>One</h1><p>The boat came in at dawn.</p>"}
ADEPT = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
    '<enc:EncryptedData><enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
    '<enc:CipherData><enc:CipherReference URI="EPUB/one.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>'
)


def refused(run: CompletedProcess[str], *names: str) -> None:
    assert run.returncode == 2, run.stdout + run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert "Traceback" not in run.stderr
    for name in names:
        assert name in run.stderr


def test_a_book_that_is_not_there(mayabook: Run) -> None:
    refused(mayabook("make", "missing.epub"), "missing.epub")
    refused(mayabook("inspect", "missing.epub"), "missing.epub")


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x03\x04 truncated"])
def test_a_file_that_is_not_a_book(content: bytes, mayabook_here: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.epub").write_bytes(content)
    refused(mayabook_here("make", "broken.epub"), "broken.epub")
    assert not (tmp_path / "broken.m4b").exists()


def test_a_truncated_book(mayabook_here: Run, tmp_path: Path) -> None:
    whole = write_story(tmp_path / "harbour.epub", "The Harbour", STORY).read_bytes()
    (tmp_path / "harbour.epub").write_bytes(whole[: len(whole) // 2])
    refused(mayabook_here("make", "harbour.epub"), "harbour.epub")


def test_a_book_without_its_package(mayabook_here: Run, tmp_path: Path) -> None:
    files = epub_files(PAGE, toc=[("One", "one.xhtml")])
    del files[OPF]
    write_zip(tmp_path / "broken.epub", files)
    refused(mayabook_here("make", "broken.epub"))


def test_a_book_without_its_container_is_read_by_its_package(mayabook: Run, tmp_path: Path) -> None:
    files = epub_files(PAGE, toc=[("One", "one.xhtml")])
    del files[CONTAINER]
    write_zip(tmp_path / "mended.epub", files)
    run = mayabook("make", "mended.epub")
    assert run.returncode == 0, run.stderr
    assert f"Note: the book has no {CONTAINER}" in run.stdout


def test_a_book_under_drm_names_the_scheme(mayabook_here: Run, tmp_path: Path) -> None:
    files = epub_files(PAGE, toc=[("One", "one.xhtml")])
    files["META-INF/encryption.xml"] = ADEPT
    files["META-INF/rights.xml"] = '<rights xmlns="http://ns.adobe.com/adept"/>'
    write_zip(tmp_path / "locked.epub", files)
    refused(mayabook_here("make", "locked.epub"), "Adobe")


def test_a_book_with_nothing_to_read(mayabook_here: Run, tmp_path: Path) -> None:
    write_zip(tmp_path / "empty.epub", epub_files({"one.xhtml": "<p> </p>"}, toc=[("One", "one.xhtml")]))
    refused(mayabook_here("make", "empty.epub"))


def test_a_book_in_a_script_that_the_narrator_cannot_read(mayabook_here: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "war.epub", "Война", {"Один": ["Все счастливые семьи похожи друг на друга."]})
    refused(mayabook_here("make", book), "Cyrillic")


def test_a_book_that_is_mended_says_so(mayabook: Run, tmp_path: Path) -> None:
    files = epub_files(PAGE, toc=[("One", "one.xhtml")])
    files["EPUB/one.xhtml"] = "<html><body><h1>One</h1><p>The boat <b>came in at dawn.</p></body>"
    write_zip(tmp_path / "mended.epub", files)
    run = mayabook("make", "mended.epub")
    assert run.returncode == 0, run.stderr
    assert "Note: " in run.stdout
    assert "one.xhtml" in run.stdout


def test_an_unknown_format_voice_or_recogniser(mayabook: Run, mayabook_here: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "harbour.epub", "The Harbour", STORY)
    refused(mayabook_here("make", book, "-o", "book.ogg3"), ".m4b")
    refused(mayabook_here("make", book, "--voice", "nobody"), "heart")
    offline = {"HF_HUB_OFFLINE": "1"}
    refused(mayabook("make", book, "--asr-model", "nothing", environment=offline), "tiny.en")


@pytest.mark.parametrize("place", ["/proc/nowhere/book.m4b", "harbour.epub/book.m4b"])
def test_an_output_that_cannot_be_written(place: str, mayabook_here: Run, tmp_path: Path) -> None:
    book = write_story(tmp_path / "harbour.epub", "The Harbour", STORY)
    refused(mayabook_here("make", book, "-o", place), "choose another path with -o")


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: at a take, and later at the audiobook or the ledger."""
    write_story(tmp_path / "harbour.epub", "The Harbour", STORY)
    takes, kept = tmp_path / "harbour.mayabook" / "takes", dict[str, bytes]()
    for limit in (60_000, 250_000):
        full = subprocess.run(
            [*COMMAND, "make", "harbour.epub", "-o", "harbour.wav"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)),
            check=False,
        )
        refused(full, "run the same command")
        assert not (tmp_path / "harbour.wav").exists()
        assert not list(takes.glob(".*"))
        found = {take.name: take.read_bytes() for take in takes.iterdir()}
        assert kept.items() <= found.items()
        kept = found
    again = subprocess.run([*COMMAND, "make", "harbour.epub", "-o", "harbour.wav", "-q"], cwd=tmp_path, check=False)
    assert again.returncode == 0
    for name, audio in kept.items():
        assert (takes / name).read_bytes() == audio
