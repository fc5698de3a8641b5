"""From a book to chunks: what stands in one, what the engine is given, and the pauses between."""

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.chunk import Chunk, Pause
from mayabook.core.errors import ScriptError
from mayabook.core.settings import ScriptSettings
from mayabook.script import Lexicon, Respelling, write_script
from tests.script.script_texts import book_of, made_sentence, paragraphs

SETTINGS = ScriptSettings()


def chunks(*chapters: Sequence[str | Block], lexicon: Lexicon | None = None, **settings: int) -> tuple[Chunk, ...]:
    return write_script(book_of(*chapters), ScriptSettings(**settings), lexicon).chunks


def block(kind: BlockKind, text: str) -> Block:
    return Block(kind, text, "text.xhtml", "/html/body/p")


def test_a_small_book() -> None:
    script = write_script(
        book_of(
            ["# Chapter One", "# The Storm", "It rained.", "“No!” she said. “Never.”", "***", "Morning came."],
            ["# Chapter Two", "The end."],
        ),
        SETTINGS,
    )
    assert [(chunk.index, chunk.chapter, chunk.spoken, chunk.pause) for chunk in script.chunks] == [
        (0, 1, "Chapter One.\nThe Storm.", Pause.HEADING),
        (1, 1, "It rained.\n“No!” she said. “Never.”", Pause.SCENE),
        (2, 1, "Morning came.", Pause.CHAPTER),
        (3, 2, "Chapter Two.", Pause.HEADING),
        (4, 2, "The end.", Pause.CHAPTER),
    ]
    assert script.chunks[1].text == "It rained. “No!” she said. “Never.”"
    assert [(s.text, s.span.block, s.span.start, s.span.end) for s in script.chunks[1].sentences] == [
        ("It rained.", 2, 0, 10),
        ("“No!” she said.", 3, 0, 15),
        ("“Never.”", 3, 16, 24),
    ]
    assert script.coverage.complete
    assert script.coverage.n_book_words == script.coverage.n_chunk_words == 16


def test_chapters_that_are_not_narrated_are_left_out() -> None:
    first, second = book_of(["Skipped."], ["Read."]).chapters
    book = Book("B", (), (Chapter(1, "One", first.blocks, narrated=False), second))
    assert [(chunk.chapter, chunk.text) for chunk in write_script(book, SETTINGS).chunks] == [(2, "Read.")]


def test_chunks_are_filled_but_not_over() -> None:
    made = chunks(paragraphs(200, seed=5, dialogue=0.2))
    assert max(chunk.n_words for chunk in made) <= SETTINGS.max_words
    assert max(max(len(chunk.text), len(chunk.spoken)) for chunk in made) <= SETTINGS.max_chars
    assert sum(chunk.n_words for chunk in made) / len(made) >= 40
    assert sum(chunk.pause is not Pause.SENTENCE for chunk in made) / len(made) >= 0.5


def test_chunks_of_one_line_dialogue_are_filled_too() -> None:
    made = chunks(paragraphs(200, seed=5, dialogue=1.0))
    assert sum(chunk.n_words for chunk in made) / len(made) >= 35
    assert {chunk.pause for chunk in made} == {Pause.PARAGRAPH, Pause.CHAPTER}


@pytest.mark.parametrize("seed", range(8))
def test_a_chunk_is_full_or_has_no_neighbour_with_room(seed: int) -> None:
    made = chunks(paragraphs(60, seed, dialogue=0.5))
    for chunk, after in pairwise(made):
        n_words = chunk.n_words + after.n_words
        n_chars = len(chunk.text) + 1 + len(after.text)
        assert n_words > SETTINGS.max_words or n_chars > SETTINGS.max_chars


def test_a_chunk_rather_ends_with_a_paragraph() -> None:
    first = "One two three four five six. Seven eight nine ten eleven twelve."
    second = "Alpha beta gamma delta. Epsilon zeta eta theta iota kappa."
    made = chunks([first, second], max_words=15)
    assert [chunk.text for chunk in made] == [first, second]


