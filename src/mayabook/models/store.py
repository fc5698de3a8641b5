"""The folder of speech models on this machine, and the layout of a model in it.

NAME/checkpoint/   config.json, tokenizer.json, layout.json where it is not Maya1's, and *.safetensors; the weights are
                   not needed beside GGUF files
NAME/gguf/         NAME-Q4_K_M.gguf and other formats
NAME/quantised/    GPTQ/ and other formats, each a checkpoint folder
NAME/codec/        config.json and pytorch_model.bin, decoder.onnx once exported; or decoder_model.onnx, the hub's
                   export
NAME/voices.toml   voices of the model's own: name = "description"; may be absent
NAME/profile.json  what `mayabook tune` found; may be absent
NAME/source.json   where each file came from, its SHA-256, its size and when it came
"""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_data_path

from mayabook.core.errors import ModelError
from mayabook.maya.checkpoint_files import read_json, weight_files
from mayabook.maya.codec import exported_codec
from mayabook.maya.codec_config import CHECKPOINT_FILE
from mayabook.maya.tokenizer import TOKENIZER_PATHS
from mayabook.models import checkpoint_formats
from mayabook.models.disk import atomic_write, cannot_write
from mayabook.models.gguf_formats import canonical
from mayabook.models.llama_config import CONFIG_FILE

CHECKPOINT, GGUF, QUANTISED, CODEC = "checkpoint", "gguf", "quantised", "codec"
SOURCE_FILE = "source.json"
VOICES_FILE = "voices.toml"
PROFILE_FILE = "profile.json"
MISSING_WEIGHTS = "weights of the checkpoint"

CHECKPOINT_FILES = re.compile(
    r"(config|generation_config|layout)\.json|model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json"
    r"|(tokenizer/)?(tokenizer|tokenizer_config|special_tokens_map)\.json"
)
CODEC_FILES = re.compile(r"config\.json|pytorch_model\.bin|decoder(_model)?\.onnx")

