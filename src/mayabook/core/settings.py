"""The settings: type, range, default and meaning of each, in one model for each table of a settings file.

A settings file is TOML. Unknown names and values out of range are refused.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mayabook.core.errors import SettingsError
from mayabook.core.events import Listener, Note, ignore
from mayabook.core.setting_fields import Option, setting_fields
from mayabook.core.spoken_form import WordClass


class SettingsGroup(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Group = TypeVar("Group", bound=SettingsGroup)
MIN_CHUNK_CHARS = 40
"""Least value of `max_chars`: a lower limit would cut inside words."""


class BookSettings(SettingsGroup):
    """Which parts of the book are narrated."""

    include: Annotated[tuple[str, ...], Option(common=True)] = ()
    """Chapters to narrate that would otherwise be skipped: numbers as `mayabook inspect` shows them, ranges (3-7) or
    titles."""
    skip: Annotated[tuple[str, ...], Option(common=True)] = ()
    """Chapters to leave out: numbers, ranges or titles."""
    only: Annotated[tuple[str, ...], Option(common=True)] = ()
    """The only chapters to narrate: numbers, ranges or titles."""
    image_alt: bool = False
    """Read the alternative text of images."""
    max_bytes: int = Field(default=1 << 30, gt=0)
    """Refuse books that unpack to more bytes than this."""


class ScriptSettings(SettingsGroup):
    """How the text is cut into chunks."""

    max_words: int = Field(default=70, ge=5, le=500)
    """Most words in a chunk, the text that is synthesised at once."""
    max_chars: int = Field(default=350, ge=MIN_CHUNK_CHARS, le=4000)
    """Most characters in a chunk."""
    max_seconds: Annotated[float, Field(ge=0, le=120)] | Literal["auto"] = "auto"
    """Most seconds of speech in a chunk, at the pace of the voice; 0 for no such limit. auto is the length
    that the model was trained on (14 for Maya1), but no limit if max_words or max_chars is given."""
    min_words: int = Field(default=4, ge=1, le=50)
    """A sentence with fewer words than this is joined with a neighbour where possible."""
    as_written: tuple[WordClass, ...] = ()
    """Classes of words that the engine is given as they are written, not as they are spoken: capitals, roman, numbers,
    digits, dates, times, currency, units, fractions, powers, signs, abbreviations, addresses, symbols, interjections,
    emphasis, stuttering, dialect or homographs."""

    @model_validator(mode="after")
    def _given_limits_hold_alone(self) -> Self:
        given = self.model_fields_set
        if "max_seconds" not in given and given & {"max_words", "max_chars"}:
            self.__dict__["max_seconds"] = 0.0  # the model is frozen, and the field counts as not given
        return self


class CheckSettings(SettingsGroup):
    """How takes are checked."""

    asr_model: str = "tiny.en"
    """Whisper model for speech recognition: a name, or a folder with a CTranslate2 model; tiny.en needs no download."""
    second_asr_model: str = "base"
    """Whisper model that takes in doubt are checked with once more, so that a word counts as missing or changed only if
    both find it so: base, which needs no download, another name, or a folder; empty for no second opinion."""


class RetrySettings(SettingsGroup):
    """What is tried, in this order, for a chunk whose take was rejected."""

    trim: Annotated[bool, Option("--retry-trim")] = True
    """Trim off what follows the last word, if the text itself was spoken completely."""
    attempts: int = Field(default=3, ge=1, le=20)
    """Most takes of the whole chunk: the first, then with new seeds, from the third on with safer sampling."""
    patch: Annotated[int, Option("--retry-patch")] = Field(default=1, ge=0, le=5)
    """Most attempts to replace only the doubtful sentences of a take by new ones."""
    split: Annotated[int, Option("--retry-split")] = Field(default=1, ge=0, le=5)
    """Most attempts to synthesise each sentence by itself and join them."""
    engine: Annotated[str, Option("--retry-engine")] = "none"
    """Fallback engine for the chunks that no other step repaired: an engine's name, or none."""


class EngineSettings(SettingsGroup):
    """Which engine synthesises the speech."""

    kind: Annotated[str, Option("--engine", common=True)] = "auto"
    """Speech engine: narrator (built in), gguf, transformers or vllm (the model Maya1, on llama.cpp, torch or vLLM), or
    one that another package adds; auto uses Maya1 if it is installed and fast enough on this machine, else the
    narrator."""


