"""The proof that no word is lost must fail when one is."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mayabook.core.chunk import Chunk, Sentence, Span
from mayabook.core.errors import ScriptError
from mayabook.core.settings import ScriptSettings
from mayabook.core.words import words
from mayabook.script import Lexicon, Respelling, check_coverage, chunking, script_writer, write_script
from tests.script.script_texts import book_of, paragraphs

BOOK = book_of(
    ["# One", *paragraphs(12, seed=3, dialogue=0.5), "***", *paragraphs(12, seed=4, dialogue=0.5)],
    ["# Two", "The end."],
)
CHUNKS = write_script(BOOK, ScriptSettings()).chunks


def with_sentences(chunk: Chunk, *sentences: Sentence) -> Chunk:
    return replace(chunk, sentences=sentences, spoken=" ".join(sentence.text for sentence in sentences))


def drop_a_chunk(chunks: list[Chunk]) -> None:
    del chunks[4]


def drop_the_last_chunk(chunks: list[Chunk]) -> None:
    del chunks[-1]


def double_a_chunk(chunks: list[Chunk]) -> None:
    chunks.insert(4, chunks[4])


def swap_chunks(chunks: list[Chunk]) -> None:
    chunks[4], chunks[5] = chunks[5], chunks[4]


def drop_a_sentence(chunks: list[Chunk]) -> None:
    chunks[4] = with_sentences(chunks[4], *chunks[4].sentences[1:])


def double_a_sentence(chunks: list[Chunk]) -> None:
    chunks[4] = with_sentences(chunks[4], chunks[4].sentences[0], *chunks[4].sentences)


def swap_sentences(chunks: list[Chunk]) -> None:
    first, second, *rest = chunks[4].sentences
    chunks[4] = with_sentences(chunks[4], second, first, *rest)


def change_a_word(chunks: list[Chunk]) -> None:
    first, *rest = chunks[4].sentences
    changed = replace(first, text=first.text.replace(words(first.text)[0], "Otherwise", 1))
    chunks[4] = with_sentences(chunks[4], changed, *rest)


def run_two_words_together(chunks: list[Chunk]) -> None:
    first, *rest = chunks[4].sentences
    chunks[4] = with_sentences(chunks[4], replace(first, text=first.text.replace(" ", "", 1)), *rest)


def move_a_span(chunks: list[Chunk]) -> None:
    first, *rest = chunks[4].sentences
    moved = replace(first, span=Span(first.span.block, first.span.start + 1, first.span.end))
    chunks[4] = with_sentences(chunks[4], moved, *rest)


def name_another_block(chunks: list[Chunk]) -> None:
    first, *rest = chunks[4].sentences
    moved = replace(first, span=Span(first.span.block + 1, first.span.start, first.span.end))
    chunks[4] = with_sentences(chunks[4], moved, *rest)


def name_another_chapter(chunks: list[Chunk]) -> None:
    chunks[4] = replace(chunks[4], chapter=2)


def name_no_chapter(chunks: list[Chunk]) -> None:
    chunks.append(replace(chunks[-1], chapter=9))


def swap_chapters(chunks: list[Chunk]) -> None:
    chunks[:] = [c for c in chunks if c.chapter == 2] + [c for c in chunks if c.chapter == 1]


def say_a_word_less(chunks: list[Chunk]) -> None:
    chunks[4] = replace(chunks[4], spoken=chunks[4].spoken.rsplit(" ", 1)[0])


def say_something_else(chunks: list[Chunk]) -> None:
    chunks[4] = replace(chunks[4], spoken="Something else.")


DEFECTS = [
    drop_a_chunk, drop_the_last_chunk, double_a_chunk, swap_chunks, drop_a_sentence, double_a_sentence, swap_sentences,
    change_a_word, run_two_words_together, move_a_span, name_another_block, name_another_chapter, name_no_chapter,
    swap_chapters, say_a_word_less, say_something_else,
]  # fmt: skip


def test_the_chunks_are_fit_to_be_broken() -> None:
    assert len(CHUNKS[4].sentences) >= 2
    assert CHUNKS[4].sentences[0].text != CHUNKS[4].sentences[1].text
    coverage = check_coverage(BOOK, CHUNKS)
    assert coverage.complete
    assert coverage.gaps == coverage.left_out == ()
    assert coverage.n_book_words == sum(len(words(b.text)) for chapter in BOOK.chapters for b in chapter.blocks)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found(defect: Callable[[list[Chunk]], None]) -> None:
    chunks = list(CHUNKS)
    defect(chunks)
    coverage = check_coverage(BOOK, chunks)
    assert not coverage.complete
    assert coverage.gaps
    assert all("\n" not in gap for gap in coverage.gaps)


def test_a_gap_names_chapter_block_and_words() -> None:
    book = book_of(["He left."], ["She stayed. Nobody knew.", "It rained."])
    chunks = write_script(book, ScriptSettings()).chunks
    without = with_sentences(chunks[1], chunks[1].sentences[0], chunks[1].sentences[2])
    coverage = check_coverage(book, [chunks[0], without])
    assert coverage.gaps == (
        "chapter 2, block 0: the chunks have “It” for “Nobody”",
        "chapter 2, block 0: no chunk has “Nobody knew.”",
    )
    assert (coverage.n_book_words, coverage.n_chunk_words) == (8, 4)


def test_a_chapter_without_chunks_is_a_gap() -> None:
    book = book_of(["He left."], ["She stayed."])
    (first, _) = write_script(book, ScriptSettings()).chunks
    assert check_coverage(book, [first]).gaps[0] == "chapter 2, block 0: the chunks have nothing for “She”"


def test_a_lost_word_stops_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = chunking.chunk_segments
    monkeypatch.setattr(script_writer, "chunk_segments", lambda pieces, settings: whole(pieces[1:], settings))
    with pytest.raises(ScriptError, match=r"chapter 1, block 0: .* “Gone”\).*please report the book$") as caught:
        write_script(book_of(["Gone for ever. She stayed."]), ScriptSettings())
    assert "\n" not in str(caught.value)


def test_words_cut_in_pieces_are_no_gap() -> None:
    address = "https://example.com/" + "a/b-c." * 200
    coverage = write_script(book_of([f"See {address} now.", "これは文です。次の文。" * 50]), ScriptSettings()).coverage
    assert coverage.complete
    assert coverage.n_book_words == 4


def test_respelt_words_are_no_gap() -> None:
    book = book_of(["Siobhan left. Siobhan’s aunt stayed."])
    lexicon = Lexicon((Respelling("Siobhan", "Shivawn", case=True),))
    chunks = write_script(book, ScriptSettings(), lexicon).chunks
    assert chunks[0].spoken == "Shivawn left. Shivawn’s aunt stayed."
    assert check_coverage(book, chunks).complete


def test_a_word_that_is_left_unsaid_is_a_gap() -> None:
    book = book_of(["He left at 9."])
    (chunk,) = write_script(book, ScriptSettings()).chunks
    (nine,) = chunk.sentences[0].replacements
    silent = replace(chunk.sentences[0], replacements=(replace(nine, spoken=""),), spoken="He left at .")
    coverage = check_coverage(book, [replace(chunk, sentences=(silent,), spoken="He left at .")])
    assert coverage.gaps == ("chapter 1, chunk 0: “9” is left unsaid",)


def test_symbols_are_left_out_with_a_note() -> None:
    coverage = write_script(book_of(["She won! 🎉 We danced."]), ScriptSettings()).coverage
    assert coverage.complete
    assert coverage.symbols == ("chapter 1, block 0: “🎉” is left out",)
