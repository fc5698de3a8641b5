"""Random models in Maya1's format, written from a seed: a Llama checkpoint with its tokenizer, and a SNAC codec.

What they say is noise; that they are built, stored and numbered like the real thing is the point.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tokenizers
from safetensors.numpy import save_file
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.maya.token_layout import LAYOUT_FILE, Layout

LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
"""How Llama 3 cuts text before byte-pair encoding."""

N_TEXT = 1200
"""Byte-pair tokens of either vocabulary; the true layout is filled up with unused ones."""

SMALL = Layout(
    bos=1200, text_end=1201, code_start=1203, code_end=1204, human_start=1205, human_end=1206, ai_start=1207,
    pad=1209, first_code=1212, codebook_size=256, vocab_size=3072,
)  # fmt: skip
"""A layout of small codebooks; the vocabulary is a multiple of 256, so that K-quants apply."""

CORPUS = (
    "The forest was eerily quiet, and something was watching from the shadows. A mature female voice, clear and "
    "expressive, with good pacing. She said that nobody had been there since the winter of 1897, and asked who had "
    "left the door open. Description: a warm low voice, an old man who reads slowly, a young woman with an accent."
)


@dataclass(frozen=True)
class Shape:
    """Dimensions of a Llama. They are multiples of 256 where K-quants need it."""

    hidden: int = 256
    n_layers: int = 2
    n_heads: int = 4
    n_kv_heads: int = 2
    head_dim: int = 64
    ffn: int = 512
    scale: float = 0.02
    """Standard deviation of the weights."""
    head_scale: float = 1.0
    """Factor on the embedding, which is the head as well: large values make the next token surer."""


def write_tokenizer(folder: Path, layout: Layout) -> None:
    """tokenizer.json and tokenizer_config.json of a Llama 3 tokenizer with that layout's control tokens and codes."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=N_TEXT, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    split = pre_tokenizers.Split(tokenizers.Regex(LLAMA3_SPLIT), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.train_from_iterator([CORPUS], trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    vocab: dict[str, int] = learnt["vocab"]
    for number in range(len(vocab), layout.bos):
        vocab[f"unused{number:06}"] = number
    merges = [tuple(pair) for pair in learnt["merges"]]
    whole = tokenizers.Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    whole.pre_tokenizer = tokenizer.pre_tokenizer
    whole.decoder = decoders.ByteLevel()
    whole.add_special_tokens([_special(name) for name in special_names(layout)])
    whole.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", layout.bos)]
    )
    whole.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|eot_id|>",
        "model_max_length": 131072,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def special_names(layout: Layout) -> list[str]:
    """Names of the added tokens, from `layout.bos` to the last id, as Llama 3 and Maya1 number them."""
    names = {layout.bos: "<|begin_of_text|>", layout.text_end: "<|eot_id|>"}
    base = layout.code_start - 1
    names |= {token: f"<custom_token_{token - base}>" for token in range(base, layout.last_code + 1)}
    names |= {layout.last_code + 1 + at: f"<{tag}>" for at, tag in enumerate(sorted(EMOTION_TAGS))}
    return [names.get(token, f"<|reserved_special_token_{token}|>") for token in range(layout.bos, layout.vocab_size)]


def _special(name: str) -> tokenizers.AddedToken:
    return tokenizers.AddedToken(name, special=True, normalized=False)


