"""Imports model files from a local path into the models folder, once they are checked."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.core.fingerprint import sha256_of
from mayabook.maya.checkpoint_files import read_json
from mayabook.maya.codec import exported_codec
from mayabook.maya.token_layout import Layout
from mayabook.models import store
from mayabook.models.disk import Progress, atomic_write, require_free_space, silent
from mayabook.models.integrity import check_checkpoint, check_codec, check_gguf
from mayabook.models.llama_config import CONFIG_FILE
from mayabook.models.store import (
    CHECKPOINT,
    CODEC,
    GGUF,
    PROFILE_FILE,
    QUANTISED,
    VOICES_FILE,
    ModelFiles,
    Origin,
    missing_from_checkpoint,
)


@dataclass
class _Parts:
    """Parts to import: name of the part (`checkpoint`, `codec` or a format) -> file or folder."""

    name: str
    """Name of the model; empty where it cannot be told."""
    parts: dict[str, Path] = field(default_factory=dict)
    """`checkpoint`, `codec` or a format -> file or folder."""
    layout: Layout | None = None
    """Token layout of the parts; None for a codec alone."""
    voices: Path | None = None
    """File of the model's own voices."""
    profile: Path | None = None
    """File of the model's tuning profile."""


def import_model(path: Path, name: str | None = None, progress: Progress = silent) -> ModelFiles:
    """Imports a checkpoint folder, a .gguf file, a codec folder or a whole model folder.

    Files are hard-linked where the file system can, else copied. A model that is there gains the parts it lacks.
    Raises ModelError for files that are damaged or of another kind, and where a part is there already.
    After an interruption the same call goes on.
    """
    found = _look(path)
    name = name or found.name
    if not name:
        raise ModelError("A codec belongs to a model; give its name with --name.")
    folder = store.model_folder(name)
    here = next((files for files in store.installed() if files.name == name), None)
    if here is not None:
        _join(found, here)
    elif found.parts.keys() == {CODEC}:
        store.stored(name)  # says what there is
    codec = found.parts.get(CODEC)
    if codec is not None:
        check_codec(codec, found.layout or Layout())
    copies = list(_edited_files(found, folder))  # first: once the parts are complete, an import is not repeated
    copies += [copy for part, source in found.parts.items() for copy in _files(name, part, source)]
    sizes = sum(file.stat().st_size for _, file in copies)
    models = store.models_folder()
    require_free_space(models, 0)
    if models.stat().st_dev != path.stat().st_dev:  # else files are linked
        require_free_space(models, sizes)
    entries: dict[str, Origin] = {}
    done = 0
    for target, file in copies:
        entries[target] = _place(file, folder / target)
        done += entries[target].size
        progress(done, sizes)
    store.record(folder, entries)
    return store.stored(name)


def _look(path: Path) -> _Parts:
    """The model parts at a path, once they are checked."""
    if _is_codec(path):
        return _Parts("", {CODEC: path})
    files = store.find(str(path)) if path.exists() else None
    if files is None:
        raise ModelError(
            f"{path} does not exist; give a model folder, a checkpoint folder, a .gguf file or a codec folder."
        )
    found = _Parts(files.name)
    checkpoint = files.checkpoint or files.metadata
    if checkpoint is not None:
        found.parts[CHECKPOINT] = checkpoint
        found.layout = check_checkpoint(checkpoint, weights=files.checkpoint is not None)
    for kind, folder in files.quantised.items():
        layout = check_checkpoint(folder)
        _same(found.layout, layout, str(folder))
        found.parts[kind], found.layout = folder, layout
    for file in files.ggufs.values():
        layout, kind = check_gguf(file)
        _same(found.layout, layout, str(file))
        found.parts[kind], found.layout = file, layout
    if files.codec is not None:
        found.parts[CODEC] = files.codec
    files.voices()  # raises an error for a damaged file
    found.voices = files.voices_file
    if files.profile_file is not None and files.profile_file.is_file():
        found.profile = files.profile_file
    return found


def _is_codec(path: Path) -> bool:
    if exported_codec(path) is not None:
        return True
    return (path / CONFIG_FILE).is_file() and "vq_strides" in read_json(path / CONFIG_FILE)


def _join(found: _Parts, here: ModelFiles) -> None:
    """Raises ModelError unless the parts are new to the model and fit it; sets the layout."""
    known = {CHECKPOINT: here.checkpoint, CODEC: here.codec, **here.ggufs, **here.quantised}
    if found.parts.keys() - {CODEC} and known[CODEC] is not None:
        found.parts.pop(CODEC, None)  # the one that lay beside a model is not what was asked for
    if CHECKPOINT in found.parts and here.checkpoint is not None and missing_from_checkpoint(found.parts[CHECKPOINT]):
        found.parts.pop(CHECKPOINT)  # config and tokenizer, which came with GGUF files, are there already
    twice = sorted(part for part in found.parts if known.get(part) is not None)
    if twice:
        raise ModelError(
            f"{here.name} already has its {twice[0]}; choose another --name, or remove it first: "
            f"mayabook models remove {here.name} --format {twice[0]}"
        )
    checkpoints = [folder for folder in (here.checkpoint, *here.quantised.values()) if folder is not None]
    layout = check_checkpoint(checkpoints[0], weights=False) if checkpoints else None
    for file in here.ggufs.values():
        layout = layout or check_gguf(file)[0]
    _same(found.layout, layout, here.name)
    found.layout = found.layout or layout


def _same(one: Layout | None, other: Layout | None, origin: str) -> None:
    if one is not None and other is not None and one != other:
        raise ModelError(f"{origin} has another token layout, so it belongs to another model; choose another --name.")


def _edited_files(found: _Parts, folder: Path) -> Iterator[tuple[str, Path]]:
    """The voices and the tuning profile, unless the model has its own. A profile that was measured on other weights is
    not used."""
    for target, file in ((VOICES_FILE, found.voices), (PROFILE_FILE, found.profile)):
        if file is not None and not (folder / target).is_file():
            yield target, file


def _files(name: str, part: str, source: Path) -> Iterator[tuple[str, Path]]:
    """Path in the model folder and the file to import. config.json comes last: without it a part counts as absent."""
    if source.is_dir():
        wanted = store.CODEC_FILES if part == CODEC else store.CHECKPOINT_FILES
        folder = part if part in (CHECKPOINT, CODEC) else f"{QUANTISED}/{part}"
        for file in sorted(store.files_of(source, wanted), key=lambda file: (file == CONFIG_FILE, file)):
            yield f"{folder}/{file}", source / file
    else:
        yield f"{GGUF}/{name}-{part}.gguf", source


def _place(file: Path, target: Path) -> Origin:
    with atomic_write(target) as temporary:
        temporary.unlink(missing_ok=True)  # a link is not made over what a killed process left
        # voices are edited and a profile is written anew, which must not change the original
        if target.name in (VOICES_FILE, PROFILE_FILE) or not _linked(file, temporary):
            shutil.copyfile(file, temporary)
    return store.origin_of(target, str(file.resolve()), sha256_of(target))


def _linked(file: Path, target: Path) -> bool:
    """Hard-links `target` to `file`. False if that is impossible: across file systems, or where they have no links."""
    try:
        os.link(file.resolve(), target)
    except OSError:
        return False
    return True
