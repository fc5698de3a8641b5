"""Stage 3: trains the tokenizer, a byte-level BPE with Llama 3's pre-tokenizer. WORK/tokenizer.

Control tokens, emotion tags and codes are added tokens with Maya1's names. layout.json has their ids.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.files import make_folder, write_text
from mayabook.maya.prompt import prepare_text, with_full_stop
from mayabook.maya.token_layout import CODES_PER_FRAME, LAYOUT_FILE, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models.gguf_vocabulary import LLAMA3_SPLIT
from training.maya1_tiny.corpus import BOOK, TRAIN, Corpus

N_TEXT = 1024
"""Tokens of text, byte pairs included."""
DESCRIPTIONS = 30
"""Weight of each voice's description in the training text, because every prompt begins with one."""


def layout_of(codebook_size: int) -> Layout:
    """Token layout with the control tokens in Maya1's order; the vocabulary size is a multiple of 256."""
    first_code = N_TEXT + 12
    n_tokens = first_code + CODES_PER_FRAME * codebook_size + len(EMOTION_TAGS)
    return Layout(
        bos=N_TEXT,
        text_end=N_TEXT + 1,
        code_start=N_TEXT + 3,
        code_end=N_TEXT + 4,
        human_start=N_TEXT + 5,
        human_end=N_TEXT + 6,
        ai_start=N_TEXT + 7,
        pad=N_TEXT + 9,
        first_code=first_code,
        codebook_size=codebook_size,
        vocab_size=-(-n_tokens // 256) * 256,
    )


def make(work: Path, codebook_size: int, descriptions: Iterable[str]) -> None:
    """Trains the tokenizer on the texts of the corpus and the voices' descriptions, and writes WORK/tokenizer."""
    layout = layout_of(codebook_size)
    corpus = Corpus(work)
    folder = work / "tokenizer"
    make_folder(folder)
    write(folder, layout, _lines(corpus, descriptions))
    tokenizer = CheckpointTokenizer(folder)
    layout.check(tokenizer, str(tokenizer.file))
    texts = [prepare_text(corpus.utterances[number].text) for number in corpus.numbers(BOOK, TRAIN)]
    n_tokens = sum(len(tokenizer.encode(text)) for text in texts)
    print(f"{layout.vocab_size:,} tokens; {sum(map(len, texts)) / n_tokens:.2f} characters a token of text")


def write(folder: Path, layout: Layout, lines: Iterator[str]) -> None:
    """Writes tokenizer.json, tokenizer_config.json and layout.json, trained on the text in `lines`."""
    split = pre_tokenizers.Split(tokenizers.Regex(LLAMA3_SPLIT), behavior="isolated")
    cut = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    learner = tokenizers.Tokenizer(models.BPE())
    learner.pre_tokenizer = cut
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learner.train_from_iterator(
        lines, trainers.BpeTrainer(vocab_size=N_TEXT, initial_alphabet=alphabet, show_progress=False)
    )
    learnt = json.loads(learner.to_str())["model"]
    vocab: dict[str, int] = learnt["vocab"]
    for number in range(len(vocab), N_TEXT):  # if the corpus has too few words
        vocab[f"unused{number:06}"] = number
    whole = tokenizers.Tokenizer(
        models.BPE(vocab=vocab, merges=[tuple(pair) for pair in learnt["merges"]], ignore_merges=True)
    )
    whole.pre_tokenizer, whole.decoder = cut, decoders.ByteLevel()
    names = _names(layout)
    whole.add_special_tokens([tokenizers.AddedToken(name, special=True, normalized=False) for name in names])
    whole.post_processor = processors.TemplateProcessing(
        single=f"{names[0]} $A", special_tokens=[(names[0], layout.bos)]
    )
    whole.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": names[0],
        "eos_token": names[layout.text_end - layout.bos],
        "model_max_length": 131072,
    }
    write_text(folder / "tokenizer_config.json", json.dumps(config))
    write_text(folder / LAYOUT_FILE, layout.to_json())


def _lines(corpus: Corpus, descriptions: Iterable[str]) -> Iterator[str]:
    for description in descriptions:
        yield from [f'<description="{with_full_stop(description)}"> '] * DESCRIPTIONS
    for number in corpus.numbers(BOOK, TRAIN):
        yield prepare_text(corpus.utterances[number].text)


def _names(layout: Layout) -> list[str]:
    """Names of the added tokens, from `layout.bos` to the last id."""
    names = {layout.bos: "<|begin_of_text|>", layout.text_end: "<|eot_id|>"}
    base = layout.code_start - 1
    names |= {token: f"<custom_token_{token - base}>" for token in range(base, layout.last_code + 1)}
    names |= {layout.last_code + 1 + at: f"<{tag}>" for at, tag in enumerate(sorted(EMOTION_TAGS))}
    return [names.get(token, f"<|reserved_special_token_{token}|>") for token in range(layout.bos, layout.vocab_size)]
