"""A book before it is narrated: its chapters, a chapter as it will be spoken, rare names, and a forecast."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path

from mayabook.book import read_book
from mayabook.book.chapter_selection import select_chapters
from mayabook.core.book import BlockKind, Book, Chapter, Matter
from mayabook.core.chunk import Sentence
from mayabook.core.settings import BookSettings, Settings
from mayabook.core.words import words
from mayabook.script import Forecast, Lexicon, RareName, find_rare_names, forecast, script_chapters, write_script
from mayabook.script.expected_words import expected_words
from mayabook.script.tempting_readings import tempting_readings
from mayabook.script.verbalisation.vocabulary import is_word
from mayabook.source_check import SourceCheck, check_source
from mayabook.studio.book_choices import BookChoices

GPU_TIMES_REAL_TIME = 10.0
"""Seconds of speech per second on a rented GPU: an assumption, not a measurement, as in docs/farm.md."""
GPU_RETRIES = 1.1
"""Mean number of takes per chunk: an assumption, too."""


@dataclass(frozen=True, slots=True)
class ChapterView:
    """A chapter in the list of chapters."""

    number: int
    title: str
    depth: int
    """1 for a top-level entry of the table of contents, 2 for one nested in it, and so on."""
    is_narrated: bool
    can_be_narrated: bool
    """Whether it has text."""
    reason: str
    """Why it is narrated or skipped, in words."""
    n_words: int
    forecast: Forecast
    """Of the chapter alone, if it is narrated."""


@dataclass(frozen=True, slots=True)
class SpokenWords:
    """One or more words of a text, as written and as spoken."""

    written: str
    said: str
    """Equals `written` if nothing is changed; empty if it is not spoken."""
    kind: str = ""
    """Word class by which it was verbalised; empty if nothing is changed."""
    tempting: tuple[str, ...] = ()
    """Wrong readings that a voice may produce, see docs/quality.md."""


@dataclass(frozen=True, slots=True)
class SpokenBlock:
    """A heading, a paragraph or the like."""

    is_heading: bool
    words: tuple[SpokenWords, ...]


@dataclass(frozen=True, slots=True)
class NameView:
    """A name that a voice may mispronounce."""

    name: str
    count: int
    """Times that it occurs."""
    context: str
    """Where it first occurs, with the words around it."""
    say: str = ""
    """Its respelling in the book's lexicon; empty where it has none."""
    ipa: str = ""


