"""Checks that the files of a model are whole and belong together: config, tokenizer, tensors, RoPE, codec."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mayabook.core.errors import EngineError, ModelError
from mayabook.maya.codec import open_codec
from mayabook.maya.prompt import Tokenizer
from mayabook.maya.token_layout import Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models import checkpoint_formats, gguf_quantisation
from mayabook.models.checkpoint_tensors import Weights
from mayabook.models.gguf_conversion import gguf_name
from mayabook.models.integrity import check_checkpoint, check_codec, check_gguf
from mayabook.models.llama_config import LlamaConfig
from mayabook.models.store import ModelFiles

CODEC = "codec"
"""Name of the check of the codec."""
State = Literal["ok", "failed", "skipped"]

TEXTS = (
    "The forest was eerily quiet, and something was watching from the shadows.",
    "In 1897, 12345 of 1,000,000 left; 3.14 isn't 22/7, and I'm sure he'd've said so.",
    '“Who’s there?” she asked – ‘nobody’, it seemed … "Quite," said O\'Brien.',
    "Renée's naïve café über Ångström, señor Ñandú; Œuvre, Łódź, Straße, İstanbul.",
    "Mixed  spaces,\ttabs\nand\n\n  lines   ;--dashes---and___rules, $5.00 (50%) @home #1 [x]{y}.",
    "🙂 👩‍👩‍👧 🇬🇧 ✨ 日本語 Привет λόγος שלום",
    "<laugh> Ha! <whisper> not so loud </whisper> <|begin_of_text|> <custom_token_7>",
)
"""Texts that both tokenizers must cut alike: letters, digits, quotation marks, accents, blanks, emoji, other scripts,
and names of control tokens as plain text."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Result of one check."""

    name: str
    state: State
    detail: str
    """What was found; where the check failed, also what to do."""


def check_files(files: ModelFiles) -> Iterator[CheckResult]:
    """Yields a result for each part of the checkpoint, each quantised one and each GGUF file, and for the codec."""
    yield from _checkpoint_checks(files)
    for kind, folder in files.quantised.items():
        yield from _quantised_checks(files, kind, folder)
    for kind, file in files.ggufs.items():
        yield from _gguf_checks(files, kind, file)
    yield _attempt(CODEC, lambda: _codec(files))


def _attempt(name: str, look: Callable[[], str]) -> CheckResult:
    try:
        return CheckResult(name, "ok", look())
    except EngineError as error:
        return CheckResult(name, "failed", str(error))


def _checkpoint_checks(files: ModelFiles) -> Iterator[CheckResult]:
    checkpoint = files.checkpoint or files.metadata
    if checkpoint is None:
        return
    yield _attempt("checkpoint: config", lambda: _config(checkpoint))
    yield _attempt("checkpoint: token ids", lambda: _token_ids(check_checkpoint(checkpoint, weights=False)))
    if files.checkpoint is not None:
        yield _attempt("checkpoint: tensors", lambda: _tensors(checkpoint))


def _quantised_checks(files: ModelFiles, kind: str, folder: Path) -> Iterator[CheckResult]:
    yield _attempt(f"{kind}: token ids", lambda: _quantised_ids(files.checkpoint or files.metadata, folder))
    yield _attempt(f"{kind}: tensors", lambda: _tensors(folder))


def _quantised_ids(checkpoint: Path | None, folder: Path) -> str:
    layout = check_checkpoint(folder, weights=False)
    if checkpoint is not None and (layout, _shape(folder)) != (Layout.read(checkpoint), _shape(checkpoint)):
        raise ModelError(f"{folder} has another layout or shape than the checkpoint; quantise the checkpoint again.")
    return _token_ids(layout)


def _shape(checkpoint: Path) -> LlamaConfig:
    """What config.json says, but for the quantisation."""
    return replace(LlamaConfig.read(checkpoint), quantised_by="", is_fp8=False)


def _config(checkpoint: Path) -> str:
    config = LlamaConfig.read(checkpoint)
    return f"Llama of {config.n_layers} layers, width {config.hidden}, {config.n_heads}/{config.n_kv_heads} heads"


def _token_ids(layout: Layout) -> str:
    return f"codes {layout.first_code} to {layout.last_code}, CODE_END {layout.code_end}"


def _tensors(checkpoint: Path) -> str:
    config = LlamaConfig.read(checkpoint)
    weights = Weights(checkpoint)
    weights.check(config)
    kinds = sorted({tensor.dtype for tensor in weights.tensors.values()})
    if config.quantised_by not in ("", checkpoint_formats.METHOD):
        return f"{len(weights.tensors)} tensors, quantised by {config.quantised_by}: shapes not compared"
    return f"{len(weights.tensors)} tensors in {'/'.join(kinds)}, shapes as in config.json"


