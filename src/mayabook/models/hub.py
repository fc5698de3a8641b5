"""Downloads models from the hub: only the files that a model needs, resumed where they stopped, checked by hash.

huggingface_hub lists a repository and carries the bytes; it keeps no partial file between runs, so that is done here.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.core.files import publish
from mayabook.core.fingerprint import sha256_of
from mayabook.models import store
from mayabook.models.disk import cannot_write, require_free_space
from mayabook.models.integrity import check_checkpoint, check_codec, check_gguf
from mayabook.models.store import CHECKPOINT, CODEC, GGUF, ModelFiles, Origin

_SHARD = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_SHA256 = 64
"""Hexadecimal digits of a SHA-256; git's SHA-1 has 40."""
_RESUME = "run the same command again: it resumes"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model that is known by name."""

    repo: str
    """Repository of the model on the hub, owner/name."""
    codec: str
    """Repository of its codec."""
    about: str
    """What it is, in a sentence."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository at one commit, and its path in the model folder.

    digest: SHA-256 where the hub stores the content apart (large files), else git's SHA-1 of the blob.
    """

    repo: str
    commit: str
    path: str
    target: str
    size: int
    digest: str

    @property
    def source(self) -> str:
        return f"{self.repo}@{self.commit}/{self.path}"


def catalogue() -> dict[str, CatalogueEntry]:
    text = resources("mayabook.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return {name: CatalogueEntry(**entry) for name, entry in tomllib.loads(text).items()}


def resolve(model: str, name: str | None = None) -> tuple[str, CatalogueEntry]:
    """The name in the models folder, and the repositories, of a catalogue entry or any `owner/name`.

    Raises ModelError for anything else.
    """
    known = catalogue()
    if model in known:
        return name or model, known[model]
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        raise ModelError(f"{model!r} is not in the catalogue ({', '.join(known)}); name a repository as owner/name.")
    codec = next(iter(known.values())).codec
    return name or model.split("/")[1], CatalogueEntry(model, codec, "")


def pull(
    model: str, formats: Iterable[str] = (), *, name: str | None = None, endpoint: str | None = None
) -> tuple[ModelFiles, list[str]]:
    """Downloads a model and its codec into the models folder; resumes a download that was interrupted.

    formats: GGUF formats to get. Those that the repository has are downloaded; the others are returned, for the caller
    to make from the checkpoint. The checkpoint is downloaded if there are such formats, or if no format is named.
    endpoint: address of the hub. Raises ModelError if the hub cannot be reached or refuses the request, or a file does
    not match its size or hash.
    """
    name, entry = resolve(model, name)
    folder = store.model_folder(name)
    try:
        listing = _listing(entry.repo, endpoint)
        wanted, left = _choose(entry.repo, listing, list(formats), name)
        wanted += [
            _remote(item, f"{CODEC}/{item.path}")
            for item in _listing(entry.codec, endpoint)
            if store.CODEC_FILES.fullmatch(item.path)
        ]
        known = store.origins(folder)
        absent = [remote for remote in wanted if not _is_here(folder / remote.target, known.get(remote.target), remote)]
        require_free_space(folder, sum(remote.size - _started(folder, remote) for remote in absent))
        whole = any(remote.target.startswith(f"{CHECKPOINT}/") for remote in wanted)
        small = [remote for remote in absent if remote.target.endswith(".json")]
        for remote in small:
            _fetch(folder, remote, endpoint)
        if whole:
            check_checkpoint(folder / CHECKPOINT, weights=False)  # before the gigabytes
        for remote in absent:
            if remote not in small:
                _fetch(folder, remote, endpoint)
    except ModelError:
        raise
    except Exception as error:
        raise _explained(error, name, entry) from error
    return _checked(name, whole), left


def _checked(name: str, whole: bool) -> ModelFiles:
    """Checks the files that were downloaded."""
    files = store.stored(name)
    layout = check_checkpoint(store.model_folder(name) / CHECKPOINT) if whole else None
    for file in files.ggufs.values():
        layout = check_gguf(file)[0]
    if files.codec is not None and layout is not None:
        check_codec(files.codec, layout)
    return files


def _listing(repo: str, endpoint: str | None) -> list[RemoteFile]:
    """Every file of a repository's newest commit, with no path in the model folder yet."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint).model_info(repo, files_metadata=True)
    return [
        RemoteFile(
            repo,
            info.sha or "main",
            item.rfilename,
            "",
            item.size or 0,
            item.lfs.sha256 if item.lfs is not None else item.blob_id or "",
        )
        for item in info.siblings or []
    ]


def _choose(repo: str, listing: list[RemoteFile], formats: list[str], name: str) -> tuple[list[RemoteFile], list[str]]:
    """The files to download, and the formats that the repository lacks."""
    checkpoint = [item for item in listing if store.CHECKPOINT_FILES.fullmatch(item.path)]
    ggufs = {
        store.format_of(Path(item.path)): item
        for item in listing
        if re.fullmatch(r"[\w./-]+\.gguf", item.path) and ".." not in item.path and not _SHARD.search(item.path)
    }
    has_weights = any(item.path.endswith(".safetensors") for item in checkpoint)
    left = [wanted for wanted in formats if wanted not in ggufs]
    if (left or not formats) and not has_weights:
        there = f"its GGUF formats are {', '.join(sorted(ggufs))}; choose with --format" if ggufs else "choose another"
        raise ModelError(f"{repo} has no {' or '.join(left) or 'checkpoint (*.safetensors)'}; {there}.")
    wanted = [_remote(ggufs[kind], f"{GGUF}/{name}-{kind}.gguf") for kind in dict.fromkeys(formats) if kind in ggufs]
    if left or not formats:
        wanted += [_remote(item, f"{CHECKPOINT}/{item.path}") for item in checkpoint]
    return wanted, left


def _remote(item: RemoteFile, target: str) -> RemoteFile:
    return RemoteFile(item.repo, item.commit, item.path, target, item.size, item.digest)


def _is_here(file: Path, origin: Origin | None, remote: RemoteFile) -> bool:
    """Whether the file was downloaded before; its bytes are not hashed again if source.json has their SHA-256."""
    if not file.is_file() or file.stat().st_size != remote.size:
        return False
    if origin is not None and len(remote.digest) == _SHA256:
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
                f"{remote.path} of {remote.repo} was damaged in transfer (its hash differs from the hub's) and was "
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
    sha256 = remote.digest if len(remote.digest) == _SHA256 else sha256_of(target)
    store.record(folder, {remote.target: store.origin_of(target, remote.source, sha256)})


def _digest(file: Path, remote: RemoteFile) -> str:
    """Digest of the same kind as the hub's: SHA-256, or git's SHA-1 of a blob with this content."""
    if len(remote.digest) == _SHA256:
        return sha256_of(file)
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _explained(error: Exception, name: str, entry: CatalogueEntry) -> ModelError:
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
        f"The hub cannot be reached ({reason}). {_RESUME.capitalize()}. Or copy the files: config.json, "
        f"tokenizer.json and all *.safetensors of {entry.repo} in FOLDER/checkpoint, config.json and "
        f"pytorch_model.bin of {entry.codec} in FOLDER/codec, then: mayabook models import FOLDER --name {name}"
    )
