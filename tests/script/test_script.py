"""From blocks to chunks: limits, pauses, what is spoken, and the proof that no word is lost."""

from dataclasses import replace
from pathlib import Path

import pytest
from script_texts import book_of, paragraphs

from mayabook.core.book import Block, BlockKind, Book
from mayabook.core.chunk import Chunk, Pause
from mayabook.core.errors import ScriptError
from mayabook.core.settings import ScriptSettings
from mayabook.core.words import words
from mayabook.script import Lexicon, check_coverage, rare_names, read_lexicon, write_script
from mayabook.script.markup import speakable
from mayabook.script.sentences import sentence_spans

CASES = [
    line
    for line in (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def script_of(book: Book, lexicon: Lexicon | None = None, **settings: int) -> tuple[Chunk, ...]:
    return write_script(book, ScriptSettings(**settings), lexicon).chunks


@pytest.mark.parametrize("case", CASES)
def test_sentences_end_where_a_reader_would_end_them(case: str) -> None:
    sentences = case.split(" | ")
    text = " ".join(sentences)
    assert [text[start:end].strip() for start, end in sentence_spans(text, "en")] == sentences


def test_chunks_keep_to_their_limits_and_are_well_filled() -> None:
    chunks = script_of(book_of(paragraphs(200, 1, dialogue=0.4)))
    for chunk in chunks:
        assert chunk.n_words <= 70
        assert max(len(chunk.text), len(chunk.spoken)) <= 350
        assert any(char.isalnum() for char in chunk.spoken)
    assert sum(chunk.n_words for chunk in chunks) / len(chunks) > 35


def test_no_chunk_crosses_a_chapter_a_scene_or_a_heading() -> None:
    book = book_of(["# One", "First here.", "***", "Second here."], ["# Two", "Third here."])
    chunks = script_of(book)
    assert [(chunk.chapter, chunk.text, chunk.pause) for chunk in chunks] == [
        (1, "One", Pause.HEADING),
        (1, "First here.", Pause.SCENE),
        (1, "Second here.", Pause.CHAPTER),
        (2, "Two", Pause.HEADING),
        (2, "Third here.", Pause.CHAPTER),
    ]
    assert [chunk.index for chunk in chunks] == list(range(5))


def test_a_title_without_a_full_stop_gets_one_in_speech_only() -> None:
    [heading, *_] = script_of(book_of(["# The Tower", "It stood."]))
    assert (heading.text, heading.spoken) == ("The Tower", "The Tower.")


def test_a_sentence_that_is_too_long_is_cut_at_its_clauses_and_then_at_words() -> None:
    clauses = "; ".join(f"in the year number {n} there came another ship into the bay" for n in range(12)) + "."
    chunks = script_of(book_of([clauses]))
    assert len(chunks) > 1
    assert all(chunk.text.endswith((";", ".")) for chunk in chunks)
    unbroken = " ".join(f"word{n}" for n in range(200)) + "."
    assert " ".join(chunk.text for chunk in script_of(book_of([unbroken]))) == unbroken
    solid = "x" * 2000
    assert "".join(chunk.text for chunk in script_of(book_of([solid]))) == solid


def test_a_very_short_sentence_joins_a_neighbour() -> None:
    long = " ".join(["It was a long and quiet evening by the river."] * 6)
    chunks = script_of(book_of([long, "“No.”", long]))
    assert all(chunk.n_words > 1 for chunk in chunks)


def test_spans_lead_back_to_the_book() -> None:
    book = book_of(paragraphs(40, 3, dialogue=0.3))
    blocks = book.chapters[0].blocks
    for chunk in script_of(book):
        for sentence in chunk.sentences:
            written = blocks[sentence.span.block].text[sentence.span.start : sentence.span.end]
            assert written.split() == sentence.text.split()


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Stop <laugh> there.", "Stop <laugh> there."),
        ("Stop <LAUGH> there.", "Stop <laugh> there."),
        ("<whisper>Come here.</whisper> Now.", "<whisper>Come here. Now."),
        ("The <i>old</i> house.", "The old house."),
        ('A <span class="x">red</span> door.', "A red door."),
        ("Press <Enter> twice.", "Press Enter twice."),
        ("If 3 < 4 and 5 > 2, go.", "If 3 4 and 5 2, go."),
    ],
)
def test_angle_brackets_are_tags_or_nothing(written: str, spoken: str) -> None:
    assert len(speakable(written)) == len(written)
    [chunk] = script_of(book_of([written]))
    assert chunk.spoken.replace("> ", ">") == spoken.replace("> ", ">")


