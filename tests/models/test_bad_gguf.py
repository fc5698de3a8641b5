"""GGUF files that are whole but of another model, or say something wrong of themselves: one line each."""

from pathlib import Path

import pytest

from mayabook.core.errors import ModelError
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.models.integrity import check_gguf
from tests.models.foreign_gguf import rewritten
from tests.tiny_models import SMALL, special_names

TOKENS = "tokenizer.ggml.tokens"


@pytest.fixture(scope="module")
def source(small: Path) -> Path:
    return small / "gguf" / "small-F16.gguf"


def words_and(names: list[str]) -> list[str]:
    """A vocabulary of so many words, followed by these names."""
    return [*(f"word{number}" for number in range(SMALL.bos)), *names]


WITHOUT_CODE_END = [
    name if number != SMALL.code_end else "<|reserved_special_token_9|>"
    for number, name in enumerate(special_names(SMALL), SMALL.bos)
]
BAD: dict[str, tuple[dict[str, object], str]] = {
    "no CODE_END": ({TOKENS: words_and(WITHOUT_CODE_END)}, rf"has no CODE_END: token {SMALL.code_end} is '<|reserved"),
    "other vocabulary": (
        {TOKENS: words_and([f"other{number}" for number in range(SMALL.vocab_size, SMALL.bos, -1)])},
        "not numbered in order from token 1212",
    ),
    "fewer codes": (
        {TOKENS: words_and(special_names(SMALL))[:3000], "tokenizer.ggml.token_type": [1] * 1200 + [3] * 1800},
        "has 3,000 tokens and no speech codes up to",
    ),
    "more tokens": (
        {
            TOKENS: words_and([*special_names(SMALL), "<more>"]),
            "tokenizer.ggml.token_type": [1] * 1200 + [3] * (SMALL.vocab_size - 1199),
        },
        r"has 3,073 tokens where Maya1's layout has 3,072: it is of another model",
    ),
    "architecture": ({"general.architecture": "gemma"}, r"cannot load|not a Llama"),
    "no heads": (
        {"llama.attention.head_count": None},
        r"metadata of .* are broken \(llama.attention.head_count is missing\)",
    ),
    "no layers": ({"llama.block_count": 0}, r"metadata of .* are broken \(llama.block_count is '0'\)"),
    "no RoPE base": ({"llama.rope.freq_base": None}, r"are broken \(llama.rope.freq_base is missing\); get another"),
    "EOS is a code": (
        {"tokenizer.ggml.eos_token_id": SMALL.first_code},
        r"gives token 1212 \('<custom_token_10>'\) as its end token \(EOS\), but that is no end token; get another",
    ),
    "EOS is a word": ({"tokenizer.ggml.eos_token_id": 5}, r"gives token 5 \('.'\) as its end token \(EOS\)"),
    "EOS is no token": ({"tokenizer.ggml.eos_token_id": 999_999}, r"gives token 999999 \(''\) as its end token"),
    "no pre-tokenizer": ({"tokenizer.ggml.pre": None}, "with gpt2/default where Maya1 needs gpt2/llama-bpe; get another"),
    "other pre-tokenizer": ({"tokenizer.ggml.pre": "gpt-2"}, "with gpt2/gpt-2 where Maya1 needs gpt2/llama-bpe"),
    "unknown pre-tokenizer": ({"tokenizer.ggml.pre": "nonsense"}, r"cannot load .*unknown pre-tokenizer type"),
    "no merges": ({"tokenizer.ggml.merges": None}, r"cannot load .*merges"),
    "damaged layout": ({"mayabook.layout": "{"}, "The token layout in .* is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_one_line(source: Path, tmp_path: Path, case: str) -> None:
    changes, line = BAD[case]
    file = rewritten(source, tmp_path / "bad-F16.gguf", changes)
    with pytest.raises(ModelError, match=line) as caught:
        check_gguf(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_an_engine_refuses_it_too(source: Path, tmp_path: Path) -> None:
    file = rewritten(source, tmp_path / "bad-F16.gguf", {"tokenizer.ggml.pre": None})
    with pytest.raises(ModelError, match="with gpt2/default where Maya1 needs gpt2/llama-bpe"):
        GgufDecoder(file, 1, 256)


def test_any_end_token_will_do(source: Path, tmp_path: Path) -> None:
    """Takes end with CODE_END whatever the file says."""
    for token in (SMALL.code_end, SMALL.text_end, None):
        file = rewritten(source, tmp_path / "good-F16.gguf", {"tokenizer.ggml.eos_token_id": token})
        assert check_gguf(file)[0] == SMALL
