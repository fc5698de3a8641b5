"""For any text whatever: no word is lost or doubled between book and chunks, and the limits hold."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.chunk import Chunk, Pause
from mayabook.core.emotion_tags import without_tags
from mayabook.core.settings import ScriptSettings
from mayabook.core.words import words
from mayabook.script import Lexicon, Respelling, write_script
from mayabook.script.inline_markup import remove_markup

_NASTY = st.sampled_from(
    "a b é 1 I . ! ? … ; : , — – - ' \" “ ” ‘ ’ « » ( ) [ ] < > / = & * \u00a0 \u00ad \u200d \u0301 \u200f \x00 \x1c \u2028 "
    "。 、 東 京 ا ل س क ् 😀 👨‍👩‍👧 🇬🇧 e\u0301\u0302 ½ Ⅳ ſ ı ß".split(" ")
)
_WORDS = st.sampled_from(
    (
        'word|Mr.|St.|vol.|No.|e.g.|“Stop!”|said|Tom|I|3.14|U.S.|...|* * *|<b>|</b>|<laugh>|</whisper>|<Sigh>|<a href="x">|'
        "<unknown thing>|https://a.b/c?d=e|nato|" + "x" * 500
    ).split("|")
)
_TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(_NASTY, max_size=120).map("".join),
    st.lists(_WORDS, max_size=60).map(" ".join),
    st.lists(_WORDS | _NASTY | st.just(" ") | st.just(". "), max_size=120).map("".join),
    st.tuples(st.characters(exclude_categories=["Cs"]), st.integers(1, 900)).map(lambda pair: pair[0] * pair[1]),
)
_KINDS = st.sampled_from([kind for kind in BlockKind if kind is not BlockKind.SCENE_BREAK])
_BREAK = st.just(Block(BlockKind.SCENE_BREAK, "", "text.xhtml", "/html/body/hr"))
_BLOCKS = st.builds(Block, _KINDS, _TEXTS, st.just("text.xhtml"), st.just("/html/body/p"))
_SCRIPT_SETTINGS = st.builds(
    ScriptSettings, max_words=st.integers(5, 90), max_chars=st.integers(40, 400), min_words=st.integers(1, 50)
)
_LEXICONS = st.sampled_from(
    [Lexicon(), Lexicon((Respelling("nato", "north atlantic treaty", case=False), Respelling("I", "eye", case=True)))]
)


@st.composite
def _books(draw: st.DrawFn) -> Book:
    contents = draw(st.lists(st.lists(_BLOCKS | _BREAK, max_size=8), min_size=1, max_size=3))
    language = draw(st.sampled_from(["en", "de", "ja", "ar", "x-none"]))
    narrated = draw(st.lists(st.booleans(), min_size=len(contents), max_size=len(contents)))
    chapters = [
        Chapter(number, f"Chapter {number}", tuple(blocks), narrated=read)
        for number, (blocks, read) in enumerate(zip(contents, narrated, strict=True), start=1)
    ]
    return Book("A Book", (), tuple(chapters), language)


def _letters(text: str) -> str:
    return "".join(char for char in without_tags(remove_markup(text)) if char.isalnum())


def _scenes(chapter: Chapter) -> list[set[int]]:
    """Numbers of the blocks that may share a chunk."""
    scenes: list[set[int]] = [set()]
    heading = False
    for number, block in enumerate(chapter.blocks):
        if block.kind is BlockKind.SCENE_BREAK or (block.kind is BlockKind.HEADING) != heading:
            scenes.append(set())
            heading = block.kind is BlockKind.HEADING
        scenes[-1].add(number)
    return scenes


def _check_chunk(chunk: Chunk, chapter: Chapter, limits: ScriptSettings) -> None:
    for text in (chunk.text, chunk.spoken):
        assert 0 < len(text.split()) <= limits.max_words
        assert len(text) <= limits.max_chars
        assert words(without_tags(text))
        assert not set(without_tags(text)) & set("<>")
    assert {sentence.span.block for sentence in chunk.sentences} <= next(
        scene for scene in _scenes(chapter) if chunk.sentences[0].span.block in scene
    )
    for sentence in chunk.sentences:
        span = sentence.span
        line = remove_markup(chapter.blocks[span.block].text)
        assert sentence.text == " ".join(line[span.start : span.end].split()) != ""
        assert line[span.start] != " " != line[span.end - 1]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_books(), _SCRIPT_SETTINGS, _LEXICONS)
def test_no_word_is_lost_or_doubled_in_any_book(book: Book, limits: ScriptSettings, lexicon: Lexicon) -> None:
    script = write_script(book, limits, lexicon)
    assert script == write_script(book, limits, lexicon)
    chapters = {chapter.number: chapter for chapter in book.narrated}
    for chunk in script.chunks:
        _check_chunk(chunk, chapters[chunk.chapter], limits)
    for chapter in book.narrated:
        of_chapter = [chunk for chunk in script.chunks if chunk.chapter == chapter.number]
        assert _letters(" ".join(chunk.text for chunk in of_chapter)) == _letters(
            " ".join(b.text for b in chapter.blocks)
        )
        assert [chunk.pause is Pause.CHAPTER for chunk in of_chapter] == [False] * (len(of_chapter) - 1) + [
            True
        ] * bool(of_chapter)
    places = [(c.chapter, s.span.block, s.span.start, s.span.end) for c in script.chunks for s in c.sentences]
    assert places == sorted(places)
    assert [chunk.index for chunk in script.chunks] == list(range(len(script.chunks)))
    n_words = sum(len(words(without_tags(remove_markup(b.text)))) for chapter in book.narrated for b in chapter.blocks)
    assert script.coverage.n_book_words == script.coverage.n_chunk_words == n_words
    assert not lexicon.entries or "nato" not in " ".join(c.spoken for c in script.chunks).lower().split()


@settings(max_examples=100, deadline=None)
@given(st.lists(_TEXTS, min_size=1, max_size=5))
def test_punctuation_vanishes_only_where_it_fits_nowhere(paragraphs: list[str]) -> None:
    """With room in every chunk, all that is not whitespace or markup is in the chunks, in order."""
    blocks = tuple(Block(BlockKind.PARAGRAPH, text, "text.xhtml", "/html/body/p") for text in [*paragraphs, "The end."])
    script = write_script(Book("B", (), (Chapter(1, "C", blocks),)), ScriptSettings(max_words=500, max_chars=4000))
    if len(script.chunks) == 1:
        expected = "".join("".join(remove_markup(block.text).split()) for block in blocks)
        assert "".join(script.chunks[0].text.split()) == expected
        assert script.coverage.left_out == ()


@pytest.mark.parametrize("unit", ["word ", "x", "Mr. Brown said, “No!” and left… ", "東京。"])
def test_a_block_far_longer_than_a_paragraph_is_no_trouble(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    blocks = (Block(BlockKind.PARAGRAPH, text, "text.xhtml", "/html/body/p"),)
    script = write_script(Book("B", (), (Chapter(1, "C", blocks),)), ScriptSettings())
    assert "".join("".join(chunk.text for chunk in script.chunks).split()) == "".join(text.split())