class MayaSettings(SettingsGroup):
    """Maya1: model, voice, sampling and hardware."""

    model: Annotated[str, Option(common=True)] = ""
    """Maya1 model: a name from `mayabook models list`, a folder or a .gguf file; empty for the first one installed."""
    format: str = ""
    """Weight format: of GGUF files, such as Q8_0, or of a quantised checkpoint, such as GPTQ; empty for the best GGUF
    file that fits into memory, or the checkpoint as it is."""
    voice: Annotated[str, Option(common=True)] = "storyteller"
    """Voice: a name from `mayabook voices`; for Maya1 also fields, "gender=male accent=british", or a description in
    words."""
    anchor: Annotated[str, Option(common=True)] = "auto"
    """What keeps the speaker the same: with auto every take continues one accepted take of the voice; with the path of
    an audio file, that recording, so that its voice is imitated; with none, every take stands alone."""
    anchor_text: str = ""
    """Text of the recording that anchor names, word for word."""
    preset: str = ""
    """Preset of sampling settings: maya-official, mayabook, safer, original-gguf or original-transformers; empty for
    the preset that the job began with, which in a new job is maya-official without its token cap."""
    temperature: float | None = Field(default=None, ge=0, le=5)
    """Sampling temperature, in place of the preset's; 0 takes the likeliest token."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Probability mass that top-p (nucleus) sampling keeps, in place of the preset's; 1 turns it off."""
    top_k: int | None = Field(default=None, ge=0)
    """Likeliest tokens that top-k sampling keeps, in place of the preset's; 0 turns it off."""
    min_p: float | None = Field(default=None, ge=0, le=1)
    """Least probability that min-p sampling keeps, as a share of the likeliest token's, in place of the preset's; 0
    turns it off."""
    repetition_penalty: float | None = Field(default=None, gt=0, le=10)
    """Repetition penalty, in place of the preset's; 1 turns it off."""
    penalty_window: Annotated[int, Field(ge=0)] | Literal["all"] | None = None
    """How many of the newest tokens the repetition penalty applies to, or all; in place of the preset's."""
    max_tokens: int | None = Field(default=None, ge=0)
    """Token cap of a take, in place of the preset's; 0 derives it from the length of the text."""
    tokens_per_character: float = Field(default=8.0, ge=0, le=100)
    """Tokens for each character of the text after which a take is aborted as runaway speech; 0 waits for the token
    cap."""
    warm_up: Literal["auto", "keep", "trim"] = "auto"
    """The first 85 ms of a take, where the codec may put a noise: auto cuts them off unless they are speech or
    silence, trim always (as Maya1's own server does), keep never."""
    bos: Literal["once", "twice"] = "twice"
    """Begin-of-text tokens at the start of the prompt: once, or twice as on Maya1's own server."""
    slots: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """Rows of the batch, that is takes generated at once; auto opens as many as fit into memory."""
    context: int = Field(default=4096, ge=256, le=131072)
    """Most tokens of a take, prompt and speech together: the length of the KV cache of each batch row."""
    threads: int = Field(default=0, ge=0, le=1024)
    """CPU threads of llama.cpp; 0 uses one per core, and fewer for a small model."""
    gpu_layers: int = Field(default=-1, ge=-1)
    """Layers that llama.cpp offloads to a GPU; -1 for all."""
    flash_attention: Literal["auto", "on", "off"] = "auto"
    """Flash attention in llama.cpp; auto turns it on for a GPU, and for a q8_0 cache, which needs it."""
    kv_type: Literal["f16", "f32", "q8_0"] = "f16"
    """Data type of llama.cpp's KV cache."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device that transformers and vLLM compute on; auto uses a GPU if there is one."""
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    """Data type that transformers and vLLM compute in; auto uses float32 on a CPU, and on a GPU what it supports
    natively."""
    quantisation: Literal["none", "nf4", "nf4-double", "fp4", "fp4-double"] = "none"
    """Quantisation by bitsandbytes, applied to a transformers checkpoint when it is loaded."""


class NarratorSettings(SettingsGroup):
    """The CPU narrator."""

    voice: Annotated[str, Option(common=True)] = "heart"
    """Voice of the CPU narrator: a name from `mayabook voices`."""
    speed: Annotated[float, Option(common=True)] = Field(default=1.0, ge=0.5, le=2.0)
    """Speed of speech; 1 is the voice's own."""
    workers: int = Field(default=0, ge=0, le=256)
    """Worker processes, each of which synthesises one take at a time; 0 starts one for every two cores."""


