"""config.json of a Llama checkpoint: its dimensions, its RoPE settings, and the tensors that follow from them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import ModelError
from mayabook.maya.checkpoint_files import read_json

CONFIG_FILE = "config.json"
_SCALED_BY_LENGTH = ("dynamic", "longrope")
"""RoPE variants that transformers rescales by the longest text of the batch."""
_CHOOSE_A_LLAMA = "not a Llama; choose a Maya1 model with --model"


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """RoPE scaling of Llama 3.1: long wavelengths are stretched, short ones kept, those between interpolated."""

    factor: float
    """By which the long wavelengths are stretched."""
    low_freq_factor: float
    """Wavelengths above original_context / low_freq_factor are long."""
    high_freq_factor: float
    """Wavelengths below original_context / high_freq_factor are short."""
    original_context: int
    """Tokens of context before scaling."""


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """The shape of a Llama, as its config.json says."""

    n_layers: int
    """Transformer layers."""
    hidden: int
    """Width of the hidden states."""
    ffn: int
    """Width of the feed-forward network."""
    n_heads: int
    """Query heads of a layer."""
    n_kv_heads: int
    """Key and value heads of a layer; each serves n_heads / n_kv_heads query heads."""
    head_dim: int
    """Width of a head."""
    vocab_size: int
    """Rows of the embedding."""
    context: int
    """Most tokens that the model was trained for."""
    rms_eps: float
    """Epsilon of RMSNorm."""
    rope_theta: float
    """Base of the rotary frequencies."""
    rope_scaling: RopeScaling | None
    """None where frequencies are not scaled."""
    tied_head: bool
    """Whether the output matrix is the embedding."""
    bos: int
    """Begin-of-text token; -1 where there is none."""
    eos: int
    """End-of-text token; -1 where there is none."""
    quantised_by: str
    """Method that the weights were quantised with before they came here (`gptq`); empty for plain weights."""
    is_fp8: bool
    """Whether weights and activations are 8-bit floating-point numbers, in the format of compressed-tensors."""

    @classmethod
    def read(cls, checkpoint: Path) -> "LlamaConfig":
        """Raises ModelError where the file is missing, damaged or of another architecture."""
        file = checkpoint / CONFIG_FILE
        values = read_json(file)
        _refuse_others(values, file)
        # older checkpoints have rope_theta beside rope_scaling, those of transformers 5 both in rope_parameters
        rope = values.get("rope_parameters") or {
            **(values.get("rope_scaling") or {}),
            "rope_theta": values.get("rope_theta", 10_000.0),
        }
        n_heads = _number(values, "num_attention_heads", file)
        hidden = _number(values, "hidden_size", file)
        config = cls(
            n_layers=_number(values, "num_hidden_layers", file),
            hidden=hidden,
            ffn=_number(values, "intermediate_size", file),
            n_heads=n_heads,
            n_kv_heads=_number(values, "num_key_value_heads", file, n_heads),
            head_dim=_number(values, "head_dim", file, hidden // n_heads),
            vocab_size=_number(values, "vocab_size", file),
            context=_number(values, "max_position_embeddings", file),
            rms_eps=float(values.get("rms_norm_eps", 1e-6)),
            rope_theta=float(rope.get("rope_theta", 10_000.0)),
            rope_scaling=_rope_scaling(rope, file),
            tied_head=bool(values.get("tie_word_embeddings", False)),
            bos=_id(values, "bos_token_id"),
            eos=_id(values, "eos_token_id"),
            quantised_by=_quantised_by(values),
            is_fp8=_is_fp8(values),
        )
        if config.n_heads % config.n_kv_heads or config.head_dim % 2:
            raise ModelError(f"{file} has an invalid number of attention heads or head size; get the file again.")
        return config

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor of the checkpoint by its name in transformers, in order of use."""
        queries, keys = self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim
        shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocab_size, self.hidden)}
        for number in range(self.n_layers):
            layer = f"model.layers.{number}"
            shapes |= {
                f"{layer}.input_layernorm.weight": (self.hidden,),
                f"{layer}.self_attn.q_proj.weight": (queries, self.hidden),
                f"{layer}.self_attn.k_proj.weight": (keys, self.hidden),
                f"{layer}.self_attn.v_proj.weight": (keys, self.hidden),
                f"{layer}.self_attn.o_proj.weight": (self.hidden, queries),
                f"{layer}.post_attention_layernorm.weight": (self.hidden,),
                f"{layer}.mlp.gate_proj.weight": (self.ffn, self.hidden),
                f"{layer}.mlp.up_proj.weight": (self.ffn, self.hidden),
                f"{layer}.mlp.down_proj.weight": (self.hidden, self.ffn),
            }
        shapes["model.norm.weight"] = (self.hidden,)
        if not self.tied_head:
            shapes["lm_head.weight"] = (self.vocab_size, self.hidden)
        return shapes

    def rope_divisors(self) -> NDArray[np.float32] | None:
        """What llama.cpp divides each rotation frequency by, shape (head_dim / 2,); None where nothing is scaled.

        Llama 3.1's rule: a wavelength above original_context / low_freq_factor is divided by `factor`, one below
        original_context / high_freq_factor is kept, and between the two the frequencies are interpolated linearly in
        original_context / wavelength.
        """
        scaling = self.rope_scaling
        if scaling is None:
            return None
        exponents = np.arange(0, self.head_dim, 2, dtype=np.float64) / self.head_dim
        turns = scaling.original_context * self.rope_theta**-exponents / (2 * math.pi)
        span = scaling.high_freq_factor - scaling.low_freq_factor
        kept = np.clip((turns - scaling.low_freq_factor) / span, 0, 1)
        return (1 / (kept + (1 - kept) / scaling.factor)).astype(np.float32)


