"""Converts a checkpoint's tokenizer to what a GGUF file holds: token texts, token types and merges."""

from dataclasses import dataclass
from typing import Any

from mayabook.core.errors import ModelError
from mayabook.maya.checkpoint_files import read_json
from mayabook.maya.tokenizer import CheckpointTokenizer

PRE_TOKENIZER = "llama-bpe"
"""llama.cpp's name of Llama 3's pre-tokenizer."""

LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
"""Regular expression of that pre-tokenizer."""

NORMAL, CONTROL, UNUSED = 1, 3, 5
"""GGUF's numbers of token types. Every added token is a control token: llama.cpp finds none of these in plain text."""


@dataclass(frozen=True, slots=True)
class GgufVocabulary:
    """The vocabulary of a GGUF file, by token id."""

    tokens: list[str]
    types: list[int]
    """NORMAL, CONTROL or UNUSED."""
    merges: list[str]
    """BPE merges, by rank."""


def read_vocabulary(tokenizer: CheckpointTokenizer, vocab_size: int) -> GgufVocabulary:
    """vocab_size: rows of the embedding; ids the tokenizer lacks are filled in as unused.

    Raises ModelError if llama.cpp would tokenize text differently from this tokenizer.
    """
    file = tokenizer.file
    values = read_json(file)
    model = values.get("model") or {}
    if not _is_llama3(values, model):
        raise ModelError(
            f"{file} tokenizes text in another way than Llama 3, so llama.cpp would give other tokens; "
            "choose a Maya1 model, or use it with transformers."
        )
    tokens = [f"[PAD{number}]" for number in range(vocab_size)]
    types = [UNUSED] * vocab_size
    numbered = [(text, number, NORMAL) for text, number in model["vocab"].items()]
    numbered += [(added["content"], added["id"], CONTROL) for added in values.get("added_tokens", [])]
    for text, number, kind in numbered:
        if not 0 <= number < vocab_size:
            raise ModelError(
                f"{file} has a token {number} and the weights stop at {vocab_size - 1}: "
                "they do not belong together; take both from the same place."
            )
        tokens[number], types[number] = text, kind
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return GgufVocabulary(tokens, types, merges)


def _is_llama3(values: dict[str, Any], model: dict[str, Any]) -> bool:
    steps = (values.get("pre_tokenizer") or {}).get("pretokenizers") or []
    if len(steps) != 2 or values.get("normalizer") is not None:
        return False
    split, bytes_ = steps
    return (
        split.get("type") == "Split"
        and split.get("pattern") == {"Regex": LLAMA3_SPLIT}
        and split.get("behavior") == "Isolated"
        and not split.get("invert")
        and bytes_.get("type") == "ByteLevel"
        and not bytes_.get("add_prefix_space")
        and not bytes_.get("use_regex")
        and model.get("type") == "BPE"
        and bool(model.get("ignore_merges"))
        and not model.get("byte_fallback")
        and not model.get("dropout")
    )
