"""The passages that a tuning or a calibration reads: the built-in ones, or those of a book; and their chunks."""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from mayabook.book import read_book
from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.chunk import Chunk
from mayabook.core.errors import LabError
from mayabook.core.settings import ScriptSettings, Settings
from mayabook.engines import EngineChoice
from mayabook.maya.defaults import default
from mayabook.script import write_script

N_PASSAGES = 64
"""Most passages of a tuning."""
_ORDER = 19
"""Seed of the order of the passages, in which short and long ones and all kinds mix."""


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages in the order in which they are read."""

    name: str
    """Where they are from, for users."""
    blocks: tuple[tuple[Block, ...], ...]
    """The blocks of each passage."""
    language: str

    @property
    def digest(self) -> str:
        """Fingerprint of the texts, 16 hexadecimal digits."""
        whole = "\0".join("\n".join(block.text for block in passage) for passage in self.blocks)
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    def chunks(self, settings: ScriptSettings) -> list[list[Chunk]]:
        """The chunks of each passage: no chunk holds text of two passages."""
        chapters = tuple(Chapter(number, f"Passage {number}", blocks) for number, blocks in enumerate(self.blocks, 1))
        script = write_script(Book(self.name, (), chapters, self.language), settings)
        return [[chunk for chunk in script.chunks if chunk.chapter == chapter.number] for chapter in chapters]


def built_in_passages() -> Passages:
    """The passages of calibration.toml."""
    text = files("mayabook.lab").joinpath("calibration.toml").read_text(encoding="utf-8")
    blocks = [
        (Block(BlockKind.HEADING if kind == "heading" else BlockKind.PARAGRAPH, passage, "", ""),)
        for kind, passages in tomllib.loads(text).items()
        for passage in passages
    ]
    return Passages("the built-in texts", _mixed(blocks), "en")


def passages_of(book_file: Path, settings: Settings) -> Passages:
    """The passages of a book: its chunks at the limits of words and characters, spread over the whole book.

    Raises LabError if there are none.
    """
    book = read_book(book_file, settings.book)
    chapters = {chapter.number: chapter for chapter in book.chapters}
    chunks = write_script(book, settings.script).chunks
    if not chunks:
        raise LabError(f"{book_file} has nothing to narrate; choose another book, or leave it out.")
    chosen = np.unique(np.linspace(0, len(chunks) - 1, min(N_PASSAGES, len(chunks))).round().astype(int))
    blocks = [_blocks_of(chunks[at], chapters[chunks[at].chapter]) for at in chosen]
    return Passages(book_file.name, _mixed(blocks), book.language)


def calibration_texts(book_file: Path | None, settings: Settings) -> tuple[str, list[str]]:
    """Name and texts that a quantisation is calibrated on: the chunks of a book's passages, or of the built-in ones, as
    Maya1 is given them. Raises LabError if there are none."""
    passages = built_in_passages() if book_file is None else passages_of(book_file, settings)
    limits = EngineChoice(kind="", max_seconds=default("max_seconds")).chunk_limits(settings.script)
    return passages.name, [chunk.spoken for chunks in passages.chunks(limits) for chunk in chunks]


def _blocks_of(chunk: Chunk, chapter: Chapter) -> tuple[Block, ...]:
    """The parts of a chapter's blocks that a chunk holds."""
    ends: dict[int, tuple[int, int]] = {}
    for sentence in chunk.sentences:
        start, _ = ends.get(sentence.span.block, (sentence.span.start, 0))
        ends[sentence.span.block] = (start, sentence.span.end)
    return tuple(
        replace(chapter.blocks[at], text=chapter.blocks[at].text[start:end].strip())
        for at, (start, end) in ends.items()
    )


def _mixed(blocks: Sequence[tuple[Block, ...]]) -> tuple[tuple[Block, ...], ...]:
    """The passages in a random order that is always the same."""
    order = np.random.Generator(np.random.Philox(_ORDER)).permutation(len(blocks))
    return tuple(blocks[at] for at in order)