def _refuse_others(values: Mapping[str, Any], file: Path) -> None:
    kind = values.get("model_type", "llama")
    architectures = values.get("architectures") or ["LlamaForCausalLM"]
    if architectures != ["LlamaForCausalLM"]:
        raise ModelError(f"{file} (type {kind!r}) describes a {architectures[0]}, {_CHOOSE_A_LLAMA}.")
    if kind != "llama":
        raise ModelError(f"{file} is of a model of type {kind!r}, {_CHOOSE_A_LLAMA}.")
    if values.get("attention_bias") or values.get("mlp_bias") or values.get("hidden_act", "silu") != "silu":
        raise ModelError(f"{file} describes a Llama with biases or another activation; choose a Maya1 model.")


def _rope_scaling(rope: Mapping[str, Any], file: Path) -> RopeScaling | None:
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return None
    if kind in _SCALED_BY_LENGTH:
        raise ModelError(
            f"{file} uses RoPE scaling {kind!r}, which would make a take depend on the length of others; "
            "choose another model with --model."
        )
    if kind != "llama3" or rope.get("partial_rotary_factor", 1.0) != 1.0:
        raise ModelError(f"{file} uses RoPE scaling {kind!r}; only llama3 is supported. Choose a Maya1 model.")
    try:
        scaling = RopeScaling(
            float(rope["factor"]),
            float(rope["low_freq_factor"]),
            float(rope["high_freq_factor"]),
            int(rope["original_max_position_embeddings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{file} lacks a parameter of its RoPE scaling ({error}); get the file again.") from error
    if not scaling.high_freq_factor > scaling.low_freq_factor > 0 < scaling.factor:
        raise ModelError(f"{file} has invalid RoPE scaling factors; get the file again.")
    return scaling


def _number(values: Mapping[str, Any], name: str, file: Path, default: int | None = None) -> int:
    value = values.get(name)
    value = default if value is None else value
    if value is None:
        raise ModelError(f"{file} gives no {name}; get the file again.")
    if not isinstance(value, int) or value < 1:
        raise ModelError(f"{file} gives no usable {name} ({value!r}); get the file again.")
    return value


def _quantised_by(values: Mapping[str, Any]) -> str:
    quantisation = values.get("quantization_config")
    return str(quantisation.get("quant_method", "its maker")) if isinstance(quantisation, Mapping) else ""


def _is_fp8(values: Mapping[str, Any]) -> bool:
    quantisation = values.get("quantization_config")
    groups = quantisation.get("config_groups") if isinstance(quantisation, Mapping) else None
    schemes = groups.values() if isinstance(groups, Mapping) else ()
    weights = [scheme.get("weights") for scheme in schemes if isinstance(scheme, Mapping)]
    kinds = [(one.get("type"), one.get("num_bits")) for one in weights if isinstance(one, Mapping)]
    return ("float", 8) in kinds


def _id(values: Mapping[str, Any], name: str) -> int:
    """A token id; the first where there are several, -1 where there is none."""
    value = values.get(name)
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, int) else -1
