"""Makes a GGUF format of a stored model, from the checkpoint or from another GGUF file."""

from dataclasses import dataclass
from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.core.fingerprint import sha256_of
from mayabook.core.version import __version__
from mayabook.models import gguf_conversion, gguf_quantisation, store
from mayabook.models.disk import Progress, silent
from mayabook.models.gguf_formats import CONVERTED, FORMATS, SOURCES
from mayabook.models.store import GGUF, ModelFiles


@dataclass(frozen=True, slots=True)
class MadeFormat:
    """A weight format of a model that was made."""

    format: str
    file: Path
    """GGUF file, or folder of a quantised checkpoint."""
    size: int
    """Bytes."""
    bits: float
    """Bits per weight, all tensors counted."""


def make_formats(name: str, to: str, progress: Progress = silent) -> list[MadeFormat]:
    """Makes a format of a stored model, and the format it is made from where that is missing. Returns what was made,
    which is nothing where the model has the format.

    Raises ModelError where the format is unknown, or the model has nothing to make it from.
    """
    files = store.stored(name)
    if to not in FORMATS:
        raise ModelError(f"Unknown format {to!r}; choose one of: {', '.join(FORMATS)}.")
    if to in files.ggufs:
        return []
    if to in CONVERTED:
        return [_converted(files, to, progress)]
    source = next((kind for kind in SOURCES if kind in files.ggufs), None)
    before = [] if source is not None else [_converted(files, SOURCES[0], progress)]
    source = source or SOURCES[0]
    source_file = files.ggufs.get(source) or store.gguf_file(name, source)
    file = store.gguf_file(name, to)
    gguf_quantisation.quantize(source_file, file, to)
    _record(name, file, f"quantised from {source_file.name} by mayabook {__version__}")
    size = file.stat().st_size
    return [*before, MadeFormat(to, file, size, FORMATS[source].bits * size / source_file.stat().st_size)]


def _converted(files: ModelFiles, to: str, progress: Progress) -> MadeFormat:
    if files.checkpoint is None:
        raise ModelError(
            f"{files.name} has no checkpoint to convert and no F16 file to quantise; "
            f"import one: mayabook models import FOLDER --name {files.name}"
        )
    file = store.gguf_file(files.name, to)
    gguf_conversion.convert(files.checkpoint, file, to, name=files.name, progress=progress)
    _record(files.name, file, f"converted from the checkpoint by mayabook {__version__}")
    return MadeFormat(to, file, file.stat().st_size, FORMATS[to].bits)


def _record(name: str, file: Path, source: str) -> None:
    store.record(store.model_folder(name), {f"{GGUF}/{file.name}": store.origin_of(file, source, sha256_of(file))})