def test_a_sentence_of_few_words_finds_company() -> None:
    long = "The old man walked down to the river in the cold morning light."  # 13 words
    for shorts in (["“No.”"], ["“No.”", "“Why?”"], ["Rain"]):
        made = chunks([long, *shorts, long], max_words=16)
        assert all(chunk.n_words > 3 for chunk in made)
        assert len(made) == 2


def test_few_words_between_full_chunks_take_a_sentence_from_a_neighbour() -> None:
    half = "The old man walked down to the river."  # 8 words
    made = chunks([f"{half} {half}", "No.", f"{half} {half}"], max_words=16)
    assert sorted(chunk.n_words for chunk in made) == [8, 9, 16]


def test_few_words_that_fit_nowhere_stay_alone() -> None:
    full = "The old man walked down to the river in the cold morning light."  # 13 words
    made = chunks([full, "No.", full], max_words=13)
    assert [chunk.text for chunk in made] == [full, "No.", full]
    made = chunks(["It was late in the year.", "***", "Rain", "***", "Nobody came to the house."])
    assert [chunk.spoken for chunk in made] == ["It was late in the year.", "Rain.", "Nobody came to the house."]


def test_a_sentence_that_is_too_long_is_cut_and_stays_in_its_place() -> None:
    random_ = random.Random(1)
    long = ", ".join(made_sentence(random_, 8, 12).rstrip(".!?").lower() for _ in range(20)).capitalize() + "."
    made = chunks(["It began.", long, "It ended."])
    assert " ".join(chunk.text for chunk in made) == f"It began. {long} It ended."
    assert all(chunk.text.endswith((",", ".")) for chunk in made)
    assert [chunk.pause for chunk in made][:-1].count(Pause.SENTENCE) >= len(made) - 2
    assert min(chunk.n_words for chunk in made) >= 15


def test_headings_stand_alone_and_join_within_the_limits() -> None:
    made = chunks(
        ["Before.", "# Part One", "# I", "# A Title of Forty Characters and of More", "After.", "# II", "***"],
        max_chars=50,
    )
    assert [(chunk.spoken, chunk.pause) for chunk in made] == [
        ("Before.", Pause.PARAGRAPH),
        ("Part One.\nOne.", Pause.HEADING),
        ("A Title of Forty Characters and of More.", Pause.HEADING),
        ("After.", Pause.PARAGRAPH),
        ("Two.", Pause.CHAPTER),
    ]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("The Storm", "The Storm."),
        ("“The Storm”", "“The Storm”."),
        ("“The Storm.”", "“The Storm.”"),
        ("The Storm (1901)", "The Storm (nineteen oh one)."),
        ("Who goes there?", "Who goes there?"),
        ("As follows:", "As follows:"),
        ("And then—", "And then—"),
        ("And then…", "And then…"),
        ("嵐。", "嵐。"),
        ("A fall of 5 %", "A fall of five percent."),
        ("He fell. <gasp>", "He fell. <gasp>"),
        ("He fell <gasp>", "He fell <gasp>."),
    ],
)
@pytest.mark.parametrize("kind", [BlockKind.HEADING, BlockKind.LIST_ITEM, BlockKind.TABLE_ROW, BlockKind.PARAGRAPH])
def test_a_block_ends_in_speech_as_a_sentence_does(kind: BlockKind, text: str, spoken: str) -> None:
    (chunk,) = chunks([block(kind, text)])
    assert chunk.spoken == spoken
    assert chunk.text == text


def test_verse_runs_on_from_line_to_line() -> None:
    lines = ["The sea was calm", "and the wind had died,", "No ship came home", "That winter tide"]
    (chunk,) = chunks([block(BlockKind.VERSE, line) for line in lines])
    assert chunk.spoken == "The sea was calm\nand the wind had died,\nNo ship came home\nThat winter tide."
    (chunk,) = chunks([block(BlockKind.VERSE, lines[0]), block(BlockKind.PARAGRAPH, "He wept.")])
    assert chunk.spoken == "The sea was calm.\nHe wept."


