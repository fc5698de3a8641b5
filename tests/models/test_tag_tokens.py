"""Emotion tags are found as the tokenizers library finds added tokens, whatever their flags, by both engines."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import tokenizers
from hypothesis import example, given
from hypothesis import strategies as st

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.errors import ModelError
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.maya.prompt import PromptBuilder, Tokenizer, prepare_text
from mayabook.maya.tag_tokens import TAGS, from_json
from mayabook.maya.tokenizer import CheckpointTokenizer, read_tags
from mayabook.model_check.file_checks import vocabulary
from mayabook.models.gguf_conversion import convert
from tests.models.foreign_gguf import as_converted_elsewhere
from tests.tiny_models import SMALL, edit_json, write_checkpoint

FLAGS = ("single_word", "lstrip", "rstrip", "normalized")


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose tags have all combinations of flags, beside its GGUF file. Not to be changed."""
    folder = write_checkpoint(tmp_path_factory.mktemp("flagged") / "checkpoint")
    values = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    for number, flags in enumerate(product((False, True), repeat=len(FLAGS))):
        tag = next(entry for entry in values if entry["content"] == f"<{sorted(EMOTION_TAGS)[number]}>")
        tag.update(zip(FLAGS, flags, strict=True))
    edit_json(folder / "tokenizer.json", added_tokens=values)
    convert(folder, folder.parent / "flagged-F16.gguf")
    return folder


@pytest.fixture(scope="module", params=["checkpoint", "gguf", "gguf of others"])
def tokenizer(request: pytest.FixtureRequest, flagged: Path) -> Iterator[Tokenizer]:
    """Each way in which an engine tokenizes. A file that was converted elsewhere has no flags: those of tokenizer.json
    are used."""
    file = flagged.parent / "flagged-F16.gguf"
    if request.param == "checkpoint":
        yield CheckpointTokenizer(flagged)
    elif request.param == "gguf":
        with vocabulary(file) as own:
            yield own
    else:
        foreign = as_converted_elsewhere(file, file.with_name("foreign.gguf"))
        decoder = GgufDecoder(foreign, 1, 256, tags=read_tags(flagged))
        yield decoder.tokenizer
        decoder.close()


@pytest.fixture(scope="module")
def library(flagged: Path) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_file(str(flagged / "tokenizer.json"))


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(sorted(TAGS)),
        st.text(alphabet=" \t\n\r\u00a0\u2009\u2028\u3000\x0b\x1c\x85\u200b", max_size=4),
        st.text(alphabet="aé_9\u0301\u200d\u203fß日𝒳¾Ⅷ", max_size=3),
        st.text(alphabet=".,'!?“”—<>/", max_size=3),
        st.text(max_size=4),
    ),
    max_size=10,
).map("".join)


@given(text=TEXTS)
@example(text="so <laugh>  <sigh>\n<sing> a<snort>b _<whisper> 日<gulp>")
def test_ids_equal_the_librarys(tokenizer: Tokenizer, library: tokenizers.Tokenizer, text: str) -> None:
    ids = PromptBuilder(tokenizer, SMALL).encode(text)
    assert ids == library.encode(text, add_special_tokens=False).ids


@given(text=TEXTS)
def test_a_whole_prompt_equals_the_librarys(tokenizer: Tokenizer, library: tokenizers.Tokenizer, text: str) -> None:
    prompt = PromptBuilder(tokenizer, SMALL, "once").build("A calm voice.", text)
    whole = f'<description="A calm voice."> {prepare_text(text)}'
    assert prompt[2:-4] == library.encode(whole, add_special_tokens=False).ids


def test_other_added_tokens_are_spelled_out(tokenizer: Tokenizer) -> None:
    text = "He wrote <custom_token_7> and <|eot_id|>, <laugh>then <custom_token_500>."
    ids = PromptBuilder(tokenizer, SMALL).encode(text)
    assert max(set(ids) - {tokenizer.special("<laugh>")}) < SMALL.bos
    assert "".join(map(tokenizer.name, ids)).replace("Ġ", " ") == text


def test_damaged_flags_are_one_line() -> None:
    for text in ("{", "[1]", '[{"lstrip": true}]', '"x"'):
        with pytest.raises(ModelError, match=r"^The emotion tags in a GGUF file are damaged") as caught:
            from_json(text)
        assert "\n" not in str(caught.value)