class BookView:
    """A book with its settings and lexicon. After a change, make a new view; the parsed file is cached."""

    def __init__(self, file: Path, settings: Settings, lexicon: Lexicon) -> None:
        """Reads the book. Raises BookError where that fails, SettingsError for chapters that it does not have."""
        self.file, self.settings = file, settings
        self._lexicon = lexicon
        nothing_chosen = settings.book.model_copy(update={"include": (), "skip": (), "only": ()})
        self._as_suggested = _read(file, _version(file), nothing_chosen)
        self.book = replace(self._as_suggested, chapters=select_chapters(self._as_suggested.chapters, settings.book))

    @cached_property
    def source(self) -> SourceCheck:
        """Where every word of the file went."""
        return check_source(self.file, self.book)

    @cached_property
    def chapters(self) -> tuple[ChapterView, ...]:
        return tuple(map(self._chapter_view, self.book.chapters))

    def _chapter_view(self, chapter: Chapter) -> ChapterView:
        texts = [block.text for block in chapter.blocks]
        return ChapterView(
            number=chapter.number,
            title=chapter.title,
            depth=chapter.depth,
            is_narrated=chapter.narrated,
            can_be_narrated=chapter.matter is not Matter.EMPTY and bool(chapter.blocks),
            reason=chapter.reason,
            n_words=sum(len(words(text)) for text in texts),
            forecast=forecast(sum(map(len, texts)), self.settings),
        )

    def selection(self, narrated: Collection[int]) -> dict[str, tuple[str, ...]]:
        """The settings of table `[book]` that narrate exactly these chapters. narrated: chapter numbers."""
        suggested = {chapter.number for chapter in self._as_suggested.narrated}
        wanted = {each.number for each in self.chapters if each.can_be_narrated} & set(narrated)
        return {
            "include": tuple(map(str, sorted(wanted - suggested))),
            "skip": tuple(map(str, sorted(suggested - wanted))),
            "only": (),
        }

    @property
    def n_words(self) -> int:
        """Words of the chapters that are narrated."""
        return sum(chapter.n_words for chapter in self.chapters if chapter.is_narrated)

    @property
    def forecast(self) -> Forecast:
        """Of the chapters that are narrated."""
        n_chars = sum(len(block.text) for chapter in self.book.narrated for block in chapter.blocks)
        return forecast(n_chars, self.settings)

    @property
    def gpu_hours(self) -> float:
        """Hours of one rented GPU for Maya1, by the assumptions `GPU_TIMES_REAL_TIME` and `GPU_RETRIES`."""
        return self.forecast.seconds / 3600 * GPU_RETRIES / GPU_TIMES_REAL_TIME

    def spoken_chapter(self, number: int) -> tuple[SpokenBlock, ...]:
        """A chapter as it will be spoken, or would be if it were not skipped. Scene breaks have no words."""
        chapter = next(each for each in self.book.chapters if each.number == number)
        if not any(block.text for block in chapter.blocks):
            return ()
        alone = replace(self.book, chapters=(replace(chapter, narrated=True),))
        script = write_script(alone, self.settings.script, self._lexicon)
        sentences = [sentence for chunk in script.chunks for sentence in chunk.sentences]
        return tuple(
            SpokenBlock(chapter.blocks[block].kind is BlockKind.HEADING, tuple(_spoken_words(list(group))))
            for block, group in groupby(sentences, key=lambda sentence: sentence.span.block)
        )

    @cached_property
    def names(self) -> tuple[NameView, ...]:
        """Names that no dictionary has, and those that the lexicon respells, most frequent first."""
        script = script_chapters(self.book, self.file, self.settings.script, None)
        return tuple(_with_respellings(find_rare_names(script), self._lexicon))


def open_book(file: Path) -> BookView:
    """The book with the choices beside it; the last few books are kept in memory. Raises a MayaBookError."""
    choices = BookChoices(file)
    return _opened(file, tuple(map(_version, (file, choices.settings_file, choices.lexicon_file))))


@lru_cache(maxsize=4)
def _opened(file: Path, versions: tuple[object, ...]) -> BookView:
    """versions: of the book file and its two choice files; part of the cache key, so that changes are read."""
    choices = BookChoices(file)
    return BookView(file, choices.settings(), choices.lexicon())


@lru_cache(maxsize=4)
def _read(file: Path, version: object, settings: BookSettings) -> Book:
    return read_book(file, settings)


def _version(file: Path) -> tuple[int, int] | None:
    if not file.is_file():
        return None
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _spoken_words(sentences: Sequence[Sentence]) -> Iterator[SpokenWords]:
    for each in expected_words(sentences):
        said = " ".join(each.spoken)
        kind = each.replacements[0][1].word_class.value if each.replacements else ""
        yield SpokenWords(each.text, said, kind, tempting_readings(each, _is_said_as_word))


def _is_said_as_word(capitals: str) -> bool:
    """Whether capitals are pronounced as a word, as far as the dictionary tells."""
    return is_word(capitals) or is_word(capitals.lower())


def _with_respellings(names: Iterable[RareName], lexicon: Lexicon) -> Iterator[NameView]:
    entries = {entry.word: entry for entry in lexicon.entries}
    for each in names:
        entry = entries.pop(each.name, None)
        yield NameView(each.name, each.count, each.context, entry.say if entry else "", entry.ipa if entry else "")
    for word, entry in entries.items():
        yield NameView(word, 0, "", entry.say, entry.ipa)
