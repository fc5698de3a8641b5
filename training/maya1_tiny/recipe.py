"""The settings of every stage, by the name of a recipe."""

import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from mayabook.core.errors import SettingsError


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CorpusRecipe(Part):
    hours: float
    """Of speech besides the sample book's own."""
    held_out: float
    """Share of the texts that nothing is trained on."""
    speeds: tuple[float, ...]
    """Paces of the teacher, drawn evenly; the sample book is read at 1."""
    book_chunks: int | None = None
    """Chunks of the sample book; all where not given."""


class CodecRecipe(Part):
    encoder_dim: int
    encoder_rates: tuple[int, ...]
    decoder_dim: int
    decoder_rates: tuple[int, ...]
    codebook_size: int
    encoder_batch: int
    """Crops a step, while encoder and codebooks learn."""
    batch: int
    """Crops a step, while the decoder learns."""
    crop_frames: int
    """Frames of 2048 samples a crop."""
    book_share: float
    """Share of the crops that come from the sample book."""
    continuous_steps: int
    """Without quantisation."""
    quantised_steps: int
    """Encoder and codebooks together."""
    decoder_steps: int
    """The decoder alone, from fixed codes."""
    adversarial_steps: int = 0
    """The decoder against discriminators."""
    learning_rate: float = 1e-3


class LmRecipe(Part):
    hidden: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    ffn: int
    batch_tokens: int
    """Tokens a step, prompts included."""
    learning_rate: float
    steps: int
    book_share: float = 1.0
    """Share of the sequences that come from the sample book; 1 is learning by heart."""
    noise: float = 0.05
    """Share of the speech tokens that the model reads changed, so that it finds its way back after a slip."""


class Recipe(Part):
    corpus: CorpusRecipe
    codec: CodecRecipe
    lm: LmRecipe


def recipe(name: str) -> Recipe:
    """Raises SettingsError that names those there are."""
    tables = tomllib.loads(files(__package__).joinpath("recipes.toml").read_text(encoding="utf-8"))
    if name not in tables:
        raise SettingsError(f"There is no recipe {name!r}; choose one of: {', '.join(tables)}.")
    return Recipe.model_validate(tables[name])
