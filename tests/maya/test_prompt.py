import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mayabook.core.emotion_tags import EMOTION_TAGS, without_tags
from mayabook.core.errors import ModelError
from mayabook.core.words import words
from mayabook.maya.anchor import Anchor
from mayabook.maya.prompt import Bos, PromptBuilder, prepare_text, with_full_stop
from mayabook.maya.token_layout import Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from tests import tiny_models

SMALL = tiny_models.SMALL
VOICE = "A warm low voice."


def body(prompt: list[int], layout: Layout = SMALL) -> list[int]:
    """What stands between the opening and closing control tokens of a prompt with one BOS."""
    assert prompt[:2] == [layout.human_start, layout.bos]
    assert prompt[-4:] == [layout.text_end, layout.human_end, layout.ai_start, layout.code_start]
    return prompt[2:-4]


@pytest.mark.parametrize("bos", ["once", "twice"])
def test_the_exact_sequence(true_tokenizer: CheckpointTokenizer, bos: Bos) -> None:
    prompt = PromptBuilder(true_tokenizer, Layout(), bos).build(VOICE, "Nobody had been there.")
    text = true_tokenizer.encode('<description="A warm low voice."> Nobody had been there.')
    opening = [128000] if bos == "twice" else []
    assert prompt == [*opening, 128259, 128000, *text, 128009, 128260, 128261, 128257]


def test_an_anchor_stands_before_text_and_codes(true_tokenizer: CheckpointTokenizer) -> None:
    layout = Layout()
    builder = PromptBuilder(true_tokenizer, layout, "once")
    anchor = Anchor("The boats came in", np.arange(14, dtype=np.int32).reshape(2, 7))
    prompts = [builder.build_anchored(VOICE, text, anchor) for text in ("Nobody had been there.", "1897, “so soon”?")]
    text = true_tokenizer.encode('<description="A warm low voice."> The boats came in. Nobody had been there.')
    codes = [layout.token(at % 7, at) for at in range(14)]
    assert prompts[0].ids == [128259, 128000, *text, 128009, 128260, 128261, 128257, *codes]
    n_shared = prompts[0].n_shared
    assert prompts[1].n_shared == n_shared
    assert prompts[1].ids[:n_shared] == prompts[0].ids[:n_shared]
    assert prompts[0].ids[2:n_shared] == true_tokenizer.encode('<description="A warm low voice."> The boats came in.')
    joined = builder.build(VOICE, "The boats came in. 1897, “so soon”?")
    assert prompts[1].ids == [*joined, *codes]


def test_bos_is_there_twice_unless_told_otherwise(small_tokenizer: CheckpointTokenizer) -> None:
    assert PromptBuilder(small_tokenizer, SMALL).build(VOICE, "Yes.").count(SMALL.bos) == 2


@pytest.mark.parametrize(
    ("description", "line"),
    [
        ("A warm voice", "A warm voice."),
        ("A warm voice.", "A warm voice."),
        ("A warm voice!", "A warm voice!"),
        ("  A warm\n voice,\tslow ", "A warm voice, slow."),
        ('A "warm" voice', "A 'warm' voice."),
    ],
)
def test_a_description_is_one_line_with_a_stop(
    small_tokenizer: CheckpointTokenizer, description: str, line: str
) -> None:
    assert with_full_stop(description) == line
    prompt = PromptBuilder(small_tokenizer, SMALL, "once").build(description, "Yes.")
    assert body(prompt) == small_tokenizer.encode(f'<description="{line}"> Yes.')


@pytest.mark.parametrize("description", ["", " \n"])
def test_no_description_is_an_error(small_tokenizer: CheckpointTokenizer, description: str) -> None:
    with pytest.raises(ModelError, match=r"^The voice has no description; choose a preset"):
        PromptBuilder(small_tokenizer, SMALL).build(description, "Yes.")


@pytest.mark.parametrize("tag", sorted(EMOTION_TAGS))
def test_a_tag_is_its_single_token(small_tokenizer: CheckpointTokenizer, tag: str) -> None:
    token = small_tokenizer.special(f"<{tag}>")
    assert token is not None
    plain = small_tokenizer.encode
    prompt = PromptBuilder(small_tokenizer, SMALL, "once").build(VOICE, f"She left. <{tag}> Nobody saw.")
    assert body(prompt) == [*plain(f'<description="{VOICE}"> She left. '), token, *plain(" Nobody saw.")]


def test_a_tag_that_the_tokenizer_lacks_is_an_error(small_tokenizer: CheckpointTokenizer) -> None:
    class Tagless(CheckpointTokenizer):
        def special(self, text: str) -> int | None:
            return None if text == "<sigh>" else super().special(text)

    builder = PromptBuilder(Tagless(small_tokenizer.file.parent), SMALL)
    with pytest.raises(ModelError, match=r"^The tokenizer has no token <sigh>; leave the tag out"):
        builder.build(VOICE, "<sigh> No.")


