"""What all engines that run Maya1 share as plug-ins: settings, voices, sampler, and how many slots fit into memory."""

import importlib.util
import time
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.errors import ModelError
from mayabook.core.hardware import free_memory, gpus
from mayabook.core.settings import MayaSettings
from mayabook.engines.engine import Engine
from mayabook.engines.maya_tuning import maya_factors
from mayabook.engines.plugin import EngineChoice, EngineContext, EnginePlugin, Voice
from mayabook.engines.sampler_settings import DEFAULT_PRESET, FORMER_PRESET, SamplerSettings, preset
from mayabook.engines.slot_count import MemoryNeed, choose_slots
from mayabook.engines.slot_decoder import IDLE, SlotDecoder
from mayabook.engines.tuning import Factor, Level
from mayabook.maya import voices
from mayabook.maya.defaults import default
from mayabook.maya.prompt import with_full_stop
from mayabook.maya.saved_voices import saved_names
from mayabook.maya.token_layout import SAMPLE_RATE, TOKENS_PER_SECOND
from mayabook.maya.voice_fields import characters_per_second, note_on_training
from mayabook.models.store import ModelFiles, find, installed

if TYPE_CHECKING:
    from mayabook.core.take import Sampling
    from mayabook.engines.scheduler import CodeGenerator
    from mayabook.maya.prompt import Tokenizer

MAX_SLOTS = {"cpu": 16, "gpu": 64}
"""Most slots that `slots = "auto"` opens; more of them gain little (bench/engines.py)."""
MAX_SECONDS: float = default("max_seconds")
"""Most seconds of speech in a chunk."""
LOGITS_BYTES = 4 << 20
"""Of logits and compute buffers for each slot, with Maya1's vocabulary."""
_PROBE_STEPS = 3


class MayaPlugin(EnginePlugin[MayaSettings]):
    """What all Maya1 engines share; each subclass chooses the weights and opens a generator of codes for them."""

    settings_table = "maya"
    settings_model = MayaSettings
    model = "Maya1"
    sample_rate = SAMPLE_RATE
    emotion_tags = EMOTION_TAGS

    def unavailable_reason(self, settings: MayaSettings) -> str | None:
        """Raises ModelError where the settings name a model that does not exist."""
        here = [find(settings.model)] if settings.model else installed()
        if not here:
            return "no Maya1 model is installed; get one: mayabook models pull"
        missing = self._missing(here[0])
        return f"{here[0].name} is installed, but {missing}" if missing else None

    def is_requested(self, settings: MayaSettings) -> bool:
        return bool(settings.model)

    def voices(self) -> Sequence[Voice]:
        presets = [Voice("maya1", voice.name, voice.genre, voice.description) for voice in voices.voices().values()]
        return [*presets, *(Voice("maya1", name, "saved", voices.describe(name)) for name in saved_names())]

    def real_time_factor(self, engine: Engine) -> float | None:
        from mayabook.engines.maya_engine import MayaEngine
        from mayabook.engines.scheduler import SlotScheduler

        if isinstance(engine, MayaEngine) and isinstance(engine.generator, SlotScheduler):
            return measure_real_time_factor(engine.generator.decoder)
        return None

    def tuning_factors(self, settings: MayaSettings) -> Sequence[Factor]:
        device = "gpu" if self._uses_gpu(settings) else "cpu"
        return maya_factors(self._format_levels(find(settings.model or only_model()), settings), device)

    def profile_file(self, settings: MayaSettings) -> Path | None:
        if settings.model:
            return find(settings.model).profile_file
        here = installed()
        return here[0].profile_file if here else None

    def request_sampling(self, settings: MayaSettings) -> "Sampling":
        return sampler_settings(settings).as_sampling()

    def open(self, settings: MayaSettings, context: EngineContext) -> tuple[Engine, EngineChoice]:
        from mayabook.engines.maya_engine import MayaEngine
        from mayabook.maya.codec import open_codec

        earlier = context.earlier
        name = settings.model or (earlier.model if earlier else "") or only_model()
        files = find(name)
        missing = self._missing(files)
        if missing is not None:
            raise ModelError(f"{files.name} cannot run on {self.name}: {missing}.")
        voice = _describe(settings.voice, files, context)
        begun = earlier or EngineChoice(
            kind=self.name,
            preset=DEFAULT_PRESET,
            voice_presets=voices.VERSION,
            max_seconds=MAX_SECONDS,
            characters_per_second=characters_per_second(voice),
        )
        format, weights = self._weights(files, settings, begun.format if begun.kind == self.name else "", context)
        if files.codec is None:
            raise ModelError(f"{files.name} has no codec; import it: mayabook models import FOLDER --name {files.name}")
        sampling = sampler_settings(settings, begun.preset or FORMER_PRESET)
        n_slots = settings.slots if isinstance(settings.slots, int) else begun.slots
        codec_device = "cuda" if self._uses_gpu(settings) and torch_has_cuda() else "cpu"
        generator, tokenizer = self._open_generator(files, weights, format, settings, n_slots, context)
        try:
            engine = MayaEngine(
                self.name,
                generator,
                tokenizer,
                open_codec(files.codec, generator.layout, codec_device),
                voice=voice,
                credit=f"{settings.voice if settings.voice in voices.voices() else 'a described voice'} ({files.name})",
                settings=sampling,
                bos=settings.bos,
                tokens_per_character=settings.tokens_per_character,
                warm_up=settings.warm_up,
            )
        except BaseException:
            generator.close()
            raise
        chosen = {"kind": self.name, "model": name, "format": format, "slots": generator.n_slots}
        return engine, begun.model_copy(update=chosen)

    def _missing(self, files: ModelFiles) -> str | None:
        """Why the model cannot run on this engine, None if it can."""
        return self._missing_weights(files) or self._missing_packages()

    def _missing_packages(self) -> str | None:
        """The library that is not installed, and how to install it; None if all are here."""
        return super().unavailable_reason(MayaSettings())

    @abstractmethod
    def _missing_weights(self, files: ModelFiles) -> str | None: ...

    @abstractmethod
    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        """Weight format (of a checkpoint the dtype that it computes in), and the file or folder of the weights.

        earlier: the format of an earlier run of the same job, which the settings may override; empty if there was none.
        """

    @abstractmethod
    def _uses_gpu(self, settings: MayaSettings) -> bool:
        """Whether the decoder computes on a GPU."""

    @abstractmethod
    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        """The weight formats that are installed and fit into memory, the default first."""

    @abstractmethod
    def _open_generator(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[CodeGenerator, Tokenizer]":
        """Loads the weights. format: as `_weights` gave it. n_slots: 0 for as many as memory holds."""


def sampler_settings(settings: MayaSettings, unless_named: str = DEFAULT_PRESET) -> SamplerSettings:
    """The sampler preset, with the values that the settings give in its place.

    unless_named: the preset where the settings name none; then the length of the text caps a take, not the preset.
    """
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "penalty_window", "max_tokens")
    given = {name: value for name in names if (value := getattr(settings, name)) is not None}
    by_default = {} if settings.preset else {"max_tokens": default("max_tokens")}
    return SamplerSettings.of({**preset(settings.preset or unless_named).as_sampling(), **by_default, **given})


