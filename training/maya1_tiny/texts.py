"""Texts of the corpus: the sample book's chunks, and chunks of plain text, cut by the same rules."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.settings import ScriptSettings, Settings
from mayabook.engines.language import foreign_script
from mayabook.script import script_book, write_script

SAMPLE_BOOK = Path(__file__).parents[2] / "examples" / "four-minutes-slow.epub"
OWN_TEXTS = Path(__file__).parent / "texts"
FORTUNES = Path("/usr/share/games/fortunes")
FORTUNE_FILES = ("literature", "wisdom", "people", "work", "science", "education", "food", "love", "kids", "pets")
_UNREADABLE = re.compile(r"[^\w\s.,;:!?'’‘“”\"()\-–—…&%$£/]|\d{5,}|_|http|www")
"""Characters and words that books for narration do not have; paragraphs with them are left out."""


def book_chunks(book: Path = SAMPLE_BOOK, max_chars: int | None = None) -> list[str]:
    """Spoken texts of a book's chunks, as `mayabook make` cuts them.

    max_chars: characters of the longest chunk; None is MayaBook's default.
    """
    limits = ScriptSettings() if max_chars is None else ScriptSettings(max_chars=max_chars)
    _, script = script_book(book, None, Settings(script=limits))
    return [chunk.spoken for chunk in script.chunks]


def paragraphs(folders: list[Path], debian: bool) -> Iterator[tuple[str, str]]:
    """Yields (source, paragraph) of every .txt file in the folders, and of Debian's Bible and fortunes if installed."""
    for folder in folders:
        for file in sorted(folder.rglob("*.txt")):
            for paragraph in re.split(r"\n\s*\n", file.read_text(encoding="utf-8", errors="replace")):
                yield file.stem, " ".join(paragraph.split())
    if debian:
        yield from _bible()
        yield from _fortunes()


def _bible() -> Iterator[tuple[str, str]]:
    """The King James Bible of the package bible-kjv-text, one verse per paragraph."""
    command = shutil.which("bible")
    if command is None:
        return
    printed = subprocess.run([command, "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True)
    for line in printed.stdout.splitlines():
        _, _, verse = line.partition(" ")
        yield "king-james", verse.strip("{} ")


def _fortunes() -> Iterator[tuple[str, str]]:
    """Sayings of the package fortunes, without their authors."""
    for file in (FORTUNES / name for name in FORTUNE_FILES):
        if file.is_file():
            for saying in file.read_text(encoding="utf-8", errors="replace").split("\n%\n"):
                yield "fortunes", " ".join(re.split(r"\n\s*--", saying)[0].split())


def chunks(found: Iterator[tuple[str, str]], settings: ScriptSettings) -> Iterator[tuple[str, str]]:
    """Yields (source, chunk), each text once. The paragraphs of a source are cut like those of a chapter."""
    seen: set[str] = set()
    for source, text in _by_source(found):
        blocks = tuple(Block(BlockKind.PARAGRAPH, paragraph, source, "/") for paragraph in text)
        book = Book(source, (), (Chapter(1, source, blocks),))
        for chunk in write_script(book, settings).chunks:
            if chunk.spoken not in seen:
                seen.add(chunk.spoken)
                yield source, chunk.spoken


def _by_source(found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Groups paragraphs by source, at most 64 at a time, so that a whole Bible is not one chapter."""
    held: list[str] = []
    last = ""
    for source, paragraph in found:
        if held and (source != last or len(held) == 64):
            yield last, held
            held = []
        last = source
        if len(paragraph.split()) > 2 and not _UNREADABLE.search(paragraph) and foreign_script(paragraph, "it") is None:
            held.append(paragraph)
    if held:
        yield last, held


def hash_fraction(text: str, salt: str = "") -> float:
    """A number in [0, 1) that depends on the text alone, so that held-out texts stay held out when texts are added."""
    return int.from_bytes(hashlib.sha256((salt + text).encode()).digest()[:6]) / 2**48