_FORMAT = re.compile(
    r"(?<![a-z0-9])((?:(?:bf16|f16|f32)_)?i?q\d_(?:\d|k(?:_(?:xs|s|m|l|xl))?|xxs|xs|s|m|nl)|bf16|f16|f32)(?![a-z0-9])",
    re.IGNORECASE,
)
"""`F16_Q8_0` is Q8_0 whose embedding and head are F16."""
_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The parts of a model that exist."""

    name: str
    checkpoint: Path | None
    """Folder of the transformers checkpoint."""
    ggufs: Mapping[str, Path]
    """GGUF files by weight format, `Q4_K_M`."""
    codec: Path | None
    """Folder of the SNAC codec."""
    voices_file: Path | None = None
    """File of the voices that the model itself was trained on."""
    profile_file: Path | None = field(default=None, compare=False)
    """File of the model's tuning profile, which need not exist; its path follows from the others."""
    metadata: Path | None = None
    """Folder with config.json and tokenizer.json of a checkpoint whose weights are not here; GGUF files are checked
    against them."""
    quantised: Mapping[str, Path] = field(default_factory=dict)
    """Folders of quantised checkpoints by weight format, `GPTQ`."""

    @property
    def has_weights(self) -> bool:
        return self.checkpoint is not None or bool(self.ggufs) or bool(self.quantised)

    def voices(self) -> dict[str, str]:
        """Descriptions of the model's own voices by name. Raises ModelError where their file is damaged."""
        if self.voices_file is None:
            return {}
        try:
            found = tomllib.loads(self.voices_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(
                f"Cannot read the voices in {self.voices_file} ({error}); correct or delete it."
            ) from error
        if not all(isinstance(description, str) and description.strip() for description in found.values()):
            raise ModelError(
                f'{self.voices_file} must have lines of the form name = "description"; correct or delete it.'
            )
        return found


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model file came from."""

    source: str
    """Repository and commit, or the path that it was copied from."""
    sha256: str
    size: int
    """Bytes."""
    when: str
    """ISO 8601, UTC."""


def models_folder() -> Path:
    """`$MAYABOOK_MODELS`, else `mayabook/models` in the user's data folder.

    Version 0.1 used the data folder of Linux on every system; a models folder that exists there is still used.
    """
    if named := os.environ.get("MAYABOOK_MODELS"):
        return Path(named)
    of_version_0_1 = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "mayabook", "models")
    return of_version_0_1 if of_version_0_1.is_dir() else user_data_path("mayabook", appauthor=False) / "models"


def model_folder(name: str) -> Path:
    """The folder of a model, which need not exist. Raises ModelError for what cannot be a name."""
    if not _NAME.fullmatch(name):
        raise ModelError(f"{name!r} is not a valid model name; use letters, digits, dots, dashes and underscores.")
    return models_folder() / name


def gguf_file(name: str, to: str) -> Path:
    return model_folder(name) / GGUF / f"{name}-{to}.gguf"


def quantised_folder(name: str, to: str) -> Path:
    return model_folder(name) / QUANTISED / to


def format_of(file: Path) -> str:
    """The weight format in a GGUF file's name; `GGUF` where the name has none."""
    found = _FORMAT.findall(file.stem)
    return canonical(found[-1]) if found else "GGUF"


def is_format(name: str) -> bool:
    """Whether a GGUF file can have a format of that name."""
    return _FORMAT.fullmatch(name) is not None


def installed() -> list[ModelFiles]:
    """Every model in the models folder, sorted by name."""
    folder = models_folder()
    found = sorted(path for path in folder.iterdir() if _is_model(path)) if folder.is_dir() else []
    return [_inside(path) for path in found]


def stored(name: str) -> ModelFiles:
    """The model of that name. Raises ModelError that lists the models there are."""
    folder = model_folder(name)
    if not _is_model(folder):
        raise ModelError(f"Unknown model {name!r} (models folder: {models_folder()}){_known()}.")
    return _inside(folder)


def find(model: str) -> ModelFiles:
    """The model that is meant: a name, a model folder, a checkpoint folder, or a .gguf file.

    A codec is looked for beside the last two, in `codec` and `../codec`. Raises ModelError that says what there is and
    how to get a model.
    """
    named = models_folder() / model
    folder = named if _NAME.fullmatch(model) and _is_model(named) else Path(model)
    if not _is_model(folder):
        return _loose(folder)
    files = _inside(folder)
    if not files.has_weights:
        raise ModelError(f"{files.name} lacks {missing_parts(folder)[0]}; run the same pull or import again.")
    return files


def missing_parts(folder: Path) -> list[str]:
    """The parts that a model folder lacks before it can be used, in words."""
    files = _inside(folder)
    missing = []
    if not files.has_weights:
        missing.append(missing_from_checkpoint(folder / CHECKPOINT))
    if files.codec is None:
        missing.append("the codec")
    return missing


def missing_from_checkpoint(checkpoint: Path) -> str:
    """What a checkpoint folder lacks, in words; empty where it is complete."""
    if not checkpoint.is_dir():
        return "a checkpoint or GGUF file"
    if not (checkpoint / CONFIG_FILE).is_file():
        return f"{CONFIG_FILE} of the checkpoint"
    if not any((checkpoint / place).is_file() for place in TOKENIZER_PATHS):
        return "tokenizer.json of the checkpoint"
    try:
        weight_files(checkpoint)
    except ModelError:
        return MISSING_WEIGHTS
    return ""


def files_of(folder: Path, wanted: re.Pattern[str]) -> list[str]:
    """Files of a folder that match the pattern, by their path inside it."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if wanted.fullmatch(name))


def origin_of(file: Path, source: str, sha256: str) -> Origin:
    """The origin of a file that has just been added."""
    return Origin(source, sha256, file.stat().st_size, datetime.now(UTC).isoformat(timespec="seconds"))


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def origins(folder: Path) -> dict[str, Origin]:
    """Origins of the files in a model folder, by path inside it, from source.json."""
    if not (folder / SOURCE_FILE).is_file():
        return {}
    try:
        return {name: Origin(**entry) for name, entry in read_json(folder / SOURCE_FILE).items()}
    except TypeError as error:
        raise ModelError(f"{folder / SOURCE_FILE} is damaged; delete it: only the origins are lost.") from error


def record(folder: Path, entries: Mapping[str, Origin]) -> None:
    """Adds entries to source.json, and removes those whose file no longer exists."""
    known = {name: entry for name, entry in origins(folder).items() if (folder / name).is_file()} | dict(entries)
    text = json.dumps({name: asdict(entry) for name, entry in sorted(known.items())}, ensure_ascii=False, indent=1)
    with atomic_write(folder / SOURCE_FILE) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove(name: str, part: str | None = None) -> Path:
    """Deletes a model, or one part: `checkpoint`, `codec` or a format. Returns what was deleted.

    The last part takes the folder with it. Raises ModelError where there is no such part.
    """
    files = stored(name)
    folder = models_folder() / name
    parts = {CHECKPOINT: folder / CHECKPOINT, CODEC: folder / CODEC, **files.ggufs, **files.quantised}
    parts = {key: path for key, path in parts.items() if path.exists()}
    if part is not None and part not in parts:
        raise ModelError(f"{name} has no {part}; it has {', '.join(parts) or 'nothing'}.")
    target = folder if part is None or set(parts) == {part} else parts[part]
    try:
        if target.is_dir():
            gone = target.with_name(f".{target.name}.removed")  # a folder half deleted is no model
            target.replace(gone)
            shutil.rmtree(gone)
        else:
            target.unlink()
    except OSError as error:
        raise cannot_write(target, error) from error
    if target != folder:
        record(folder, {})
    return target


def _is_model(path: Path) -> bool:
    if path.name.startswith(".") or (path / CONFIG_FILE).is_file():
        return False
    return any((path / part).is_dir() for part in (CHECKPOINT, GGUF, QUANTISED, CODEC))


def _inside(folder: Path) -> ModelFiles:
    checkpoint, codec = folder / CHECKPOINT, folder / CODEC
    missing = missing_from_checkpoint(checkpoint)
    return ModelFiles(
        folder.resolve().name,
        None if missing else checkpoint,
        _ggufs(folder / GGUF),
        codec if _is_codec(codec) else None,
        _voices_file(folder),
        folder / PROFILE_FILE,
        checkpoint if missing == MISSING_WEIGHTS else None,
        _quantised(folder / QUANTISED),
    )


def _loose(path: Path) -> ModelFiles:
    """A GGUF file or a checkpoint folder outside a model folder."""
    if path.is_file() and path.suffix == ".gguf":
        beside = _codec_beside(path.parent), _voices_file(path.parent) or _voices_file(path.resolve().parent.parent)
        profile = path.with_name(f"{_bare(path)}.{PROFILE_FILE}")
        return ModelFiles(_bare(path), None, {format_of(path): path}, *beside, profile)
    if path.is_dir() and not missing_from_checkpoint(path):
        beside = _codec_beside(path), _voices_file(path) or _voices_file(path.resolve().parent)
        return ModelFiles(path.resolve().name, path, {}, *beside, path / PROFILE_FILE)
    what = f"{path} is not a model" if path.exists() else f"Unknown model {str(path)!r}"
    raise ModelError(f"{what}{_known()}.")


def _bare(file: Path) -> str:
    """The name of a GGUF file without its format."""
    return re.sub(rf"[-_.]{_FORMAT.pattern}$", "", file.stem, flags=re.IGNORECASE) or file.stem


def _ggufs(folder: Path) -> dict[str, Path]:
    files = sorted(file for file in folder.glob("*.gguf") if not file.name.startswith("."))
    return {format_of(file): file for file in files}


def _quantised(folder: Path) -> dict[str, Path]:
    return {name: folder / name for name in checkpoint_formats.FORMATS if not missing_from_checkpoint(folder / name)}


def _is_codec(folder: Path) -> bool:
    whole = (folder / CONFIG_FILE).is_file() and (folder / CHECKPOINT_FILE).is_file()
    return whole or exported_codec(folder) is not None


def _codec_beside(folder: Path) -> Path | None:
    places = (folder / CODEC, folder.resolve().parent / CODEC)
    return next((place for place in places if _is_codec(place)), None)


def _voices_file(folder: Path) -> Path | None:
    file = folder / VOICES_FILE
    return file if file.is_file() else None


def _known() -> str:
    names = ", ".join(files.name for files in installed())
    here = f"; choose one of: {names}" if names else ""
    return f"{here}; get one with `mayabook models pull`, or add one with `mayabook models import FOLDER`"