def measure_real_time_factor(decoder: SlotDecoder) -> float:
    """Seconds of speech per second of decoding with all slots busy, measured on a few steps."""
    tokens = np.full(decoder.n_slots, IDLE, np.int32)
    decoder.step(tokens)
    started = time.perf_counter()
    for _ in range(_PROBE_STEPS):
        decoder.step(tokens)
    seconds = (time.perf_counter() - started) / _PROBE_STEPS
    return decoder.n_slots / seconds / TOKENS_PER_SECOND


def _describe(voice: str, files: ModelFiles, context: EngineContext) -> str:
    """The description of a voice, with a note on what the model was not trained on in a new job."""
    own = files.voices()
    description = voices.describe(voice, context.earlier.voice_presets if context.earlier else voices.VERSION, own)
    note = "" if context.earlier or voice in own else note_on_training(with_full_stop(description))
    if note:
        context.note(note)
    return description


def free_bytes(*, on_gpu: bool) -> int:
    """Bytes of free memory where the model is going to be."""
    return gpus()[0].free if on_gpu else free_memory()


def fitting_slots(n_slots: int, need: MemoryNeed, *, on_gpu: bool, context: EngineContext) -> int:
    free = free_bytes(on_gpu=on_gpu)
    slots, note = choose_slots(n_slots, free, need, MAX_SLOTS["gpu" if on_gpu else "cpu"])
    if note:
        context.note(note)
    return slots


def torch_has_cuda() -> bool:
    """Whether PyTorch is installed and sees a GPU."""
    if not importlib.util.find_spec("torch"):
        return False
    import torch

    return bool(torch.cuda.is_available())


def only_model() -> str:
    here = installed()
    if not here:
        raise ModelError("No Maya1 model is installed; get one with `mayabook models pull`, or give one with --model.")
    return here[0].name


def installed_models() -> str:
    here = [f"{files.name} ({', '.join(_parts(files))})" for files in installed()]
    return "; ".join(here) or "none; get one: mayabook models pull"


def _parts(files: ModelFiles) -> list[str]:
    tuned = ["tuning profile"] if files.profile_file and files.profile_file.is_file() else []
    return [
        *(["checkpoint"] if files.checkpoint else []),
        *files.quantised,
        *files.ggufs,
        *(["codec"] if files.codec else []),
        *tuned,
    ]
