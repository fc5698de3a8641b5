"""What a pull downloads: which files of which repositories, how large they are, and under which licences."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mayabook.core.errors import ModelError
from mayabook.maya.codec import HUB_ONNX_FILE, ONNX_FILE
from mayabook.maya.codec_config import CHECKPOINT_FILE
from mayabook.maya.token_layout import LAYOUT_FILE
from mayabook.maya.tokenizer import TOKENIZER_PATHS
from mayabook.models import store
from mayabook.models.catalogue import CatalogueEntry, Repository, repository
from mayabook.models.gguf_formats import FORMATS
from mayabook.models.llama_config import CONFIG_FILE
from mayabook.models.store import CHECKPOINT, CODEC, GGUF

SHA256_DIGITS = 64
"""Hexadecimal digits of a SHA-256; git's SHA-1 has 40."""
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_LICENCE_TAG = "license:"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository at one commit, and its path in the model folder.

    digest: the pinned SHA-256 where there is one; else the hub's: SHA-256 where it stores the content apart (large
    files), git's SHA-1 of the blob for others.
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


@dataclass(frozen=True, slots=True)
class PullPlan:
    """Files that a model needs, here or not."""

    name: str
    """Name in the models folder."""
    files: list[RemoteFile]
    left: list[str]
    """Formats that no repository has, to be made from the checkpoint."""
    licences: dict[str, str]
    """Licence of each repository; empty where it is not known."""

    @property
    def has_config(self) -> bool:
        """Whether config.json of the checkpoint is among the files."""
        return any(file.target == f"{CHECKPOINT}/{CONFIG_FILE}" for file in self.files)

    @property
    def has_ggufs(self) -> bool:
        return any(file.target.startswith(f"{GGUF}/") for file in self.files)

    @property
    def has_weights(self) -> bool:
        return any(is_weights(file) for file in self.files)


class HubListings:
    """Listings of the repositories that a pull looks at."""

    def __init__(self, endpoint: str | None, *, pinned: bool) -> None:
        """endpoint: address of the hub, None for the usual one. pinned: whether the catalogue's pins apply."""
        self.licences: dict[str, str] = {}
        self._endpoint, self._pinned = endpoint, pinned

    def list_files(self, name: str) -> list[RemoteFile]:
        """Every file of a repository, with no path in the model folder yet."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import RevisionNotFoundError

        known = repository(name, pinned=self._pinned)
        try:
            info = HfApi(endpoint=self._endpoint).model_info(name, revision=known.revision, files_metadata=True)
        except RevisionNotFoundError as error:
            raise ModelError(
                f"{name} no longer has the revision {known.revision}; take its newest files with --unpinned."
            ) from error
        tags = [tag.removeprefix(_LICENCE_TAG) for tag in info.tags or [] if tag.startswith(_LICENCE_TAG)]
        self.licences[name] = known.licence or ", ".join(tags)
        return [
            RemoteFile(
                name,
                info.sha or "main",
                item.rfilename,
                "",
                item.size or 0,
                item.lfs.sha256 if item.lfs is not None else item.blob_id or "",
            )
            for item in info.siblings or []
        ]

    def pin(self, file: RemoteFile) -> RemoteFile:
        """The file with its pinned SHA-256, if there is one. Raises ModelError where the hub's is another."""
        known: Repository = repository(file.repo, pinned=self._pinned)
        sha256 = known.sha256.get(file.path)
        if sha256 is None:
            return file
        if len(file.digest) == SHA256_DIGITS and file.digest != sha256:
            raise ModelError(
                f"{file.path} of {file.repo} is not the file that this version of MayaBook knows (SHA-256 "
                f"{file.digest[:12]}..., not {sha256[:12]}...); to take it all the same, add --unpinned."
            )
        return replace(file, digest=sha256)


def is_weights(file: RemoteFile) -> bool:
    """Whether the file holds weights of a checkpoint."""
    return file.path.endswith(".safetensors") and store.CHECKPOINT_FILES.fullmatch(file.path) is not None


