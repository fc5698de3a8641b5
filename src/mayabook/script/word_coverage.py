"""Proves that the chunks hold every word of the book once, in order, and nothing else.

It shares no code with chunking except `remove_markup`. Three things are compared, chapter by chapter: the words of the
blocks with the words of the chunks; the spans of the sentences with the blocks that they name; and the text for the
engine with the sentences, each replaced part in its place and none without words of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mayabook.core.book import BlockKind, Book, Chapter
from mayabook.core.chunk import Chunk, Sentence
from mayabook.core.emotion_tags import without_tags
from mayabook.core.spoken_form import WordClass
from mayabook.core.words import words
from mayabook.script.inline_markup import remove_markup

_SHOWN = 40  # characters of the book in a message


@dataclass(frozen=True, slots=True)
class WordCoverage:
    """n_book_words: words of the narrated blocks, emotion tags aside. n_chunk_words: those met in the chunks.

    gaps: what is missing, doubled or out of order, one line each, at the first place in each chapter.
    left_out: bare punctuation that has no sentence to go with, one line each.
    symbols: emoji and ornaments that are left out of sentences, one line each.
    """

    n_book_words: int
    n_chunk_words: int
    gaps: tuple[str, ...]
    left_out: tuple[str, ...]
    symbols: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.gaps and self.n_book_words == self.n_chunk_words


def check_coverage(book: Book, chunks: Sequence[Chunk]) -> WordCoverage:
    n_book_words, n_chunk_words = 0, 0
    gaps: list[str] = []
    left_out: list[str] = []
    symbols: list[str] = []
    runs = {number: list(run) for number, run in groupby(chunks, key=lambda chunk: chunk.chapter)}
    order = [number for number, _ in groupby(chunks, key=lambda chunk: chunk.chapter)]
    if order != [chapter.number for chapter in book.narrated if chapter.number in runs]:
        gaps.append(f"the chunks are of chapters {order}, which is not the order of the book")
    for chapter in book.narrated:
        run = runs.get(chapter.number, [])
        expected, met, gap = _compare_words(chapter, run)
        n_book_words += expected
        n_chunk_words += met
        problems = [gap, _misplaced(chapter, run, left_out), _misspoken(run)]
        _note_symbols(run, symbols)
        gaps += [f"chapter {chapter.number}, {problem}" for problem in problems if problem]
    return WordCoverage(n_book_words, n_chunk_words, tuple(gaps), tuple(left_out), tuple(symbols))


def _compare_words(chapter: Chapter, chunks: Sequence[Chunk]) -> tuple[int, int, str]:
    """Words of the chapter, words met in the chunks, and the first difference.

    A word of the book may stand in the chunks in several pieces: a long address, or text without spaces.
    """
    expected = [
        (number, word)
        for number, block in enumerate(chapter.blocks)
        if block.kind is not BlockKind.SCENE_BREAK
        for word in words(without_tags(remove_markup(block.text)))
    ]
    found = [word for chunk in chunks for word in words(without_tags(chunk.text))]
    met = place = 0
    for number, word in expected:
        letters, matched = _letters(word), 0
        while place < len(found) and matched < len(letters) and letters.startswith(_letters(found[place]), matched):
            matched += len(_letters(found[place]))
            place += 1
        if matched < len(letters):
            instead = f"“{found[place][:_SHOWN]}”" if place < len(found) else "nothing"
            return len(expected), met, f"block {number}: the chunks have {instead} for “{word[:_SHOWN]}”"
        met += 1
    surplus = f"end: the chunks go on with “{found[place][:_SHOWN]}”" if place < len(found) else ""
    return len(expected), met, surplus


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word))


def _misplaced(chapter: Chapter, chunks: Sequence[Chunk], left_out: list[str]) -> str:
    """The first place where the sentences do not tile the blocks that their spans name."""
    sentences = [sentence for chunk in chunks for sentence in chunk.sentences]
    place = 0
    for number, block in enumerate(chapter.blocks):
        line = "" if block.kind is BlockKind.SCENE_BREAK else remove_markup(block.text)
        position = 0
        while place < len(sentences) and sentences[place].span.block == number:
            sentence, span = sentences[place], sentences[place].span
            if not position <= span.start < span.end <= len(line):
                return f"block {number}: “{sentence.text[:_SHOWN]}” is out of place"
            if sentence.text != " ".join(line[span.start : span.end].split()):
                return f"block {number}: “{sentence.text[:_SHOWN]}” is not what the book has there"
            if words(without_tags(line[position : span.start])):
                return f"block {number}: no chunk has “{line[position : span.start].strip()[:_SHOWN]}”"
            _note_left_out(chapter, number, line[position : span.start], left_out)
            position = span.end
            place += 1
        if words(without_tags(line[position:])):
            return f"block {number}: no chunk has “{line[position:].strip()[:_SHOWN]}”"
        _note_left_out(chapter, number, line[position:], left_out)
    return "" if place == len(sentences) else f"end: “{sentences[place].text[:_SHOWN]}” is out of place"


def _note_left_out(chapter: Chapter, number: int, text: str, left_out: list[str]) -> None:
    if text.strip():
        left_out.append(f"chapter {chapter.number}, block {number}: “{text.strip()[:_SHOWN]}” has nothing to speak")


def _misspoken(chunks: Sequence[Chunk]) -> str:
    """The first chunk whose text for the engine differs in its letters from its sentences in their spoken form."""
    for chunk in chunks:
        expected = ""
        for sentence in chunk.sentences:
            said, problem = _spoken_letters(sentence)
            if problem:
                return f"chunk {chunk.index}: “{problem[:_SHOWN]}” is left unsaid"
            expected += said
        if _letters(chunk.spoken) != expected:
            return f"chunk {chunk.index}: “{chunk.spoken[:_SHOWN]}” is not what its sentences say"
    return ""


def _spoken_letters(sentence: Sentence) -> tuple[str, str]:
    """Letters and digits of the spoken form, and a part with words that nothing is said for."""
    said, position = "", 0
    for each in sentence.replacements:
        written = sentence.text[each.start : each.end]
        if each.start < position or not written:
            return "", written
        if _letters(written) and not _letters(each.spoken) and each.word_class is not WordClass.SYMBOLS:
            return "", written
        said += _letters(sentence.text[position : each.start]) + _letters(each.spoken)
        position = each.end
    return said + _letters(sentence.text[position:]), ""


def _note_symbols(chunks: Sequence[Chunk], symbols: list[str]) -> None:
    for chunk in chunks:
        for sentence in chunk.sentences:
            for each in sentence.replacements:
                if each.word_class is WordClass.SYMBOLS:
                    written = sentence.text[each.start : each.end].strip()
                    symbols.append(f"chapter {chunk.chapter}, block {sentence.span.block}: “{written}” is left out")
