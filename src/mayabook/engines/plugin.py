"""How an engine describes itself and is opened: the class that a package implements to add an engine."""

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from mayabook.core.settings import MIN_CHUNK_CHARS, ScriptSettings, SettingsGroup
from mayabook.engines.engine import Engine
from mayabook.engines.tuning import Factor

if TYPE_CHECKING:  # loads NumPy, which listing the engines does not need
    from mayabook.core.take import Sampling

SettingsModel = TypeVar("SettingsModel", bound=SettingsGroup)


class EngineChoice(BaseModel):
    """Which engine reads a book, with what it chose where the settings leave something open.

    It is stored with the job, so that the job goes on in the same way. The default of a field is how versions without
    that field behaved.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    """Name of the engine: `EnginePlugin.name`."""
    model: str = ""
    """Model that was loaded; empty where the engine has only one."""
    format: str = ""
    """Weight format of the model, such as Q4_K_M or bfloat16; empty where the model has only one."""
    slots: int = 0
    """Rows of the batch, where takes depend on their number; else 0."""
    preset: str = ""
    """Preset of sampling settings; empty for an engine without presets."""
    voice_presets: int = 1
    """Version of what the names of Maya1's voices stand for: `mayabook.maya.voices.VERSION`."""
    max_seconds: float = 0
    """Most seconds of speech that the model should be given at once; 0 where that makes no difference."""
    characters_per_second: float = 14.0
    """Characters of text per second of speech, at the pace of the voice."""
    reason: str = ""
    """Why this engine was chosen, in words for a person."""
    tuned: dict[str, dict[str, dict[str, Any]]] = {}
    """Settings of the tuning profile that the job began with: factor -> table -> name -> value. The number of slots is
    not among them: it is `slots`."""

    def chunk_limits(self, script: ScriptSettings) -> ScriptSettings:
        """The limits of chunks for this engine: `max_seconds`, turned into characters, is one more of them."""
        seconds = self.max_seconds if script.max_seconds == "auto" else script.max_seconds
        if not seconds:
            return script
        chars = max(MIN_CHUNK_CHARS, round(seconds * self.characters_per_second))
        return script.model_copy(update={"max_chars": min(script.max_chars, chars)})


def _ignore(line: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class EngineContext:
    """What an engine may need to know besides its own settings."""

    earlier: EngineChoice | None = None
    """The choice of an earlier run of the same job, if that used this engine or one with the same settings table. It
    applies wherever the settings leave something open."""
    note: Callable[[str], None] = _ignore
    """Takes one line for a person, such as a warning."""
    language: str = "en"
    """Language of the book, a BCP 47 tag."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be asked for by name."""

    model: str
    """Model or engine that speaks it, in lower case: `maya1`."""
    name: str
    genre: str
    """What it suits, in a word or two; `any` where it suits everything."""
    description: str
    """How it sounds, in a sentence."""


class EnginePlugin(ABC, Generic[SettingsModel]):
    """Describes an engine and opens it.

    A package adds an engine by naming its subclass in the entry point group `mayabook.engines`. Importing the subclass
    must not import inference libraries: these are imported by `open`.
    """

    name: ClassVar[str]
    """What `--engine` and `[engine] kind` call it; equals the name of the entry point."""
    description: ClassVar[str]
    """What it is, in one line."""
    settings_table: ClassVar[str]
    """Table of the settings file that holds its settings: `[narrator]`. Engines that run the same model may share one:
    of these, `auto` tries only the first that is available."""
    settings_model: type[SettingsModel]
    """Model of that table; every field has a default and a docstring."""
    packages: ClassVar[Sequence[str]] = ()
    """Import names of the packages that it needs."""
    install: ClassVar[str] = ""
    """What to install with pip for these packages: `mayabook[gguf]`."""
    model: ClassVar[str] = ""
    """Model whose files must be here before it can be opened; empty where it brings or fetches its own."""
    sample_rate: ClassVar[int]
    """Hz."""
    emotion_tags: ClassVar[Collection[str]] = ()
    """Emotion tags of `core.emotion_tags` that it acts on, such as `laugh`; others are removed from its requests."""
    speaks_ipa: ClassVar[bool] = False
    """Whether it takes pronunciations in IPA, written as `mayabook.core.ipa` has them."""
    languages: ClassVar[Sequence[str]] = ("en",)
    """BCP 47 tags of what it speaks."""

    @abstractmethod
    def open(self, settings: SettingsModel, context: EngineContext) -> tuple[Engine, EngineChoice]:
        """Loads the engine. The choice's `reason` stays empty: it is filled in by the caller.

        Raises EngineError that says what is missing and what to do.
        """

    def unavailable_reason(self, settings: SettingsModel) -> str | None:
        """Why it cannot be opened with these settings and what to do about it; None if it can.

        By default: a package of `packages` that is not installed.
        """
        absent = next((name for name in self.packages if importlib.util.find_spec(name) is None), None)
        return absent and f"{absent} is not installed; run: pip install '{self.install}'"

    def voices(self) -> Sequence[Voice]:
        """Every voice that can be asked for by name."""
        return ()

    def installation(self) -> Mapping[str, str]:
        """What of it is installed here, for `mayabook doctor`: name of a row -> its content."""
        return {self.name: self.unavailable_reason(self.settings_model()) or self.description}

    def auto_priority(self, settings: SettingsModel) -> int:
        """Rank among the engines that `auto` tries, highest first; 0 if it is opened only when asked for by name."""
        return 0

    def is_requested(self, settings: SettingsModel) -> bool:
        """Whether the settings name a model of this engine: `auto` then fails rather than take another engine."""
        return False

    def real_time_factor(self, engine: Any) -> float | None:
        """Seconds of speech per second of computing, measured on an engine that `open` returned; None if it is fast
        enough on any machine."""
        return None

    def tuning_factors(self, settings: SettingsModel) -> Sequence[Factor]:
        """What `mayabook tune` can choose here, in the order in which it is chosen."""
        return ()

    def profile_file(self, settings: SettingsModel) -> Path | None:
        """Where the tuning profile of the model is, or would be; None if the engine cannot be tuned.

        Raises ModelError where the settings name a model that does not exist.
        """
        return None

    def fingerprint(self, settings: SettingsModel) -> str:
        """Fingerprint of the weights that these settings choose; a tuning profile is valid only for them."""
        return ""

    def is_deterministic(self, settings: SettingsModel) -> bool:
        """Whether a request always gives bit-identical samples on this machine, whatever else is in the batch. If True,
        the contract suite tests it."""
        return True

    def request_sampling(self, settings: SettingsModel) -> "Sampling":
        """Sampling settings of a first attempt, as `Engine.sampling(0)` of an engine that `open` returns."""
        return {}