def plan(listings: HubListings, name: str, entry: CatalogueEntry, formats: Iterable[str]) -> PullPlan:
    """What to pull for a model. formats: GGUF formats; without any, the checkpoint is pulled.

    A format comes with config.json and tokenizer.json of the checkpoint, if its repository has them, and with the
    codec's export, which needs no torch; the weights of the checkpoint come only for formats that have to be made.
    """
    formats = list(dict.fromkeys(formats))
    listing = listings.list_files(entry.repo)
    ggufs = _ggufs_of(listings, entry, listing, formats)
    left = [kind for kind in formats if kind not in ggufs]
    is_whole = bool(left) or not formats
    if is_whole:
        _check_source(entry.repo, listing, left, sorted(ggufs))
    wanted = [replace(ggufs[kind], target=f"{GGUF}/{name}-{kind}.gguf") for kind in formats if kind in ggufs]
    wanted += _checkpoint_files(listing, weights=is_whole)
    wanted += _codec_files(listings, entry, name, is_whole=is_whole)
    return PullPlan(name, [listings.pin(file) for file in wanted], left, listings.licences)


def _ggufs_of(
    listings: HubListings, entry: CatalogueEntry, listing: list[RemoteFile], formats: list[str]
) -> dict[str, RemoteFile]:
    """GGUF files by format: of the model's own repository, then of those that hold its GGUF files."""
    from huggingface_hub.errors import RepositoryNotFoundError

    found = _by_format(listing)
    for repo in entry.ggufs:
        if all(kind in found for kind in formats):
            break
        try:
            found = {**_by_format(listings.list_files(repo)), **found}
        except RepositoryNotFoundError:  # a third party's repository may vanish; others or the checkpoint will do
            continue
    return found


def _by_format(listing: list[RemoteFile]) -> dict[str, RemoteFile]:
    """The GGUF files of a repository; of two in one format, that of the shorter name."""
    files = [
        file
        for file in listing
        if re.fullmatch(r"[\w./-]+\.gguf", file.path) and ".." not in file.path and not _SHARD.search(file.path)
    ]
    by_length = sorted(files, key=lambda file: (len(file.path), file.path), reverse=True)
    return {store.format_of(Path(file.path)): file for file in by_length}


def _check_source(repo: str, listing: list[RemoteFile], left: list[str], ggufs: list[str]) -> None:
    """Raises ModelError unless there is a checkpoint, and the formats that are left can be made from it."""
    foreign = [kind for kind in left if kind not in FORMATS]
    has_weights = any(map(is_weights, listing))
    if has_weights and not foreign:
        return
    there = f"its GGUF formats are {', '.join(ggufs)}; choose with --format" if ggufs else "choose another"
    raise ModelError(f"{repo} has no {' or '.join(foreign or left) or 'checkpoint (*.safetensors)'}; {there}.")


def _checkpoint_files(listing: list[RemoteFile], *, weights: bool) -> list[RemoteFile]:
    """weights: whether to take the whole checkpoint, or what GGUF files are checked against."""
    paths = [file.path for file in listing]
    tokenizer = [path for path in TOKENIZER_PATHS if path in paths][:1]
    small = (CONFIG_FILE, LAYOUT_FILE, *tokenizer) if tokenizer else ()
    return [
        replace(file, target=f"{CHECKPOINT}/{file.path}")
        for file in listing
        if (store.CHECKPOINT_FILES.fullmatch(file.path) if weights else file.path in small)
    ]


def _codec_files(listings: HubListings, entry: CatalogueEntry, name: str, *, is_whole: bool) -> list[RemoteFile]:
    """The codec as PyTorch reads it beside a checkpoint, else its export, unless the model has the other already."""
    if is_whole:
        files = [file for file in listings.list_files(entry.codec) if store.CODEC_FILES.fullmatch(file.path)]
        return [replace(file, target=f"{CODEC}/{file.path}") for file in files]
    if any((store.model_folder(name) / CODEC / file).is_file() for file in (CHECKPOINT_FILE, ONNX_FILE)):
        return []
    path = f"onnx/{HUB_ONNX_FILE}"
    exports = [file for file in listings.list_files(entry.codec_onnx) if file.path == path]
    if not exports:
        raise ModelError(
            f"{entry.codec_onnx} has no {path}; pull {name} without --format, which fetches the codec for PyTorch."
        )
    return [replace(exports[0], target=f"{CODEC}/{HUB_ONNX_FILE}")]
