"""The prompt set of an experiment: chunks of a book or of a reference archive, with the true codes where known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.errors import LabError
from mayabook.core.settings import Settings
from mayabook.engines import EngineChoice
from mayabook.lab.plan import Plan
from mayabook.maya.frames import Frames
from mayabook.maya.voice_fields import characters_per_second
from mayabook.maya.voices import NO_VOICES, describe
from mayabook.models.store import ModelFiles
from mayabook.render.content_keys import take_seed
from mayabook.script import script_book

REFERENCE_FILE = "reference.npz"
"""File name of the reference archive (texts and their true codes), in the model's folder or its parent."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chunk to synthesise, and the seed to do it with."""

    number: int
    """Position among the prompts of an experiment, from 0."""
    chunk_number: int
    """Position of the chunk in the prompt set, from 0; the same for all seeds of the chunk."""
    chunk: Chunk
    """Text to synthesise."""
    seed: int
    """Sampler seed, derived from voice, text and repetition."""
    true_frames: Frames | None
    """True codes of the chunk; None if they are not known."""


@dataclass(frozen=True)
class PromptSet:
    """The chunks that an experiment may synthesise, and their true codes where known."""

    name: str
    """Source of the texts, shown to users."""
    chunks: tuple[Chunk, ...]
    """Texts in order."""
    true_frames: Mapping[str, Frames]
    """`Chunk.spoken` -> true codes."""

    @property
    def digest(self) -> str:
        """Fingerprint of the texts and their known true codes, 16 hexadecimal digits."""
        whole = hashlib.sha256()
        for chunk in self.chunks:
            codes = self.true_frames.get(chunk.spoken)
            whole.update(f"{chunk.text}\0{chunk.spoken}\0".encode() + (b"" if codes is None else codes.tobytes()))
        return whole.hexdigest()[:16]

    def prompts(self, n: int, voice: str, first_seed: int = 0) -> list[Prompt]:
        """The first n prompts: all chunks in order with the first seed, then all again with the next, and so on."""
        return [self._prompt(number, voice, first_seed) for number in range(n)]

    def _prompt(self, number: int, voice: str, first_seed: int) -> Prompt:
        """The prompt of that number; every pass over the chunks has a seed of its own."""
        repetition, at = divmod(number, len(self.chunks))
        chunk = self.chunks[at]
        seed = take_seed(voice, chunk.spoken, first_seed + repetition)
        return Prompt(number, at, chunk, seed, self.true_frames.get(chunk.spoken))

    def describe(self, n: int) -> str:
        """A line for users: how many chunks and seeds n takes use."""
        chunks = f"{len(self.chunks)} chunks of {self.name}"
        if n <= len(self.chunks):
            return f"{n} takes of the first {n} of {chunks}"
        return f"{n} takes of {chunks}, each with up to {-(-n // len(self.chunks))} seeds"


def read_prompts(plan: Plan, files: ModelFiles | None) -> PromptSet:
    """Reads the chunks of the plan's book, or else the texts of its reference archive, which also has the true codes.

    files: of the model, whose folder is searched for an archive if the plan names none. Raises LabError if there is no
    text, or if the archive cannot be read.
    """
    archive = Path(plan.truth) if plan.truth else _archive_beside_model(files)
    texts, frames = read_true_codes(archive) if archive is not None else ([], [])
    true_frames = dict(zip(texts, frames, strict=True))
    if plan.book:
        _, script = script_book(Path(plan.book), None, _chunk_limits(plan, files))
        return PromptSet(Path(plan.book).name, script.chunks, true_frames)
    if not texts:
        raise LabError("There is no text to synthesise: name a book with --book, or a reference archive with --truth.")
    assert archive is not None
    return PromptSet(archive.name, tuple(_chunk(at, text) for at, text in enumerate(texts)), true_frames)


def _chunk_limits(plan: Plan, files: ModelFiles | None) -> Settings:
    """Settings with which `mayabook make` would cut a book for the plan's voice."""
    pace = characters_per_second(describe(plan.voice, own=files.voices() if files else NO_VOICES))
    limits = EngineChoice(kind="", max_seconds=plan.max_seconds, characters_per_second=pace)
    settings = Settings()
    return settings.model_copy(update={"script": limits.chunk_limits(settings.script)})


def _archive_beside_model(files: ModelFiles | None) -> Path | None:
    """The reference archive in the model's folder or its parent, or None if there is none."""
    part = files and (files.codec or files.checkpoint)
    if not part:
        return None
    candidates = (part.parent / REFERENCE_FILE, part.resolve().parent.parent / REFERENCE_FILE)
    return next((file for file in candidates if file.is_file()), None)


def read_true_codes(file: Path) -> tuple[list[str], list[Frames]]:
    """Reads a reference archive: spoken texts and the frames of each. Raises LabError if it is invalid.

    The archive is an .npz file with `texts`, `frames` (those of all texts, joined) and `lengths` (frames of each text).
    """
    try:
        with np.load(file) as arrays:
            texts: list[str] = arrays["texts"].tolist()
            frames = np.split(arrays["frames"].astype(np.int32), np.cumsum(arrays["lengths"])[:-1])
        if len(texts) != len(frames):
            raise ValueError(f"{len(texts)} texts and {len(frames)} lengths")
    except (OSError, EOFError, ValueError, TypeError, AttributeError, KeyError, BadZipFile) as error:
        raise LabError(f"{file} is not a reference archive ({error}); it needs texts, frames and lengths.") from error
    return texts, frames


def _chunk(index: int, spoken: str) -> Chunk:
    """A chunk with the whole text as its only sentence."""
    text = " ".join(spoken.split())
    return Chunk(index, 1, (Sentence(text, Span(0, 0, len(text))),), spoken, Pause.PARAGRAPH)
