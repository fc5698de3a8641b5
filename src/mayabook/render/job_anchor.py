"""The anchor of a job: chosen when the job begins, and kept beside the ledger.

anchor.json    description, text and codes, as `AnchoredVoice.to_json` writes them
anchor.flac    what they sound like, for a person

A job goes on as it began, on another machine too: with its anchor, or without one if it began without.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mayabook.checks import Checker
from mayabook.core.audio_files import write_flac
from mayabook.core.errors import EngineError, JobError
from mayabook.core.files import write_text
from mayabook.core.settings import MayaSettings, Settings
from mayabook.engines.engine import Anchored
from mayabook.maya.anchor import Anchor, AnchoredVoice, read_anchored_voice
from mayabook.maya.saved_voices import read_saved_voice
from mayabook.models.store import find
from mayabook.render.anchor_choice import choose_anchor
from mayabook.render.executor import Executor
from mayabook.render.job import Job
from mayabook.render.recorded_anchor import recorded_anchor

FACT = "anchor"
"""Name of the ledger's fact that holds the `KeptAnchor`."""
ANCHOR_FILE = "anchor.json"
AUTO, NONE = "auto", "none"
"""Values of the setting `maya.anchor` that name no recording."""


class KeptAnchor(BaseModel):
    """What a job's anchor was made for."""

    model_config = ConfigDict(frozen=True)

    anchor: str
    """Setting `maya.anchor`."""
    voice: str
    """Setting `maya.voice`."""
    description: str
    """The engine's voice."""
    codec: str
    """`Codec.identity` of the engine."""
    source: str = ""
    """Digest of the recording or saved voice that it was taken from; empty if the engine made it."""
    is_saved_voice: bool = False
    """Whether `voice` is the name of a saved voice."""
    is_empty: bool = False
    """Whether no take was good enough: the job has no anchor."""

    def serves(self, wanted: "KeptAnchor") -> bool:
        """Whether the job keeps this anchor, whose recording or saved voice may be missing on this machine."""
        same = (self.anchor, self.description, self.codec) == (wanted.anchor, wanted.description, wanted.codec)
        return same and wanted.source in ("", self.source)


class JobAnchor:
    """The anchor of a job that is open and locked."""

    def __init__(self, job: Job, note: Callable[[str], None]) -> None:
        """note: takes lines for a person."""
        self._job, self._note = job, note
        self._file, self._audio = job.folder / ANCHOR_FILE, job.folder / "anchor.flac"
        self._voice: AnchoredVoice | None = None

    def settle(
        self, executor: Executor, settings: MayaSettings, model: str, checker: Checker, *, has_begun: bool
    ) -> None:
        """Has the engine of an executor, which is `Anchored`, use the job's anchor; it is chosen if there is none yet.

        model: name or path of the engine's model. has_begun: whether the job has run with this engine before. Raises
        EngineError where the settings name an anchor that cannot be used.
        """
        engine = executor.engine
        assert isinstance(engine, Anchored)
        engine.use_anchor(None)
        if settings.anchor == NONE:
            return
        saved = read_saved_voice(settings.voice)
        if saved is not None and saved.description != engine.voice:  # the model has a voice of its own by that name
            saved = None
        wanted = KeptAnchor(
            anchor=settings.anchor,
            voice=settings.voice,
            description=engine.voice,
            codec=engine.codec.identity,
            source=_source(settings, saved),
            is_saved_voice=saved is not None,
        )
        fact = self._job.ledger.fact(FACT)
        kept = None if fact is None else KeptAnchor.model_validate_json(fact)
        if kept is None and has_begun and saved is None and settings.anchor == AUTO:
            return
        if kept is not None and kept.serves(wanted) and (kept.is_empty or self._file.is_file()):
            if not kept.is_empty:
                self._use(engine, read_anchored_voice(self._file))
            return
        anchor = make_anchor(executor, settings, model, checker, self._note)
        if anchor is None:
            self._note(
                "The checks accepted none of these voices, so the book is read without an anchor, and the speaker may "
                "change from chunk to chunk; try another voice, preset or format of the model."
            )
        else:
            voice = AnchoredVoice(engine.voice, engine.codec.identity, anchor)
            self._use(engine, voice)
            write_flac(self._audio, engine.codec.decode(anchor.frames[None], [0])[0], engine.sample_rate)
            write_text(self._file, voice.to_json())
        self._job.ledger.set_fact(FACT, wanted.model_copy(update={"is_empty": anchor is None}).model_dump_json())

    def lend(self, engine: Anchored) -> None:
        """Has a fallback engine use the job's anchor, if it has the same voice and codec."""
        voice = self._voice
        if voice is not None and (voice.description, voice.codec) == (engine.voice, engine.codec.identity):
            engine.use_anchor(voice.anchor)

    def _use(self, engine: Anchored, voice: AnchoredVoice) -> None:
        engine.use_anchor(voice.anchor)
        self._voice = voice


def make_anchor(
    executor: Executor, settings: MayaSettings, model: str, checker: Checker, note: Callable[[str], None]
) -> Anchor | None:
    """The anchor that the settings ask for; None where they ask for none, or the checks accept no take of the voice.

    executor: its engine is `Anchored`. model: name or path of the engine's model. note: takes lines for a person.
    Raises EngineError as `JobAnchor.settle`.
    """
    if settings.anchor == NONE:
        return None
    if settings.anchor != AUTO:
        return recorded_anchor(Path(settings.anchor), settings.anchor_text, find(model).codec, checker, note)
    engine, saved = executor.engine, read_saved_voice(settings.voice)
    assert isinstance(engine, Anchored)
    return choose_anchor(executor, checker, note) if saved is None else saved_anchor(saved, engine)


def _source(settings: MayaSettings, saved: AnchoredVoice | None) -> str:
    """Digest of the recording or saved voice that the anchor is to be taken from; empty where there is none here."""
    if settings.anchor == AUTO:
        return "" if saved is None else saved.anchor.digest
    file = Path(settings.anchor)
    if not file.is_file():
        return ""
    return hashlib.sha256(file.read_bytes() + b"\0" + settings.anchor_text.encode()).hexdigest()[:16]


def with_kept_voice(settings: Settings, job: Job) -> Settings:
    """The settings with the description of the job's saved voice in place of its name, where this machine has none of
    that name. The job need not exist."""
    fact = job.peek(FACT)
    kept = None if fact is None else KeptAnchor.model_validate_json(fact)
    if kept is None or not kept.is_saved_voice or kept.voice != settings.maya.voice:
        return settings
    if read_saved_voice(kept.voice) is not None:
        return settings
    maya = settings.maya.model_copy(update={"voice": kept.description})
    return settings.model_copy(update={"maya": maya})


def voice_of_job(job: Job) -> AnchoredVoice:
    """The voice of a job, to be saved. Raises JobError where it has no anchor."""
    file = job.folder / ANCHOR_FILE
    if not file.is_file():
        raise JobError(
            f"The job in {job.folder} was read without an anchor, so it has no voice to save; "
            "make a book with --anchor auto first."
        )
    return read_anchored_voice(file)


def saved_anchor(saved: AnchoredVoice, engine: Anchored) -> Anchor:
    """The anchor of a saved voice. Raises EngineError if it was made with another codec than the engine's."""
    if saved.codec != engine.codec.identity:
        raise EngineError(
            f"The saved voice was made with another codec ({saved.codec}) than this model's ({engine.codec.identity}); "
            "use the model that it was made with, or --anchor none for its description alone."
        )
    return saved.anchor
