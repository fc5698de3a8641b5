"""Which checkpoint of a model an engine reads: the plain one, or a quantised one."""

from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.models import checkpoint_formats, gguf_formats
from mayabook.models.store import ModelFiles, is_format


def choose_checkpoint(files: ModelFiles, format: str) -> tuple[str, Path]:
    """The quantised format to read, empty for the plain checkpoint, and its folder.

    format: the requested one. If it is empty or a GGUF format, the plain checkpoint is chosen, or else the first
    quantised one. Raises ModelError if the format is unknown or not installed.
    """
    if format and not is_format(format):
        if format not in checkpoint_formats.FORMATS:
            known = ", ".join((*gguf_formats.FORMATS, *checkpoint_formats.FORMATS))
            raise ModelError(f"Unknown format {format!r}; choose one of: {known}.")
        if format not in files.quantised:
            raise ModelError(
                f"{files.name} is not installed in {format}; make it: mayabook models quantize {files.name} {format}"
            )
        return format, files.quantised[format]
    if files.checkpoint is not None:
        return "", files.checkpoint
    return next(iter(files.quantised.items()))