def test_the_lexicon_respells_whole_words_once(tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text('[words]\n"Siobhan" = "Shivawn"\n"st. ives" = "Saint Ives"\n"read" = {say = "red", case = true}\n')
    lexicon = read_lexicon(file)
    [chunk] = script_of(
        book_of(["Siobhan’s cat read at ST. IVES; Siobhandra and Read did not; siobhan slept."]), lexicon
    )
    assert chunk.text.startswith("Siobhan’s cat read at ST. IVES")
    assert chunk.spoken == "Shivawn’s cat red at Saint Ives; Siobhandra and Read did not; siobhan slept."


@pytest.mark.parametrize(
    "content", ["[words", "words = 3", '[words]\n"a" = ""', '[words]\n"a" = 3', '[other]\na = "b"']
)
def test_a_broken_lexicon_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(content)
    with pytest.raises(ScriptError, match=r"broken\.toml") as caught:
        read_lexicon(file)
    assert "\n" not in str(caught.value)
    with pytest.raises(ScriptError, match=r"missing\.toml"):
        read_lexicon(tmp_path / "missing.toml")


def test_a_lost_doubled_or_moved_sentence_is_caught() -> None:
    book = book_of(paragraphs(12, 5, dialogue=0.2))
    chunks = script_of(book)
    assert check_coverage(book, chunks, Lexicon()).complete
    first = chunks[0]
    altered = replace(first, sentences=(replace(first.sentences[0], text="Other words."), *first.sentences[1:]))
    for broken in (
        chunks[1:],
        chunks[:-1],
        (*chunks[:2], chunks[1], *chunks[2:]),
        (chunks[1], chunks[0], *chunks[2:]),
        (replace(first, sentences=first.sentences[1:]), *chunks[1:]),
        (altered, *chunks[1:]),
        (replace(first, spoken="Something else."), *chunks[1:]),
    ):
        coverage = check_coverage(book, broken, Lexicon())
        assert not coverage.complete
        assert coverage.gaps


def test_what_is_not_narrated_is_not_in_the_script() -> None:
    book = book_of(["Kept words here."], ["Skipped words here."])
    book = replace(book, chapters=(book.chapters[0], replace(book.chapters[1], narrated=False)))
    assert [chunk.text for chunk in script_of(book)] == ["Kept words here."]


def test_verse_lines_and_rows_are_separated_in_speech() -> None:
    lines = [Block(BlockKind.VERSE, text, "a.xhtml", f"/p[{n}]") for n, text in enumerate(("Sing low", "and slow"))]
    [chunk] = script_of(book_of(lines))
    assert chunk.text == "Sing low and slow"
    assert chunk.spoken.split("\n")[0].startswith("Sing low")
    assert len(chunk.spoken.split("\n")) == 2


@pytest.mark.parametrize("seed", range(6))
def test_an_inserted_sentence_changes_few_chunks(seed: int) -> None:
    """Wherever it is inserted in a chapter of 200 paragraphs, chunks away from it stay as they are."""
    texts = paragraphs(200, seed, dialogue=0.4)
    before = {chunk.spoken for chunk in script_of(book_of(texts))}
    for place in range(10, 200, 19):
        changed = list(texts)
        changed[place] += " And then the wind turned."
        after = {chunk.spoken for chunk in script_of(book_of(changed))}
        assert 1 <= len(after - before) <= 4


def test_names_that_may_be_rare() -> None:
    script = write_script(
        book_of(["Then Eleanor met Mr. Whitby, and Eleanor laughed. Rain fell. The rain stopped."]), ScriptSettings()
    )
    names = dict(rare_names(script))
    assert names["Eleanor"] == 2
    assert "Rain" not in names


def test_words_are_counted() -> None:
    script = write_script(book_of(["One two — three!", "***", "Four."]), ScriptSettings())
    assert script.coverage.n_book_words == script.coverage.n_chunk_words == len(words("One two three Four"))