def _gguf_checks(files: ModelFiles, kind: str, file: Path) -> Iterator[CheckResult]:
    checkpoint = files.checkpoint or files.metadata
    first = _attempt(f"{kind}: token ids", lambda: _gguf_ids(checkpoint, file))
    yield first
    if first.state == "failed" or checkpoint is None:
        return
    yield _attempt(f"{kind}: tokenizer", lambda: _same_tokens(checkpoint, file))
    reader = _reader(file)
    yield _attempt(f"{kind}: tensors", lambda: _same_tensors(checkpoint, file, reader))
    yield _attempt(f"{kind}: rope", lambda: _same_rope(checkpoint, file, reader))


def _gguf_ids(checkpoint: Path | None, file: Path) -> str:
    layout, _ = check_gguf(file)
    if checkpoint is not None and layout != Layout.read(checkpoint):
        raise ModelError(f"{file} has another token layout than the checkpoint; convert the checkpoint again.")
    return _token_ids(layout)


def _same_tokens(checkpoint: Path, file: Path) -> str:
    ours = CheckpointTokenizer(checkpoint)
    with vocabulary(file) as theirs:
        for number in range(theirs.vocab_size):
            if ours.name(number) not in ("", theirs.name(number)):
                raise ModelError(
                    f"Token {number} is {ours.name(number)!r} in the checkpoint and {theirs.name(number)!r} in {file}: "
                    "they do not belong together; convert the checkpoint again."
                )
        for text in TEXTS:
            if ours.encode(text) != theirs.encode(text):
                raise ModelError(f"{file} tokenizes {text!r} in another way; convert the checkpoint again.")
        return f"{theirs.vocab_size:,} tokens; the same ids for {len(TEXTS)} texts"


@contextmanager
def vocabulary(file: Path) -> Iterator[Tokenizer]:
    """The tokenizer inside a GGUF file."""
    llama_cpp = gguf_quantisation.library()
    from mayabook.models.llama_api import LlamaVocabulary, load_model

    model, _ = load_model(file, vocab_only=True)
    try:
        yield LlamaVocabulary(model)
    finally:
        llama_cpp.llama_model_free(model)


def _reader(file: Path) -> Any:
    from gguf import GGUFReader

    return GGUFReader(file)


def _same_tensors(checkpoint: Path, file: Path, reader: Any) -> str:
    found = {tensor.name: tuple(reversed(tensor.shape.tolist())) for tensor in reader.tensors}
    for name, shape in LlamaConfig.read(checkpoint).tensor_shapes().items():
        if found.get(gguf_name(name)) != shape:
            raise ModelError(
                f"Tensor {gguf_name(name)} of {file} has the shape {found.get(gguf_name(name))} where the checkpoint's "
                f"config says {shape}: they do not belong together; convert the checkpoint again."
            )
    return f"{len(found)} tensors, shapes as in config.json"


def _same_rope(checkpoint: Path, file: Path, reader: Any) -> str:
    config = LlamaConfig.read(checkpoint)
    base = reader.get_field("llama.rope.freq_base")
    stretch = next((tensor.data for tensor in reader.tensors if tensor.name == "rope_freqs.weight"), None)
    wanted = config.rope_divisors()
    theta = 10_000.0 if base is None else float(base.contents())
    stretched = (stretch is None) == (wanted is None) and (
        wanted is None or np.allclose(np.asarray(stretch), wanted, rtol=1e-4)
    )
    if theta != np.float32(config.rope_theta) or not stretched:
        raise ModelError(f"RoPE settings of {file} differ from the checkpoint's; convert the checkpoint again.")
    return f"theta {theta:g}, " + ("scaled as in config.json" if wanted is not None else "not scaled in either")


def _codec(files: ModelFiles) -> str:
    if files.codec is None:
        raise ModelError(f"The model has no codec; import it: mayabook models import FOLDER --name {files.name}")
    checkpoint = files.checkpoint or files.metadata
    checkpoint = checkpoint or next(iter(files.quantised.values()), None)
    layout = Layout.read(checkpoint) if checkpoint else check_gguf(next(iter(files.ggufs.values())))[0]
    check_codec(files.codec, layout)
    return f"3 codebooks of {layout.codebook_size}; {open_codec(files.codec, layout).identity}"