def config_of(shape: Shape, layout: Layout) -> dict[str, object]:
    """config.json, with Maya1's rope scaling."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.ffn,
        "num_hidden_layers": shape.n_layers,
        "num_attention_heads": shape.n_heads,
        "num_key_value_heads": shape.n_kv_heads,
        "head_dim": shape.head_dim,
        "vocab_size": layout.vocab_size,
        "max_position_embeddings": 131072,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 32.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        },
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": layout.bos,
        "eos_token_id": layout.text_end,
        "torch_dtype": "float32",
    }


def weights_of(shape: Shape, layout: Layout, seed: int) -> dict[str, np.ndarray]:
    draw = np.random.Generator(np.random.Philox(seed))

    def matrix(rows: int, columns: int, scale: float = shape.scale) -> np.ndarray:
        return draw.standard_normal((rows, columns), dtype=np.float32) * np.float32(scale)

    queries, keys = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
    tensors = {
        "model.embed_tokens.weight": matrix(layout.vocab_size, shape.hidden, shape.scale * shape.head_scale),
        "model.norm.weight": np.ones(shape.hidden, np.float32),
    }
    for number in range(shape.n_layers):
        layer = f"model.layers.{number}"
        tensors |= {
            f"{layer}.input_layernorm.weight": np.ones(shape.hidden, np.float32),
            f"{layer}.post_attention_layernorm.weight": np.ones(shape.hidden, np.float32),
            f"{layer}.self_attn.q_proj.weight": matrix(queries, shape.hidden),
            f"{layer}.self_attn.k_proj.weight": matrix(keys, shape.hidden),
            f"{layer}.self_attn.v_proj.weight": matrix(keys, shape.hidden),
            f"{layer}.self_attn.o_proj.weight": matrix(shape.hidden, queries),
            f"{layer}.mlp.gate_proj.weight": matrix(shape.ffn, shape.hidden),
            f"{layer}.mlp.up_proj.weight": matrix(shape.ffn, shape.hidden),
            f"{layer}.mlp.down_proj.weight": matrix(shape.hidden, shape.ffn),
        }
    return tensors


def write_checkpoint(folder: Path, layout: Layout = SMALL, shape: Shape | None = None, seed: int = 1) -> Path:
    """A checkpoint folder as the hub has it: config.json, model.safetensors, tokenizer.json, and layout.json where
    the layout is not Maya1's own. Returns the folder."""
    shape = shape or Shape()
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, layout)
    (folder / "config.json").write_text(json.dumps(config_of(shape, layout), indent=1))
    save_file(weights_of(shape, layout, seed), folder / "model.safetensors", metadata={"format": "pt"})
    if layout != Layout():
        (folder / LAYOUT_FILE).write_text(layout.to_json())
    return folder


def edit_json(file: Path, **values: object) -> None:
    """Replaces entries of a JSON file, to spoil it."""
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


CODEC = {
    "sampling_rate": 24000,
    "encoder_dim": 16,
    "encoder_rates": [2, 4, 8, 8],
    "decoder_dim": 64,
    "decoder_rates": [8, 8, 4, 2],
    "attn_window_size": None,
    "codebook_size": 256,
    "codebook_dim": 8,
    "vq_strides": [4, 2, 1],
    "noise": True,
    "depthwise": True,
}
"""config.json of a small codec: the 24 kHz SNAC's, narrower."""


def write_codec(folder: Path, codebook_size: int = SMALL.codebook_size, noise: bool = True, seed: int = 1) -> Path:
    """A codec folder as the hub has it: config.json and pytorch_model.bin. Returns the folder."""
    import torch
    from snac import SNAC

    folder.mkdir(parents=True, exist_ok=True)
    config = {**CODEC, "codebook_size": codebook_size, "noise": noise}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        snac = SNAC(**config)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    torch.save(snac.state_dict(), folder / "pytorch_model.bin")
    return folder


def write_hub_codec(folder: Path, codebook_size: int = SMALL.codebook_size, seed: int = 1) -> Path:
    """The same codec as the hub's repository for ONNX Runtime has it: decoder_model.onnx, which draws its own noise.
    Returns the file."""
    import warnings
    from unittest.mock import patch

    import torch
    from snac import SNAC

    source = write_codec(folder / "source", codebook_size, seed=seed)
    snac = SNAC.from_pretrained(str(source)).eval()

    class Decode(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.snac = snac

        def forward(self, *codes: torch.Tensor) -> torch.Tensor:
            return snac.decode(list(codes))

    def snake(x: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
        """That of the package is compiled, and its shapes would be exported as constants."""
        return x + (alpha * x).sin().square() / (alpha + 1e-9)

    names = [f"audio_codes.{level}" for level in range(3)]
    with warnings.catch_warnings(), patch("snac.layers.snake", snake):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Decode(),
            tuple(torch.zeros(1, 3 * steps, dtype=torch.int64) for steps in (1, 2, 4)),
            str(folder / "decoder_model.onnx"),
            input_names=names,
            output_names=["audio_values"],
            dynamic_axes={
                **{name: {0: "batch", 1: f"length_{level}"} for level, name in enumerate(names)},
                "audio_values": {0: "batch", 2: "samples"},
            },
            dynamo=False,
        )
    return folder / "decoder_model.onnx"