@pytest.mark.parametrize("name", ["<|eot_id|>", "<|begin_of_text|>", "<custom_token_2>", "<custom_token_500>"])
@pytest.mark.parametrize("marked", [True, False])
def test_the_name_of_a_control_token_in_a_book_is_so_many_letters(tmp_path, name: str, marked: bool) -> None:
    """Whether or not the tokenizer's file marks its added tokens as special."""
    tiny_models.write_tokenizer(tmp_path, SMALL)
    if not marked:
        file = tmp_path / "tokenizer.json"
        file.write_text(file.read_text().replace('"special": true', '"special": false'))
        assert '"special": true' not in file.read_text()
    tokenizer = CheckpointTokenizer(tmp_path)
    text = body(PromptBuilder(tokenizer, SMALL, "once").build(f"A {name} voice", f"He wrote {name} on the wall."))
    assert tokenizer.special(name) not in text
    assert max(text) < SMALL.bos
    shown = "".join(tokenizer.name(token) for token in text).replace("Ġ", " ")
    assert shown == f'<description="A {name} voice."> He wrote {name} on the wall.'


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Chapter One", "Chapter One."),
        ("Chapter One\n\nThe Door", "Chapter One. The Door."),
        ("Chapter One:", "Chapter One."),
        ("The end —", "The end."),
        ("1984", "1984."),
        ("Who? What!", "Who? What!"),
        ("And then…", "And then…"),
        ("He said “Hello”", "He said “Hello."),
        ("“Come in,” he said.", "“Come in,” he said."),
        ("“Come in.”", "“Come in."),
        ('He said "Hello, " and "Bye."', 'He said "Hello, " and "Bye.'),
        ("'Yes.' \"", "'Yes."),
        ("“Ha! <laugh>”", "“Ha! <laugh>"),
        ("“I know,” he said, “the way.”\n“Do you?”", "“I know,” he said, “the way.” “Do you?"),
        ("<whisper>Be quiet.</whisper> Go.", "<whisper>Be quiet. Go."),
        ("Be</whisper>fore.", "Be fore."),
        ("Stop</sigh>.</laugh>", "Stop."),
        ("Go</sigh></laugh>on.", "Go on."),
        ("<laugh>", "<laugh>"),
        ("  one\r\n two  ", "one. two."),
        ("* * *", "* * *"),
        ("", ""),
        ("”", ""),
    ],
)
def test_what_is_made_of_a_text(text: str, spoken: str) -> None:
    assert prepare_text(text) == spoken


CLOSING = st.sampled_from([f"</{tag}>" for tag in sorted(EMOTION_TAGS)])
PIECES = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="ab1 .,;:!?…—-\"'“”‘’()[]<>*\n\t\r\u2028", max_size=12),
    CLOSING,
    st.sampled_from([f"<{tag}>" for tag in sorted(EMOTION_TAGS)]),
    st.just("\n"),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_word_is_lost_or_added(text: str) -> None:
    def letters(words_: list[str]) -> list[str]:
        return ["".join(char for char in word if char.isalnum()) for word in words_]

    written = text
    for tag in EMOTION_TAGS:
        written = written.replace(f"</{tag}>", " ")
    spoken = prepare_text(text)
    assert "".join(letters(words(without_tags(spoken)))) == "".join(letters(words(without_tags(written))))
    assert len(spoken.splitlines()) <= 1
    assert spoken[-1:] not in tuple("\"'”’»")


@given(st.lists(st.text(alphabet="abcxyzÀé0123456789'.,!?-“”", min_size=1, max_size=8), max_size=12))
def test_words_stay_apart(pieces: list[str]) -> None:
    """Word by word, whatever whitespace is between them."""

    def bare(text: str) -> list[str]:
        return ["".join(char for char in word if char.isalnum()) for word in words(text)]

    assert bare(prepare_text("\n".join(pieces))) == bare(" ".join(pieces))
    assert bare(prepare_text(" ".join(pieces))) == bare(" ".join(pieces))


@given(st.lists(PIECES, max_size=6).map("".join))
def test_no_text_becomes_a_control_token(small_tokenizer: CheckpointTokenizer, text: str) -> None:
    tags = {small_tokenizer.special(f"<{tag}>") for tag in EMOTION_TAGS}
    prompt = PromptBuilder(small_tokenizer, SMALL, "once").build(VOICE, text)
    assert all(token < SMALL.bos or token in tags for token in body(prompt))


def test_a_prompt_is_the_same_each_time(small_tokenizer: CheckpointTokenizer) -> None:
    builder = PromptBuilder(small_tokenizer, SMALL)
    first = builder.build(VOICE, "One.")
    builder.build(VOICE, "Another.")
    assert builder.build(VOICE, "One.") == first
