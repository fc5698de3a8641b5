"""Converts a Llama checkpoint to a GGUF file tensor by tensor: memory holds one matrix at a time."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.maya import tag_tokens
from mayabook.maya.checkpoint_files import StoredTensor
from mayabook.maya.token_layout import LAYOUT_KEY, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models.checkpoint_tensors import Weights, blocks
from mayabook.models.disk import Progress, atomic_write, require_free_space, silent
from mayabook.models.gguf_formats import CONVERTED, FORMATS
from mayabook.models.gguf_vocabulary import PRE_TOKENIZER, GgufVocabulary, read_vocabulary
from mayabook.models.llama_config import LlamaConfig

if TYPE_CHECKING:
    from gguf import GGUFWriter

_TENSOR_TYPES = {"F32": 0, "F16": 1, "BF16": 30}
"""ggml's numbers of the types of tensors. Matrices have the type of the file's format, vectors are F32 in all."""

_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def convert(
    checkpoint: Path, file: Path, to: str = "F16", *, name: str | None = None, progress: Progress = silent
) -> None:
    """Writes `file`. to: F16, BF16 or F32. name: what the file calls its model, the checkpoint's folder by default.

    Raises ModelError if the checkpoint is not a complete Llama in Maya1's format, or cannot be represented.
    """
    if to not in CONVERTED:
        raise ModelError(f"A checkpoint converts to {', '.join(CONVERTED)}, not {to!r}; quantise the F16 for others.")
    try:
        import gguf
    except ImportError as error:
        raise ModelError("The gguf package is not installed; run: pip install 'mayabook[gguf]'") from error
    config = LlamaConfig.read(checkpoint)
    if config.quantised_by:
        raise ModelError(
            f"The weights in {checkpoint} are quantised already ({config.quantised_by}); "
            "use the model in full precision (bf16, fp16 or fp32) to convert it."
        )
    weights = Weights(checkpoint)
    weights.check(config)
    layout = Layout.read(checkpoint)
    tokenizer = CheckpointTokenizer(checkpoint)
    layout.check(tokenizer, str(tokenizer.file))
    if config.vocab_size != layout.vocab_size:
        raise ModelError(
            f"{checkpoint} has weights for {config.vocab_size:,} tokens where its layout says {layout.vocab_size:,}: "
            "they do not belong together; take both from the same place."
        )
    vocabulary = read_vocabulary(tokenizer, config.vocab_size)
    require_free_space(file.parent, _n_bytes(config, to))
    with atomic_write(file) as temporary:
        writer = gguf.GGUFWriter(temporary, "llama")
        try:
            _describe(writer, config, to, name or checkpoint.resolve().name)
            _add_vocabulary(writer, vocabulary, config)
            writer.add_string(LAYOUT_KEY, layout.to_json())
            if flagged := tag_tokens.to_json(tokenizer.tags):
                writer.add_string(tag_tokens.TAGS_KEY, flagged)
            _write_tensors(writer, config, weights, to, progress)
        finally:
            writer.close()


def gguf_name(name: str) -> str:
    """llama.cpp's name of a tensor of a transformers Llama."""
    if name in _NAMES:
        return _NAMES[name]
    _, _, number, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{number}.{_NAMES[part]}.weight"


def _describe(writer: "GGUFWriter", config: LlamaConfig, to: str, name: str) -> None:
    writer.add_type("model")
    writer.add_name(name)
    writer.add_file_type(FORMATS[to].file_type)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.hidden)
    writer.add_block_count(config.n_layers)
    writer.add_feed_forward_length(config.ffn)
    writer.add_head_count(config.n_heads)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)


def _add_vocabulary(writer: "GGUFWriter", vocabulary: GgufVocabulary, config: LlamaConfig) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges(vocabulary.merges)
    if config.bos >= 0:
        writer.add_bos_token_id(config.bos)
    if config.eos >= 0:
        writer.add_eos_token_id(config.eos)


def _write_tensors(writer: "GGUFWriter", config: LlamaConfig, weights: Weights, to: str, progress: Progress) -> None:
    from gguf import GGMLQuantizationType

    shapes = config.tensor_shapes()
    divisors = config.rope_divisors()
    if divisors is not None:
        writer.add_tensor_info("rope_freqs.weight", divisors.shape, divisors.dtype, divisors.nbytes)
    for name, shape in shapes.items():
        kind = GGMLQuantizationType(_TENSOR_TYPES[_format(shape, to)])
        dtype = _dtype(shape, to)
        n_bytes = int(np.prod(shape)) * dtype.itemsize
        writer.add_tensor_info(gguf_name(name), shape, dtype, n_bytes, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    if divisors is not None:
        writer.write_tensor_data(divisors)
    done, total = 0, _n_bytes(config, to)
    for name, shape in shapes.items():
        matrix = _narrow(weights.tensors[name], name, _format(shape, to)).reshape(shape)
        if name.endswith("q_proj.weight"):
            matrix = _interleave(matrix, config.n_heads)
        elif name.endswith("k_proj.weight"):
            matrix = _interleave(matrix, config.n_kv_heads)
        writer.write_tensor_data(matrix)
        done += matrix.nbytes
        progress(done, total)


def _format(shape: tuple[int, ...], to: str) -> str:
    return to if len(shape) > 1 else "F32"


def _dtype(shape: tuple[int, ...], to: str) -> np.dtype[np.generic]:
    return np.dtype({"F32": np.float32, "F16": np.float16, "BF16": np.uint16}[_format(shape, to)])


def _n_bytes(config: LlamaConfig, to: str) -> int:
    return sum(int(np.prod(shape)) * _dtype(shape, to).itemsize for shape in config.tensor_shapes().values())


def _narrow(tensor: StoredTensor, name: str, to: str) -> NDArray[np.generic]:
    """The values in the new format, flat. Raises ModelError for values that it cannot represent."""
    narrow = np.empty(tensor.size, _dtype(tensor.shape, to))
    at = 0
    for block in blocks(tensor):
        with np.errstate(over="ignore"):
            values = _to_bf16(block) if to == "BF16" else block.astype(narrow.dtype)
        if not np.isfinite(block if to == "BF16" else values).all():
            why = f"is too large for {to}; convert to BF16" if np.isfinite(block).all() else "is not a number"
            raise ModelError(f"A weight of {name} in {tensor.file} {why}; or get the file again.")
        narrow[at : at + len(values)] = values
        at += len(values)
    return narrow


def _to_bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper half of each, rounded to nearest, ties to even."""
    bits = values.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def _interleave(matrix: NDArray[np.generic], n_heads: int) -> NDArray[np.generic]:
    """Reorders the rows of queries or keys for llama.cpp, whose RoPE pairs neighbouring rows; transformers pairs the
    two halves of a head."""
    rows, columns = matrix.shape
    return np.ascontiguousarray(matrix.reshape(n_heads, 2, rows // n_heads // 2, columns).swapaxes(1, 2)).reshape(
        rows, columns
    )