class MasterSettings(SettingsGroup):
    """Pauses, loudness and files of the audiobook."""

    pause_sentence: float = Field(default=0.25, ge=0, le=10)
    """Seconds of silence after a chunk that ends inside a paragraph."""
    pause_paragraph: float = Field(default=0.45, ge=0, le=10)
    """Seconds of silence after a paragraph."""
    pause_scene: float = Field(default=1.5, ge=0, le=30)
    """Seconds of silence at a scene break."""
    pause_heading: float = Field(default=0.9, ge=0, le=30)
    """Seconds of silence after a heading."""
    pause_chapter: float = Field(default=2.0, ge=0, le=60)
    """Seconds of silence after a chapter."""
    loudness: Annotated[float, Option(common=True)] = Field(default=-19.0, ge=-40, le=-5)
    """Integrated loudness of the whole book in LUFS (EBU R128, mono)."""
    true_peak: float = Field(default=-3.0, ge=-20, le=0)
    """Highest true peak in dBTP."""
    bitrate: int = Field(default=64, ge=24, le=320)
    """Bit rate of the lossy formats in kbit/s."""
    captions: Annotated[Literal["none", "srt", "vtt"], Option(common=True)] = "none"
    """File of captions beside the audiobook, with one caption for each chunk."""
    split: Annotated[bool, Option(common=True)] = False
    """Write one file per chapter into a folder instead of a single file."""


RENAMED_TABLES = {"ladder": "retry"}
"""Old name of a settings table -> its name today. Settings files and jobs with the old one are read for one version."""


class Settings(SettingsGroup):
    """All settings, as in a settings file: one table for each field.

    Tables with other names are those of engines in other packages. They are kept as they are here, and checked by
    `mayabook.engines.registry.check_settings`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Any]]

    book: BookSettings = BookSettings()
    script: ScriptSettings = ScriptSettings()
    engine: EngineSettings = EngineSettings()
    maya: MayaSettings = MayaSettings()
    narrator: NarratorSettings = NarratorSettings()
    checks: CheckSettings = CheckSettings()
    retry: RetrySettings = RetrySettings()
    master: MasterSettings = MasterSettings()

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, tables: Any) -> Any:
        return _with_new_names(tables) if isinstance(tables, dict) else tables

    @property
    def other_tables(self) -> Mapping[str, Mapping[str, Any]]:
        """Tables of engines in other packages, unchecked."""
        return self.__pydantic_extra__

    def table(self, name: str) -> SettingsGroup | Mapping[str, Any]:
        """The table of that name; an empty one where it is not given."""
        own: SettingsGroup | None = getattr(self, name) if name in type(self).model_fields else None
        return own if own is not None else self.other_tables.get(name, {})


def _with_new_names(tables: dict[str, Any]) -> dict[str, Any]:
    return {
        RENAMED_TABLES.get(name, name): values.model_dump()
        if isinstance(values, SettingsGroup) and name not in Settings.model_fields
        else values
        for name, values in tables.items()
    }


def load_settings(
    file: Path | None, overrides: Mapping[str, Mapping[str, Any]], progress: Listener = ignore
) -> Settings:
    """Defaults, then `file`, then `overrides` (table -> name -> value; None means not given).

    progress: is called with a Note for each old name in `file`. Raises SettingsError with the offending name and what
    it takes.
    """
    tables: dict[str, Any] = {}
    if file is not None:
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"Cannot read the settings file {file} ({error}); correct it or leave it out."
            ) from error
        for old in RENAMED_TABLES.keys() & written:
            new = RENAMED_TABLES[old]
            advice = f"Rename the table [{old}] in {file} to [{new}]: the old name is accepted in this version only."
            progress(Note(advice))
        tables = _with_new_names(written)
        for table, values in tables.items():
            if not isinstance(values, dict):
                raise SettingsError(f"{file} sets {table!r} outside of any table; move it below its [table].")
    for table, values in overrides.items():
        given = {name: value for name, value in values.items() if value is not None}
        tables[table] = {**tables.get(table, {}), **given}
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        first, *names = error.errors()[0]["loc"]
        table = str(first)
        model = Settings.model_fields[table].annotation
        assert isinstance(model, type)
        assert issubclass(model, SettingsGroup)
        raise SettingsError(_explain(table, model, names, error)) from error


def validate_table(table: str, model: type[Group], values: object) -> Group:
    """The values of one table as its settings model. Raises SettingsError with the offending name and what it takes."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(table, model, error.errors()[0]["loc"], error)) from error


def _explain(table: str, model: type[SettingsGroup], names: Sequence[int | str], error: ValidationError) -> str:
    """One line: the setting, what it was given, and what it takes. names: where in the table the first error is."""
    fields = {field.name: field for field in setting_fields(table, model)}
    name = str(names[0])
    if name not in fields:
        return unknown_name(f"setting {table}.{name}", name, list(fields))
    field, given = fields[name], error.errors()[0]["input"]
    return f"Setting {field.full_name} (option {field.flag}) is {given!r}; it must be {field.accepted}."


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """A message that suggests the known name nearest to `name`, or lists them all. what: the unknown thing, as named in
    the message."""
    near = difflib.get_close_matches(name, known, 1)
    advice = f"did you mean {near[0]!r}?" if near else f"choose one of: {', '.join(known)}."
    return f"Unknown {what}; {advice}"
