"""Downloads models from the hub: only the files that a model needs, resumed where they stopped, checked by hash.

huggingface_hub lists a repository and carries the bytes; it keeps no partial file between runs, so that is done here.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.core.files import publish
from mayabook.core.fingerprint import sha256_of
from mayabook.maya.codec import HUB_ONNX_FILE
from mayabook.models import gguf_quantisation, store
from mayabook.models.catalogue import CatalogueEntry, resolve
from mayabook.models.disk import cannot_write, require_free_space
from mayabook.models.gguf_formats import canonical
from mayabook.models.integrity import check_checkpoint, check_codec, check_gguf
from mayabook.models.pull_plan import SHA256_DIGITS, HubListings, PullPlan, RemoteFile, plan
from mayabook.models.store import CHECKPOINT, ModelFiles, Origin

_RESUME = "run the same command again: it resumes"


@dataclass(frozen=True, slots=True)
class Download:
    """What a pull is about to download."""

    plan: PullPlan
    absent: list[RemoteFile]
    """The files of the plan that are not here."""
    n_bytes: int
    """Bytes to download; fewer than the sizes of the files where a download resumes."""


def pull(
    model: str,
    formats: Iterable[str] = (),
    *,
    name: str | None = None,
    pinned: bool = True,
    endpoint: str | None = None,
    announce: Callable[[Download], None] = lambda download: None,
) -> tuple[ModelFiles, list[str]]:
    """Downloads a model and its codec into the models folder; resumes a download that was interrupted.

    formats: GGUF formats to get. Those that the hub has are downloaded; the others are returned, for the caller to make
    from the checkpoint. The checkpoint is downloaded if there are such formats, or if no format is named.
    pinned: whether revisions and hashes of the catalogue apply. endpoint: address of the hub. announce: called with
    what will be downloaded, before anything is. Raises ModelError if the hub cannot be reached or refuses the request,
    or a file does not match its size or hash.
    """
    name, entry = resolve(model, name)
    formats = [canonical(kind) for kind in formats]
    folder = store.model_folder(name)
    try:
        planned = plan(HubListings(endpoint, pinned=pinned), name, entry, formats)
        if planned.has_ggufs:
            gguf_quantisation.library()  # it checks the files: if it is missing, fail before the download
        known = store.origins(folder)
        absent = [file for file in planned.files if not _is_here(folder / file.target, known.get(file.target), file)]
        n_bytes = sum(remote.size - _started(folder, remote) for remote in absent)
        if absent:
            announce(Download(planned, absent, n_bytes))
        require_free_space(folder, n_bytes)
        small = [remote for remote in absent if remote.target.endswith(".json")]
        for remote in small:
            _fetch(folder, remote, endpoint)
        if planned.has_config:
            check_checkpoint(folder / CHECKPOINT, weights=False)  # before the gigabytes
        for remote in absent:
            if remote not in small:
                _fetch(folder, remote, endpoint)
    except ModelError:
        raise
    except Exception as error:
        raise _explained(error, name, entry, formats) from error
    return _checked(planned), planned.left


def _checked(planned: PullPlan) -> ModelFiles:
    """Checks the files that were downloaded."""
    files, checkpoint = store.stored(planned.name), store.model_folder(planned.name) / CHECKPOINT
    layout = check_checkpoint(checkpoint, weights=planned.has_weights) if planned.has_config else None
    for file in files.ggufs.values():
        layout = check_gguf(file)[0]
    if files.codec is not None and layout is not None:
        check_codec(files.codec, layout)
    return files


def _is_here(file: Path, origin: Origin | None, remote: RemoteFile) -> bool:
    """Whether the file was downloaded before; its bytes are not hashed again if source.json has their SHA-256."""
    if not file.is_file() or file.stat().st_size != remote.size:
        return False
    if origin is not None and len(remote.digest) == SHA256_DIGITS:
        return origin.sha256 == remote.digest
    return _digest(file, remote) == remote.digest


def _partial(folder: Path, remote: RemoteFile) -> Path:
    """Path of the unfinished download, named by its content, so that parts of two versions are never joined."""
    target = folder / remote.target
    return target.with_name(f".{target.name}.{remote.digest[:12]}.partial")


def _started(folder: Path, remote: RemoteFile) -> int:
    partial = _partial(folder, remote)
    return partial.stat().st_size if partial.is_file() else 0


def _fetch(folder: Path, remote: RemoteFile, endpoint: str | None) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # typed, but not re-exported

    target, partial = folder / remote.target, _partial(folder, remote)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("ab") as file:
            http_get(
                hf_hub_url(remote.repo, remote.path, revision=remote.commit, endpoint=endpoint),
                file,
                resume_size=file.tell(),
                headers={**build_hf_headers(), "Accept-Encoding": "identity"},
                expected_size=remote.size,
                displayed_filename=remote.path,
            )
        if _digest(partial, remote) != remote.digest:
            partial.unlink()
            raise ModelError(
                f"{remote.path} of {remote.repo} was damaged in transfer (its hash is not the expected one) and was "
                "removed; run the same command again."
            )
        publish(partial, target)
    except OSError as error:
        if error.errno is not None:
            raise cannot_write(target, error) from error
        if type(error) is not OSError:  # the transport's exceptions are of this kind too
            raise
        partial.unlink()
        raise ModelError(f"{remote.path} of {remote.repo} has another size than the hub says; {_RESUME}.") from error
    sha256 = remote.digest if len(remote.digest) == SHA256_DIGITS else sha256_of(target)
    store.record(folder, {remote.target: store.origin_of(target, remote.source, sha256)})


def _digest(file: Path, remote: RemoteFile) -> str:
    """Digest of the same kind as the hub's: SHA-256, or git's SHA-1 of a blob with this content."""
    if len(remote.digest) == SHA256_DIGITS:
        return sha256_of(file)
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _explained(error: Exception, name: str, entry: CatalogueEntry, formats: list[str]) -> ModelError:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return ModelError(
            f"{entry.repo} is gated: accept its terms on its page on the hub, run `hf auth login`, and pull again."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return ModelError(
            f"The hub has no {entry.repo} or {entry.codec} that you may read; check the name, "
            "or run `hf auth login` if it is private."
        )
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    if status is not None:
        return ModelError(f"The hub answered {status}; {_RESUME}.")
    reason = "offline mode is set" if isinstance(error, errors.OfflineModeIsEnabled) else type(error).__name__
    return ModelError(
        f"The hub cannot be reached ({reason}). {_RESUME.capitalize()}. Or copy the files: "
        f"{_files_to_copy(entry, formats)}, then: mayabook models import FOLDER --name {name}"
    )


def _files_to_copy(entry: CatalogueEntry, formats: list[str]) -> str:
    if formats and entry.ggufs:
        return (
            f"the {' and '.join(formats)} .gguf of {' or '.join(entry.ggufs)} in FOLDER/gguf, config.json and "
            f"tokenizer.json of {entry.repo} in FOLDER/checkpoint, {HUB_ONNX_FILE} of {entry.codec_onnx} in "
            "FOLDER/codec"
        )
    return (
        f"config.json, tokenizer.json and all *.safetensors of {entry.repo} in FOLDER/checkpoint, config.json and "
        f"pytorch_model.bin of {entry.codec} in FOLDER/codec"
    )
