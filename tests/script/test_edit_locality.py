"""An edit changes the chunks around it and no others, for every other chunk's audio is to be kept."""

import random
from collections import Counter

import pytest

from mayabook.core.chunk import Chunk
from mayabook.core.settings import ScriptSettings
from mayabook.script import write_script
from tests.script.script_texts import book_of, dialogue_line, made_sentence, paragraphs

SETTINGS = ScriptSettings()
N_PARAGRAPHS = 200
STEP = 5


def chunks(contents: list[str]) -> tuple[Chunk, ...]:
    return write_script(book_of(contents), SETTINGS).chunks


def to_render(before: tuple[Chunk, ...], after: tuple[Chunk, ...]) -> int:
    """Chunks of the edited book that have no audio yet."""
    return sum((Counter(chunk.spoken for chunk in after) - Counter(chunk.spoken for chunk in before)).values())


def chunk_at_end_of(block: int, text: str, made: tuple[Chunk, ...]) -> Chunk:
    return next(c for c in made if any(s.span.block == block and s.span.end == len(text) for s in c.sentences))


@pytest.mark.parametrize("dialogue", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_sentence_added_to_a_paragraph_whose_chunk_has_room_changes_that_chunk_alone(
    dialogue: float, seed: int
) -> None:
    contents = paragraphs(N_PARAGRAPHS, seed, dialogue)
    before = chunks(contents)
    random_ = random.Random(seed)
    n_tried = 0
    for block in range(0, N_PARAGRAPHS, STEP):
        sentence = made_sentence(random_, 4, 12)
        chunk = chunk_at_end_of(block, contents[block], before)
        has_room = (
            chunk.n_words + len(sentence.split()) <= SETTINGS.max_words
            and len(chunk.text) + 1 + len(sentence) <= SETTINGS.max_chars
        )
        if not has_room:
            continue
        n_tried += 1
        edited = [*contents[:block], f"{contents[block]} {sentence}", *contents[block + 1 :]]
        after = chunks(edited)
        assert len(after) == len(before)
        assert to_render(before, after) == 1
        assert sentence in after[chunk.index].text
    assert n_tried >= 12


@pytest.mark.parametrize("dialogue", [0.0, 0.5, 1.0])
def test_any_edit_of_one_sentence_changes_few_chunks(dialogue: float) -> None:
    """At the start, in the middle or at the end of a paragraph, as a paragraph, or taken away."""
    contents = paragraphs(N_PARAGRAPHS, seed=3, dialogue=dialogue)
    before = chunks(contents)
    random_ = random.Random(3)
    counts: list[int] = []
    for block in range(0, N_PARAGRAPHS, STEP):
        sentence = made_sentence(random_, 3, 20)
        text = contents[block]
        edits = [
            [f"{sentence} {text}"],
            [f"{text} {sentence}"],
            [text.replace(". ", f". {sentence} ", 1)],
            [sentence, text],
            [dialogue_line(random_), text],
            [],
        ]
        edit = edits[block // STEP % len(edits)]
        after = chunks([*contents[:block], *edit, *contents[block + 1 :]])
        counts.append(to_render(before, after))
    assert max(counts) <= 4
    assert sum(count <= 2 for count in counts) >= 0.85 * len(counts)
    assert sum(counts) / len(counts) < 1.8


def test_an_edit_does_not_pass_a_scene_break() -> None:
    contents = paragraphs(30, seed=4, dialogue=0.5)
    before = chunks([*contents, "***", *contents[::-1]])
    after = chunks(["One more sentence at the start.", *contents, "***", *contents[::-1]])
    n_first = len(chunks(contents))
    assert [c.spoken for c in after][-(len(before) - n_first) :] == [c.spoken for c in before][n_first:]


def test_an_edit_stays_near_its_place_in_a_paragraph_of_any_length() -> None:
    random_ = random.Random(5)
    sentences = [made_sentence(random_, 8, 18) for _ in range(400)]
    before = chunks([" ".join(sentences)])
    for place in range(0, 400, 40):
        edited = [*sentences[:place], made_sentence(random_, 8, 18), *sentences[place:]]
        assert to_render(before, chunks([" ".join(edited)])) <= 4
