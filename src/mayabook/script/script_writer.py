"""Turns a book into its script: the chunks of text that an engine speaks, in order."""

from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from mayabook.book import read_book
from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.chunk import Chunk, Pause
from mayabook.core.errors import BookError, ScriptError
from mayabook.core.language import Language
from mayabook.core.settings import ScriptSettings, Settings
from mayabook.script.chunking import chunk_segments
from mayabook.script.lexicon import Lexicon, read_lexicon
from mayabook.script.segments import Boundary, SegmentBuilder, spoken_text, with_something_to_speak
from mayabook.script.verbalisation import Verbaliser
from mayabook.script.word_coverage import WordCoverage, check_coverage


@dataclass(frozen=True, slots=True)
class Script:
    chunks: tuple[Chunk, ...]
    coverage: WordCoverage


def script_book(book_file: Path, lexicon_file: Path | None, settings: Settings) -> tuple[Book, Script]:
    """Reads a book and writes its script. Raises BookError where nothing of it would be narrated."""
    book = read_book(book_file, settings.book)
    lexicon = None if lexicon_file is None else read_lexicon(lexicon_file)
    return book, script_chapters(book, book_file, settings.script, lexicon)


def script_chapters(book: Book, book_file: Path, settings: ScriptSettings, lexicon: Lexicon | None) -> Script:
    """The script of a book that has been read. Raises BookError where nothing of it would be narrated."""
    script = write_script(book, settings, lexicon)
    if not script.chunks:
        raise BookError(
            f"{book_file} has nothing to narrate: all {len(book.chapters)} chapters are skipped. See why with "
            "`mayabook inspect`, and choose chapters with --include."
        )
    return script


def write_script(book: Book, settings: ScriptSettings, lexicon: Lexicon | None = None) -> Script:
    """The narrated chapters of a book as chunks, in order.

    A chunk holds whole sentences of one chapter, none from beyond a scene break, and headings only or none;
    a sentence that exceeds `settings` alone is cut. `Chunk.text` and `Chunk.spoken` both keep to the limits.
    Raises ScriptError if a respelling exceeds them, or if a word of the book were lost, doubled or moved.
    """
    lexicon = lexicon or Lexicon()
    _check_respellings(lexicon, settings)
    verbaliser = Verbaliser(book.language, lexicon, settings.as_written)
    builder = SegmentBuilder(settings, Language.of(book.language), verbaliser)
    chunks_without_index = [chunk for chapter in book.narrated for chunk in _chapter_chunks(chapter, builder)]
    chunks = tuple(replace(chunk, index=index) for index, chunk in enumerate(chunks_without_index))
    coverage = check_coverage(book, chunks)
    if not coverage.complete:
        raise ScriptError(
            f"The script does not match the book ({coverage.gaps[0]}): a bug in MayaBook; please report the book"
        )
    return Script(chunks, coverage)


def _check_respellings(lexicon: Lexicon, settings: ScriptSettings) -> None:
    for entry in lexicon.entries:
        # A full stop may follow.
        if len(entry.say) >= settings.max_chars or len(entry.say.split()) > settings.max_words:
            raise ScriptError(
                f"The respelling of {entry.word!r} does not fit into a chunk of {settings.max_words} words and "
                f"{settings.max_chars} characters; shorten it"
            )


def _chapter_chunks(chapter: Chapter, builder: SegmentBuilder) -> list[Chunk]:
    """Chunks of one chapter, all with index 0; the caller numbers them."""
    chunks: list[Chunk] = []
    for kind, section in groupby(enumerate(chapter.blocks), key=lambda numbered: _section_kind(numbered[1])):
        if kind is BlockKind.SCENE_BREAK:
            if chunks and chunks[-1].pause is Pause.PARAGRAPH:
                chunks[-1] = replace(chunks[-1], pause=Pause.SCENE)
            continue
        at_end = Pause.HEADING if kind is BlockKind.HEADING else Pause.PARAGRAPH
        segments = builder.segments(list(section))
        runs = [with_something_to_speak(run) for run in chunk_segments(segments, builder.settings)]
        boundaries = [run[0].boundary_before for run in runs[1:]] + [Boundary.PARAGRAPH]
        for run, boundary in zip(runs, boundaries, strict=False):
            pause = at_end if boundary is Boundary.PARAGRAPH else Pause.SENTENCE
            sentences = tuple(segment.sentence for segment in run)
            chunks.append(Chunk(0, chapter.number, sentences, spoken_text(run), pause))
    if chunks:
        chunks[-1] = replace(chunks[-1], pause=Pause.CHAPTER)
    return chunks


def _section_kind(block: Block) -> BlockKind:
    """Kind of the section that a block belongs to: headings, scene breaks, and everything else as paragraphs."""
    apart = (BlockKind.HEADING, BlockKind.SCENE_BREAK)
    return block.kind if block.kind in apart else BlockKind.PARAGRAPH
