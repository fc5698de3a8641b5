"""Kokoro's files, from a folder or from the model hub."""

import re
from dataclasses import dataclass
from pathlib import Path

from mayabook.core.errors import EngineError
from mayabook_kokoro.voices import VOICES

REPOSITORY = "onnx-community/Kokoro-82M-v1.0-ONNX"
"""On the model hub: Kokoro-82M v1.0 as ONNX files of several precisions, and its voices."""

_REPOSITORY_NAME = re.compile(r"\w[\w.-]*/[\w.-]+")


@dataclass(frozen=True, slots=True)
class KokoroFiles:
    """onnx: the model. voice: the style vectors of one voice."""

    onnx: Path
    voice: Path


def is_folder(model: str) -> bool:
    """Whether `model` names a folder on this machine rather than a repository on the hub."""
    return Path(model).expanduser().is_dir()


def find_files(model: str, onnx_file: str, voice: str) -> KokoroFiles:
    """The files that speak as `voice`, fetched from the hub where they are not here yet.

    model: a folder, or a repository on the hub; both are laid out alike. onnx_file: the model in it.
    Raises EngineError where a file is missing.
    """
    names = onnx_file, f"voices/{voice}.bin"
    if is_folder(model):
        folder = Path(model).expanduser()
        return KokoroFiles(*(_in_folder(folder, name) for name in names))
    if not _REPOSITORY_NAME.fullmatch(model):
        raise EngineError(f"There is no folder {model}; name one that is laid out as {REPOSITORY} on the hub is.")
    if voice not in VOICES:
        raise EngineError(f"Kokoro has no English voice {voice!r}; choose one of: {', '.join(VOICES)}.")
    return KokoroFiles(*(_from_hub(model, name) for name in names))


def _in_folder(folder: Path, name: str) -> Path:
    file = folder / name
    if not file.is_file():
        here = sorted(str(path.relative_to(folder)) for path in folder.glob(f"{Path(name).parent}/*{file.suffix}"))
        raise EngineError(
            f"{folder} has no {name}; "
            + (f"it has {', '.join(here)}." if here else f"lay it out as {REPOSITORY} on the hub is.")
        )
    return file


def _from_hub(repository: str, name: str) -> Path:
    import huggingface_hub  # half a second to load

    try:
        return Path(huggingface_hub.hf_hub_download(repository, name))
    except (OSError, ValueError) as error:  # huggingface_hub's own errors are kinds of these
        reason = str(error).partition("\n")[0]
        raise EngineError(
            f"{name} of {repository} is not here and cannot be fetched ({reason}); on a machine with network: "
            f"hf download {repository} --local-dir kokoro, then name that folder as the model."
        ) from error
