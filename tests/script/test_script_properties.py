"""For any text at all: no word is lost or doubled between book and chunks, and every rule of chunking holds."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mayabook.core.book import Block, BlockKind, Book, Chapter
from mayabook.core.settings import ScriptSettings
from mayabook.core.tags import without_tags
from mayabook.script import write_script
from mayabook.script.markup import speakable

LINES = st.one_of(
    st.text(max_size=120),
    st.text(alphabet=st.sampled_from("ab. ,;!?“”‘’'\"—–-…()[]<>/|\u00ad\u200b\u0301\u2029\n\t1٣字אל😀"), max_size=200),
    st.lists(
        st.sampled_from(
            ["Mr.", "“No.”", "<laugh>", "</b>", "<x>", "word", "J.", "3.5", "…", "—", "e.g.", "Yes!", "字字字"]
        ),
        max_size=120,
    ).map(" ".join),
    st.integers(300, 900).map(lambda n: "w" * n),
)
BLOCKS = st.builds(
    lambda kind, text: Block(kind, "" if kind == BlockKind.SCENE_BREAK else " ".join(text.split()), "a.xhtml", "/p"),
    st.sampled_from(BlockKind),
    LINES,
)
BOOKS = st.lists(st.lists(BLOCKS, max_size=8), min_size=1, max_size=3).map(
    lambda chapters: Book(
        "Any", (), tuple(Chapter(n, str(n), tuple(blocks)) for n, blocks in enumerate(chapters, start=1))
    )
)
SETTINGS = st.builds(
    ScriptSettings,
    max_words=st.integers(5, 100),
    max_chars=st.integers(40, 500),
    min_words=st.integers(1, 10),
)


def letters(text: str) -> str:
    return "".join(char for char in without_tags(speakable(text)) if char.isalnum())


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(BOOKS, SETTINGS)
def test_no_word_is_lost_or_doubled(book: Book, limits: ScriptSettings) -> None:
    script = write_script(book, limits)
    assert script.coverage.complete
    for chapter in book.chapters:
        written = "".join(letters(block.text) for block in chapter.blocks)
        spoken = "".join(letters(chunk.text) for chunk in script.chunks if chunk.chapter == chapter.number)
        assert spoken == written
    for chunk in script.chunks:
        assert chunk.n_words <= limits.max_words
        assert max(len(chunk.text), len(chunk.spoken)) <= limits.max_chars
        blocks = book.chapters[chunk.chapter - 1].blocks
        first, last = chunk.sentences[0].span.block, chunk.sentences[-1].span.block
        kinds = {block.kind for block in blocks[first : last + 1]}
        assert BlockKind.SCENE_BREAK not in kinds
        assert BlockKind.HEADING not in kinds or kinds == {BlockKind.HEADING}
    assert write_script(book, limits) == script
