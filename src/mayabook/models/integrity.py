"""Checks that files are whole and of the right kind before they become part of a model."""

import zipfile
from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.maya.codec import open_codec
from mayabook.maya.codec_config import CHECKPOINT_FILE, COPY_AGAIN, CodecConfig
from mayabook.maya.token_layout import Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models import gguf_quantisation
from mayabook.models.checkpoint_tensors import Weights
from mayabook.models.gguf_formats import format_name
from mayabook.models.llama_config import LlamaConfig
from mayabook.models.store import format_of


def check_checkpoint(checkpoint: Path, *, weights: bool = True) -> Layout:
    """Token layout of a checkpoint. Raises ModelError unless config, tokenizer and, if `weights`, the weights are whole
    and belong together."""
    config = LlamaConfig.read(checkpoint)
    layout = Layout.read(checkpoint)
    tokenizer = CheckpointTokenizer(checkpoint)
    layout.check(tokenizer, str(tokenizer.file))
    if config.vocab_size != layout.vocab_size:
        raise ModelError(
            f"{checkpoint} has weights for {config.vocab_size:,} tokens where its layout says {layout.vocab_size:,}: "
            "they do not belong together; take both from the same place."
        )
    if weights:
        Weights(checkpoint).check(config)
    return layout


def check_gguf(file: Path) -> tuple[Layout, str]:
    """Token layout and weight format of a GGUF file. Raises ModelError unless it is a complete Llama with speech
    codes."""
    llama_cpp = gguf_quantisation.library()
    from mayabook.models.gguf_metadata import check_metadata
    from mayabook.models.llama_api import LlamaVocabulary, load_model, metadata

    model, _ = load_model(file, vocab_only=True)
    try:
        layout = check_metadata(model, LlamaVocabulary(model), file)
        file_type = metadata(model, "general.file_type") or ""
        return layout, _format(format_name(int(file_type)) if file_type.isdigit() else None, format_of(file))
    finally:
        llama_cpp.llama_model_free(model)


def _format(by_type: str | None, by_name: str) -> str:
    """Weight format by the file's metadata. F16_Q8_0 and Q8_0 have one number there; the file's name tells which."""
    return by_name if by_type is None or by_name.endswith(f"16_{by_type}") else by_type


def check_codec(codec: Path, layout: Layout) -> None:
    """Raises ModelError unless the codec's files are whole and its codebooks are the layout's."""
    checkpoint = codec / CHECKPOINT_FILE
    if checkpoint.is_file():
        CodecConfig.read(codec).check(layout, str(codec))
        if not zipfile.is_zipfile(checkpoint):
            raise ModelError(f"{checkpoint} is damaged or cut short; {COPY_AGAIN}.")
    else:
        open_codec(codec, layout)
