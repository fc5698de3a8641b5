"""Checks what a GGUF file says of itself: dimensions, vocabulary, pre-tokenizer, end token. llama.cpp fills in what is
missing with defaults, and the speech is then wrong without an error."""

from pathlib import Path
from typing import Any

from mayabook.core.errors import ModelError
from mayabook.maya.token_layout import Layout
from mayabook.models.llama_api import LlamaVocabulary, layout_of, metadata

_NUMBERS = (
    "llama.block_count",
    "llama.embedding_length",
    "llama.feed_forward_length",
    "llama.context_length",
    "llama.attention.head_count",
    "llama.attention.layer_norm_rms_epsilon",
    "llama.rope.freq_base",
)
"""Keys without which the model cannot be computed as its makers meant."""
_TOKENIZER = "gpt2"
"""GGUF's name of byte-level BPE."""
_PRE_TOKENIZERS = ("llama-bpe", "llama3", "llama-v3")
"""llama.cpp's names of Llama 3's pre-tokenizer."""
_EOS = "tokenizer.ggml.eos_token_id"
_GET_ANOTHER = "get another file, or make one from the checkpoint with `mayabook models quantize`"


def check_metadata(model: Any, vocabulary: LlamaVocabulary, file: Path) -> Layout:
    """The token layout of an opened GGUF file. Raises ModelError unless the file is of a Maya1 model and complete."""
    layout = layout_of(model, file)
    for key in _NUMBERS:
        value = metadata(model, key)
        if not _is_positive(value):
            found = "is missing" if value is None else f"is {value!r}"
            raise ModelError(f"The metadata of {file} are broken ({key} {found}); {_GET_ANOTHER}.")
    layout.check(vocabulary, str(file))
    if vocabulary.vocab_size != layout.vocab_size:
        raise ModelError(
            f"{file} has {vocabulary.vocab_size:,} tokens where Maya1's layout has {layout.vocab_size:,}: it is of "
            "another model; choose a Maya1 model with --model."
        )
    kind, splits = metadata(model, "tokenizer.ggml.model"), metadata(model, "tokenizer.ggml.pre")
    if kind != _TOKENIZER or splits not in _PRE_TOKENIZERS:
        raise ModelError(
            f"{file} tokenizes text with {kind or 'nothing'}/{splits or 'default'} where Maya1 needs "
            f"{_TOKENIZER}/{_PRE_TOKENIZERS[0]}; {_GET_ANOTHER}."
        )
    _check_eos(metadata(model, _EOS), layout, vocabulary, file)
    return layout


def _check_eos(value: str | None, layout: Layout, vocabulary: LlamaVocabulary, file: Path) -> None:
    """Raises ModelError for an end token that is a word or a speech code. Our takes end with CODE_END
    whatever EOS is, but such a file is broken, and its other metadata are not to be trusted."""
    if value is None:
        return
    token = int(value) if value.isdigit() else -1
    name = vocabulary.name(token)
    is_code = layout.first_code <= token <= layout.last_code
    if is_code or vocabulary.special(name) != token:
        raise ModelError(
            f"{file} gives token {value} ({name!r}) as its end token (EOS), but that is no end token; {_GET_ANOTHER}."
        )


def _is_positive(value: str | None) -> bool:
    try:
        return float(value or 0) > 0
    except ValueError:
        return False
