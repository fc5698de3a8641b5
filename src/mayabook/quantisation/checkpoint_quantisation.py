"""Makes quantised checkpoints of a model, with llmcompressor in a tool environment of its own."""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import EngineError, ModelError
from mayabook.core.fingerprint import sha256_of
from mayabook.core.hardware import free_memory
from mayabook.core.settings import MayaSettings
from mayabook.core.version import __version__
from mayabook.maya.checkpoint_files import weight_files
from mayabook.models import store
from mayabook.models.checkpoint_formats import FORMATS, N_TAKES
from mayabook.models.checkpoint_tensors import Weights
from mayabook.models.disk import cannot_write, require_free_space
from mayabook.models.gguf_maker import MadeFormat
from mayabook.models.integrity import check_checkpoint
from mayabook.models.llama_config import LlamaConfig
from mayabook.models.store import CHECKPOINT_FILES, QUANTISED, ModelFiles
from mayabook.quantisation.calibration_sequences import generate_sequences
from mayabook.quantisation.llmcompressor_process import environment, run_llmcompressor

GROUP_SIZES = (128, 64, 32)
"""Weights of a row that share a scale: the first number that divides the row length of every matrix is used."""
_NEW_FILES = ("config.json", "generation_config.json")
"""Files of a checkpoint that llmcompressor writes anew, besides the weights."""


@dataclass(frozen=True)
class Calibration:
    """What GPTQ and AWQ are calibrated on."""

    name: str
    """Source of the texts, for a person."""
    texts: Sequence[str]
    settings: MayaSettings
    """How takes of the texts are sampled, and on which device; its model and format do not count."""
    n_takes: int = N_TAKES


@dataclass(frozen=True)
class Listener:
    """Receives notes and progress."""

    note: Callable[[str], None]
    """Takes a line for a person."""
    progress: Callable[[int, int], None]
    """Takes how many takes of the calibration are made, and how many there will be."""


def make_checkpoints(
    model: str, formats: Sequence[str], calibration: Calibration, listener: Listener
) -> Iterator[MadeFormat]:
    """Makes the formats that a stored model does not have yet, and yields each. Raises as `quantise_checkpoint`."""
    files = store.stored(model)
    missing = [name for name in formats if name not in files.quantised]
    folder = store.model_folder(model)
    for made in quantise_checkpoint(files, missing, folder / QUANTISED, calibration, listener) if missing else ():
        source = f"quantised from the checkpoint by mayabook {__version__}"
        if FORMATS[made.format].is_calibrated:
            source += f", calibrated on takes of {calibration.name}"
        store.record(
            folder,
            {
                file.relative_to(folder).as_posix(): store.origin_of(file, source, sha256_of(file))
                for file in made.file.rglob("*")
                if file.is_file()
            },
        )
        yield made


def quantise_checkpoint(
    files: ModelFiles, formats: Sequence[str], folder: Path, calibration: Calibration, listener: Listener
) -> Iterator[MadeFormat]:
    """Writes a checkpoint folder for each format into `folder`, and yields it. The speech that GPTQ and AWQ are
    calibrated on is generated once.

    Raises ToolEnvironmentError if the tool environment is not ready; ModelError if the model has no checkpoint that can
    be quantised, or the disk is full; EngineError if memory is short or llmcompressor fails.
    """
    environment().require_ready()
    checkpoint, config = _plain_checkpoint(files)
    group_size = _group_size(checkpoint, config)
    _require_memory(checkpoint)
    with TemporaryDirectory(prefix="mayabook-calibration-") as scratch:
        sequences: list[str] = []
        for name in formats:
            require_free_space(folder, _n_bytes(checkpoint, FORMATS[name].bits))
            if FORMATS[name].is_calibrated and not sequences:
                listener.note(f"Calibration: {calibration.n_takes} takes of {calibration.name}")
                settings = calibration.settings.model_copy(
                    update={"model": str(checkpoint), "format": "", "quantisation": "none"}
                )
                takes = generate_sequences(
                    files, calibration.texts, settings, listener.note, listener.progress, calibration.n_takes
                )
                sequences = [str(_write_sequences(takes, Path(scratch) / "sequences.npz"))]
            listener.note(f"{name}: llmcompressor is at work")
            arguments = [str(group_size), *(sequences if FORMATS[name].is_calibrated else [])]
            yield _made(name, checkpoint, config, folder / name, arguments)


def _plain_checkpoint(files: ModelFiles) -> tuple[Path, LlamaConfig]:
    if files.checkpoint is None:
        raise ModelError(
            f"{files.name} has no checkpoint to quantise; import one: mayabook models import FOLDER --name {files.name}"
        )
    config = LlamaConfig.read(files.checkpoint)
    if config.quantised_by:
        raise ModelError(
            f"The weights in {files.checkpoint} are quantised already ({config.quantised_by}); "
            "use the model in full precision (bf16, fp16 or fp32) to quantise it."
        )
    check_checkpoint(files.checkpoint)
    return files.checkpoint, config


def _group_size(checkpoint: Path, config: LlamaConfig) -> int:
    widths = (config.hidden, config.ffn, config.n_heads * config.head_dim)
    size = next((size for size in GROUP_SIZES if not any(width % size for width in widths)), None)
    if size is None:
        raise ModelError(
            f"{checkpoint} has matrices whose rows are no multiple of {GROUP_SIZES[-1]} weights ({config.hidden} and "
            f"{config.ffn}), so it cannot be quantised; choose another model."
        )
    return size


def _require_memory(checkpoint: Path) -> None:
    needed, free = _n_bytes(checkpoint, None), free_memory()
    if free < needed:
        raise EngineError(
            f"Quantising takes at least {format_bytes(needed)} of memory and {format_bytes(free)} are free; close "
            "other programs, or quantise on another machine and import the result."
        )


def _n_bytes(checkpoint: Path, bits: float | None) -> int:
    """Bytes of the weights if those in the layers' matrices had so many bits each; None for the bits that they have."""
    total = 0.0
    for name, tensor in Weights(checkpoint).tensors.items():
        in_layer = name.startswith("model.layers.") and len(tensor.shape) == 2
        total += tensor.size * bits / 8 if bits is not None and in_layer else tensor.n_bytes
    return round(total)


def _write_sequences(sequences: Sequence[Sequence[int]], file: Path) -> Path:
    ids = np.concatenate([np.asarray(sequence, np.int32) for sequence in sequences])
    np.savez(file, ids=ids, lengths=np.asarray([len(sequence) for sequence in sequences]))
    return file


def _made(method: str, checkpoint: Path, config: LlamaConfig, target: Path, arguments: Sequence[str]) -> MadeFormat:
    """Writes the folder `target`, which appears when it is complete and checked."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
        partial.mkdir(parents=True)
        run_llmcompressor([method, str(checkpoint), str(partial), *arguments])
        weights = [file.name for file in weight_files(checkpoint)]
        for name in store.files_of(checkpoint, CHECKPOINT_FILES):
            if name not in (*_NEW_FILES, *weights) and not name.endswith(".index.json"):
                (partial / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(checkpoint / name, partial / name)
        check_checkpoint(partial)
        shutil.rmtree(target, ignore_errors=True)  # it is incomplete: complete ones are not made again
        partial.rename(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    n_weights = sum(math.prod(shape) for shape in config.tensor_shapes().values())
    bits = 8 * sum(file.stat().st_size for file in weight_files(target)) / n_weights
    return MadeFormat(method, target, store.size_of(target), bits)
