"""Models that are known by name: their repositories on the hub, with licences, pinned revisions and hashes."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files as resources
from typing import Any

from mayabook.core.errors import ModelError


@dataclass(frozen=True, slots=True)
class Repository:
    """What is known of a repository."""

    name: str
    """owner/name on the hub."""
    licence: str = ""
    """Empty for a repository that the catalogue does not list; its page on the hub has it."""
    revision: str | None = None
    """Commit that is pulled; None for the newest."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 that files must have, by path."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model that is known by name."""

    repo: str
    """Repository of the model on the hub, owner/name."""
    codec: str
    """Repository of its codec."""
    about: str
    """What it is, in a sentence."""
    gigabytes: Mapping[str, float] = field(default_factory=dict)
    """Download size in GB of each form of the model: GGUF formats, and `checkpoint`."""
    ggufs: tuple[str, ...] = ()
    """Repositories of GGUF files by others; the first that has a format is taken."""
    codec_onnx: str = ""
    """Repository of the codec's export for ONNX Runtime."""


def catalogue() -> dict[str, CatalogueEntry]:
    """Every known model by name."""
    return {
        name: CatalogueEntry(**{**entry, "ggufs": tuple(entry["ggufs"])}) for name, entry in _table("models").items()
    }


def repository(name: str, *, pinned: bool = True) -> Repository:
    """What the catalogue knows of a repository. pinned: whether its revision and hashes apply."""
    known = _table("repositories").get(name, {})
    if not pinned:
        known = {key: value for key, value in known.items() if key == "licence"}
    return Repository(name, **known)


def resolve(model: str, name: str | None = None) -> tuple[str, CatalogueEntry]:
    """The name in the models folder, and the repositories, of a catalogue entry or any `owner/name`.

    Raises ModelError for anything else.
    """
    known = catalogue()
    if model in known:
        return name or model, known[model]
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        raise ModelError(f"{model!r} is not in the catalogue ({', '.join(known)}); name a repository as owner/name.")
    maya1 = next(iter(known.values()))
    return name or model.split("/")[1], CatalogueEntry(model, maya1.codec, "", codec_onnx=maya1.codec_onnx)


def _table(name: str) -> dict[str, Any]:
    text = resources("mayabook.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)[name]
    return table