def test_a_chunk_of_verse_ends_with_a_sentence_where_it_can() -> None:
    lines = [
        "The sea was calm and wide",
        "and all the wind had died.",
        "No ship came home with tide",
        "and none with wind beside.",
    ]
    made = chunks([block(BlockKind.VERSE, line) for line in lines], max_words=12)
    assert [chunk.spoken.split("\n") for chunk in made] == [lines[:2], lines[2:]]


def test_emotion_tags_stay_and_markup_goes() -> None:
    (chunk,) = chunks(["<LAUGH> He <b>ran</b>.</laugh> <sing>", "<sigh>", "Read <Warning> & 3 < 4."])
    assert chunk.text == "<laugh> He ran . <sing> <sigh> Read Warning & 3 4."
    assert chunk.spoken == "<laugh> He ran . <sing>\n<sigh>\nRead Warning and three four."


def test_bare_punctuation_is_kept_but_not_spoken() -> None:
    (chunk,) = chunks(["—", "He left.", "• • •", "She stayed."])
    assert chunk.text == "— He left. • • • She stayed."
    assert chunk.spoken == "He left.\nShe stayed."


def test_bare_punctuation_alone_in_a_scene_is_left_out_and_said_so() -> None:
    script = write_script(book_of(["He left.", "***", "• • •", "***", "She stayed."], ["# ?!", "<sigh>"]), SETTINGS)
    assert [chunk.spoken for chunk in script.chunks] == ["He left.", "She stayed."]
    assert [chunk.pause for chunk in script.chunks] == [Pause.SCENE, Pause.CHAPTER]
    assert script.coverage.complete
    assert script.coverage.left_out == (
        "chapter 1, block 2: “• • •” has nothing to speak",
        "chapter 2, block 0: “?!” has nothing to speak",
        "chapter 2, block 1: “<sigh>” has nothing to speak",
    )


def test_a_book_without_a_word_has_no_chunks() -> None:
    script = write_script(book_of(["***", "", "…"], []), SETTINGS)
    assert script.chunks == ()
    assert script.coverage.n_book_words == 0


def test_whitespace_is_single_and_characters_are_as_written() -> None:
    (chunk,) = chunks(["  Cafe\u0301\u00a0 ﬁn\u00adally…  \t Ⅳ\u2003½ "])
    assert chunk.text == "Cafe\u0301 ﬁn\u00adally… Ⅳ ½"


def test_the_lexicon_changes_what_is_spoken_alone() -> None:
    lexicon = Lexicon((Respelling("Siobhan", "Shivawn", case=True),))
    (chunk,) = chunks(["# Siobhan"], lexicon=lexicon)
    assert (chunk.text, chunk.spoken) == ("Siobhan", "Shivawn.")


def test_respellings_count_towards_the_limits() -> None:
    lexicon = Lexicon((Respelling("nato", "north atlantic treaty organisation", case=False),))
    made = chunks(["NATO met " * 12 + "again."], lexicon=lexicon, max_words=20, max_chars=100)
    assert all(len(chunk.spoken.split()) <= 20 and len(chunk.spoken) <= 100 for chunk in made)
    assert " ".join(chunk.spoken for chunk in made) == "north atlantic treaty organisation met " * 12 + "again."
    with pytest.raises(ScriptError, match="respelling of 'nato' does not fit into a chunk of 70 words and 40 charac"):
        chunks(["No."], lexicon=Lexicon((Respelling("nato", "x" * 40, case=False),)), max_chars=40)


def test_the_language_of_the_book_matters() -> None:
    book = book_of(["Er kam am 3. Januar. Dann ging er."], language="de-CH")
    assert [s.text for s in write_script(book, SETTINGS).chunks[0].sentences] == [
        "Er kam am 3. Januar.",
        "Dann ging er.",
    ]


def test_a_mark_alone_is_read() -> None:
    (chunk,) = chunks(["¿²"])
    assert chunk.spoken == "¿²."
    assert chunks(["Wait.²"])[0].spoken == "Wait."
    assert chunks(["Wait. 😀"])[0].spoken == "Wait."
