"""The settings of every stage, by the name of a recipe."""

import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from mayabook.core.errors import SettingsError
from mayabook.maya.voices import DEFAULT_VOICE
from mayabook.maya.voices import descriptions as presets


class Part(BaseModel):
    """Settings of a stage."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CorpusRecipe(Part):
    """Settings of the stage `corpus`."""

    book: str = ""
    """File of texts/ that the language model memorises; empty: the sample book in examples/."""
    speakers: tuple[str, ...] = ("heart",)
    """Teachers, each of which speaks every text: heart, the narrator's voice, or voices of Kokoro."""
    hours: float
    """Hours of speech, without the book."""
    held_out: float
    """Share of the texts that are held out from training."""
    speeds: tuple[float, ...]
    """Speeds of the teacher, chosen uniformly; the book has speed 1."""
    book_chunks: int | None = None
    """Chunks of the book; None uses all."""
    max_chars: int | None = None
    """Longest chunk of the book in characters; None is MayaBook's default."""


class CodecRecipe(Part):
    """Settings of the stage `codec`."""

    encoder_dim: int
    """Channels of the encoder's first layer."""
    encoder_rates: tuple[int, ...]
    """Downsampling factors of the encoder."""
    decoder_dim: int
    """Channels of the decoder's first layer."""
    decoder_rates: tuple[int, ...]
    """Upsampling factors of the decoder."""
    codebook_size: int
    """Codes of each codebook."""
    encoder_batch: int
    """Crops per step while encoder and codebooks are trained."""
    batch: int
    """Crops per step while the decoder is trained."""
    crop_frames: int
    """Length of a crop in frames of 2048 samples."""
    book_share: float
    """Share of the crops that are from the book."""
    continuous_steps: int
    """Steps of the phase `continuous`: the encoder, without quantisation."""
    quantised_steps: int
    """Steps of the phase `quantised`: encoder and codebooks."""
    decoder_steps: int
    """Steps of the phase `decoder`: the decoder, on fixed codes."""
    adversarial_steps: int = 0
    """Steps of the phase `adversarial`: the decoder against discriminators."""
    learning_rate: float = 1e-3
    """Peak learning rate."""


class LmRecipe(Part):
    """Settings of the stage `lm`."""

    hidden: int
    """Hidden size."""
    n_layers: int
    """Transformer layers."""
    n_heads: int
    """Attention heads."""
    n_kv_heads: int
    """Key-value heads."""
    ffn: int
    """Size of the feed-forward layers."""
    batch_tokens: int
    """Tokens per step, prompts included."""
    learning_rate: float
    """Peak learning rate of the matrices."""
    steps: int
    """Optimiser steps."""
    book_share: float = 1.0
    """Share of the sequences that are from the book; with 1 the model memorises it."""
    anchored_share: float = 0.0
    """Share of the book's sequences that go on from an anchor by the same speaker."""
    description: str = ""
    """The description of the voice in every prompt; empty: those of the presets."""

    def descriptions(self) -> dict[str, str]:
        """Descriptions of the voices by name."""
        return {DEFAULT_VOICE: self.description} if self.description else presets(version=1)

    noise: float = 0.05
    """Share of the input speech tokens that are replaced at random, so that the model recovers from sampling errors."""


class Recipe(Part):
    """Settings of all stages."""

    model: str = "maya1-tiny"
    """Name of the exported model."""
    corpus: CorpusRecipe
    """Of the stage `corpus`."""
    codec: CodecRecipe
    """Of the stage `codec`."""
    lm: LmRecipe
    """Of the stage `lm`."""


def recipe(name: str) -> Recipe:
    """The recipe of that name in recipes.toml. Raises SettingsError with the known names for an unknown one."""
    tables = tomllib.loads(files(__package__).joinpath("recipes.toml").read_text(encoding="utf-8"))
    if name not in tables:
        raise SettingsError(f"There is no recipe {name!r}; choose one of: {', '.join(tables)}.")
    return Recipe.model_validate(tables[name])
