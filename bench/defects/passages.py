"""Texts of the corpus: passages of a few sentences, and lines that ASR finds hard. Each is in one split only."""

import tomllib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

from mayabook.book import read_book
from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.settings import BookSettings, ScriptSettings
from mayabook.script import write_script

ROOT = Path(__file__).parents[2]
SHORT = ScriptSettings(max_words=45, max_chars=260, min_words=8)
"""Length of the passages: long enough for every defect, and short enough to have many of them."""
SPLITS = (("fit", 0.42), ("validation", 0.12), ("test", 0.46))
"""Share of the texts in each split."""
PLAIN = "plain"
PLAIN_READINGS = ("old", "modern")
"""Kinds of readings.toml that are not hard on a recogniser."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of the corpus."""

    text: str
    """The whole text."""
    sentences: tuple[str, ...]
    """The text by sentence."""
    kind: str
    """PLAIN, or the kind of text in hard.toml, readings.toml or further_readings.toml."""
    split: str
    """fit, validation or test."""


def passages() -> list[Passage]:
    """All texts of the narrator, in an order that depends on the texts alone."""
    found = [*_split((text, (PLAIN, parts)) for text, parts in _stories())]
    for kind, lines in _listed("hard.toml"):
        found += _split((line, (kind, (line,))) for line in lines)
    return found


def readings() -> list[Passage]:
    """All texts of the other voices, likewise."""
    found: list[Passage] = []
    for kind, texts in _listed("readings.toml"):
        found += _split((text, (kind, sentences_of(text))) for text in texts)
    return found


def further_readings() -> list[Passage]:
    """More texts of the voices of the test split, for sound takes only."""
    listed = _listed("further_readings.toml")
    return [Passage(text, sentences_of(text), kind, "test") for kind, texts in listed for text in texts]


def _listed(name: str) -> Iterable[tuple[str, list[str]]]:
    """Kind and texts of each table of a file of texts."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8")).items()


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences of a text."""
    book = Book("", (), (Chapter(1, "", (Block(BlockKind.PARAGRAPH, text, "", "/"),)),))
    return tuple(sentence.text for chunk in write_script(book, SHORT).chunks for sentence in chunk.sentences)


def _stories() -> Iterator[tuple[str, tuple[str, ...]]]:
    books = [read_book(next((ROOT / "examples").glob("*.epub")), BookSettings())]
    for file in sorted((ROOT / "training" / "maya1_tiny" / "texts").glob("*.txt")):
        paragraphs = [" ".join(part.split()) for part in file.read_text(encoding="utf-8").split("\n\n")]
        blocks = tuple(Block(BlockKind.PARAGRAPH, text, file.name, "/") for text in paragraphs if text)
        books.append(Book(file.stem, (), (Chapter(1, file.stem, blocks),)))
    for book in books:
        for chunk in write_script(book, SHORT).chunks:
            if chunk.n_words > 8:
                yield chunk.text, tuple(sentence.text for sentence in chunk.sentences)


def _split(texts: Iterable[tuple[str, tuple[str, tuple[str, ...]]]]) -> Iterator[Passage]:
    """Divides texts among the splits in the order of their checksums, so that each kind has its share in each split."""
    shuffled = sorted(dict(texts).items(), key=lambda item: zlib.crc32(item[0].encode()))
    for at, (text, (kind, sentences)) in enumerate(shuffled):
        place = (at + 0.5) / len(shuffled)
        bounds = accumulate(share for _, share in SPLITS)
        split = next(name for (name, _), bound in zip(SPLITS, bounds, strict=True) if place < bound)
        yield Passage(text, sentences, kind, split)
