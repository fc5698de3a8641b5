"""The engines that run Maya1, described for the registry: gguf (llama.cpp) and transformers (PyTorch)."""

import importlib.util
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from mayabook.core.byte_size import format_bytes
from mayabook.core.emotion_tags import EMOTION_TAGS
from mayabook.core.errors import EngineError, ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.settings import MayaSettings
from mayabook.engines.engine import Engine
from mayabook.engines.hardware import free_memory, gpus
from mayabook.engines.maya_tuning import maya_factors
from mayabook.engines.plugin import EngineChoice, EngineContext, EnginePlugin, Voice
from mayabook.engines.sampler_settings import DEFAULT_PRESET, FORMER_PRESET, SamplerSettings, preset
from mayabook.engines.slot_count import MemoryNeed, choose_slots, slots_that_fit
from mayabook.engines.slot_decoder import IDLE, SlotDecoder
from mayabook.engines.tuning import Factor, Level
from mayabook.maya import voices
from mayabook.maya.defaults import default
from mayabook.maya.prompt import with_full_stop
from mayabook.maya.saved_voices import saved_names
from mayabook.maya.token_layout import SAMPLE_RATE, TOKENS_PER_SECOND
from mayabook.maya.voice_fields import characters_per_second, note_on_training
from mayabook.models.gguf_formats import PREFERENCE
from mayabook.models.store import ModelFiles, find, installed

if TYPE_CHECKING:
    from mayabook.core.take import Sampling
    from mayabook.engines.checkpoint import DType
    from mayabook.engines.gguf_decoder import GgufDecoder
    from mayabook.engines.scheduler import TokenSampler
    from mayabook.engines.transformers_decoder import TransformersDecoder

    Decoder = GgufDecoder | TransformersDecoder

MAX_SLOTS = {"cpu": 16, "gpu": 64}
"""Most slots that `slots = "auto"` opens; more of them gain little (bench/engines.py)."""
MAX_SECONDS: float = default("max_seconds")
"""Most seconds of speech in a chunk."""
_PROBE_STEPS = 3
_LOGITS = 4 << 20
"""Bytes of logits and compute buffers for each slot, with Maya1's vocabulary."""


class MayaPlugin(EnginePlugin[MayaSettings]):
    """What both Maya1 engines share; each subclass chooses the weights and opens a decoder for them."""

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

        return measure_real_time_factor(engine.decoder) if isinstance(engine, MayaEngine) else None

    def tuning_factors(self, settings: MayaSettings) -> Sequence[Factor]:
        device = "gpu" if self._uses_gpu(settings) else "cpu"
        return maya_factors(self._format_levels(find(settings.model or _only_model()), settings), device)

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
        name = settings.model or (earlier.model if earlier else "") or _only_model()
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
        decoder, sampler = self._open_decoder(files, weights, format, settings, n_slots, context)
        try:
            engine = MayaEngine(
                self.name,
                decoder,
                decoder.tokenizer,
                sampler,
                open_codec(files.codec, decoder.layout, "cuda" if "cuda" in decoder.device.lower() else "cpu"),
                voice=voice,
                credit=f"{settings.voice if settings.voice in voices.voices() else 'a described voice'} ({files.name})",
                settings=sampling,
                bos=settings.bos,
                tokens_per_character=settings.tokens_per_character,
                warm_up=settings.warm_up,
            )
        except BaseException:
            decoder.close()
            raise
        chosen = {"kind": self.name, "model": name, "format": format, "slots": decoder.n_slots}
        return engine, begun.model_copy(update=chosen)

    def _missing(self, files: ModelFiles) -> str | None:
        """Why the model cannot run on this engine, None if it can."""
        return self._missing_weights(files) or super().unavailable_reason(MayaSettings())

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
    def _open_decoder(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[Decoder, TokenSampler]":
        """Loads the weights. format: as `_weights` gave it. n_slots: 0 for as many as memory holds."""


class GgufPlugin(MayaPlugin):
    name = "gguf"
    description = "Maya1 as a GGUF file on llama.cpp: quantised, on CPU or GPU"
    packages = ("llama_cpp",)
    install = "mayabook[gguf]"

    def auto_priority(self, settings: MayaSettings) -> int:
        return 20

    def installation(self) -> Mapping[str, str]:
        return {"llama.cpp": _llama(), "Maya1 models": _models()}

    def _missing_weights(self, files: ModelFiles) -> str | None:
        return None if files.ggufs else f"it has no GGUF file; make one: mayabook models quantize {files.name} Q4_K_M"

    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        format = settings.format or earlier
        if format and format not in files.ggufs:
            raise ModelError(
                f"{files.name} is installed in {', '.join(files.ggufs)}, not in {format}; "
                f"make it: mayabook models quantize {files.name} {format}"
            )
        chosen = format or _best_that_fits(files.ggufs, settings, context)
        return chosen, files.ggufs[chosen]

    def _uses_gpu(self, settings: MayaSettings) -> bool:
        return _llama_uses_gpu(settings)

    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        chosen = _best_that_fits(files.ggufs, settings, EngineContext())
        others = [name for name in _fitting(files.ggufs, settings) if name != chosen]
        return [Level(name, {"engine": {"kind": self.name}, "maya": {"format": name}}) for name in (chosen, *others)]

    def fingerprint(self, settings: MayaSettings) -> str:
        return fingerprint([self._weights(find(settings.model or _only_model()), settings, "", EngineContext())[1]])

    def _open_decoder(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[Decoder, TokenSampler]":
        from mayabook.engines.gguf_decoder import GgufDecoder
        from mayabook.engines.sampler import Sampler
        from mayabook.maya.tokenizer import read_tags

        on_gpu = _llama_uses_gpu(settings)
        need = MemoryNeed(weights.stat().st_size, _bytes_per_slot(weights, settings))
        slots = _slots(n_slots, need, on_gpu=on_gpu, context=context)
        folder = files.checkpoint or files.metadata
        decoder = GgufDecoder(
            weights,
            slots,
            settings.context,
            gpu_layers=settings.gpu_layers,
            flash_attention=settings.flash_attention,
            kv_type=settings.kv_type,
            n_threads=settings.threads,
            tags=None if folder is None else read_tags(folder),
        )
        if gpus() and not _llama_offloads():
            context.note(
                f"This llama.cpp was built for the CPU only and does not use the GPU ({gpus()[0].name}); to use it: "
                "CMAKE_ARGS=-DGGML_CUDA=on pip install --force-reinstall --no-binary :all: llama-cpp-python"
            )
        elif on_gpu:
            context.note(f"llama.cpp: {decoder.gpu_layers} of {decoder.n_layers} layers on the GPU")
        return decoder, Sampler(decoder.layout, slots)


class TransformersPlugin(MayaPlugin):
    name = "transformers"
    description = "Maya1 as a checkpoint on PyTorch: full precision or four bits, on CPU or GPU"
    packages = ("torch", "transformers")
    install = "mayabook[transformers]"

    def auto_priority(self, settings: MayaSettings) -> int:
        """Higher than gguf's only if there is a GPU that PyTorch can use and the installed llama.cpp cannot."""
        is_ready = self.unavailable_reason(settings) is None and importlib.util.find_spec("llama_cpp") is not None
        return 30 if is_ready and gpus() and not _llama_offloads() and _cuda() else 10

    def installation(self) -> Mapping[str, str]:
        return {"torch": _torch(), "Maya1 models": _models()}

    def _missing_weights(self, files: ModelFiles) -> str | None:
        return "it has no checkpoint folder" if files.checkpoint is None else None

    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        from mayabook.engines.devices import choose_device, choose_dtype

        assert files.checkpoint is not None
        dtype = cast("DType", earlier) if earlier and settings.dtype == "auto" else settings.dtype
        return choose_dtype(dtype, choose_device(settings.device)), files.checkpoint

    def _uses_gpu(self, settings: MayaSettings) -> bool:
        return settings.device != "cpu" and _cuda()

    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        from mayabook.engines.devices import choose_device, choose_dtype, native_dtypes

        assert files.checkpoint is not None
        device = choose_device(settings.device)
        chosen = choose_dtype(settings.dtype, device)
        names = [chosen, *(name for name in native_dtypes(device) if name not in (chosen, "float32"))]
        levels = [Level(name, {"engine": {"kind": self.name}, "maya": {"dtype": name}}) for name in names]
        if self._uses_gpu(settings) and importlib.util.find_spec("bitsandbytes") is not None:
            levels.append(Level("NF4", {"engine": {"kind": self.name}, "maya": {"quantisation": "nf4"}}))
        free = _free(on_gpu=self._uses_gpu(settings))
        fitting = [
            level
            for level in levels
            if slots_that_fit(free, self._need(files.checkpoint, settings.model_copy(update=level.changes["maya"])))
        ]
        return fitting or levels[:1]

    def fingerprint(self, settings: MayaSettings) -> str:
        from mayabook.engines.checkpoint import Checkpoint

        files = find(settings.model or _only_model())
        if files.checkpoint is None:
            raise ModelError(f"{files.name} cannot run on {self.name}: {self._missing_weights(files)}.")
        return fingerprint(Checkpoint.read(files.checkpoint).identifying())

    def _need(self, checkpoint: Path, settings: MayaSettings) -> MemoryNeed:
        from mayabook.engines.devices import choose_device, choose_dtype
        from mayabook.engines.transformers_decoder import kv_bytes_per_slot, weight_bytes

        dtype = cast("DType", choose_dtype(settings.dtype, choose_device(settings.device)))
        return MemoryNeed(
            weight_bytes(checkpoint, dtype, settings.quantisation, settings.device),
            kv_bytes_per_slot(checkpoint, settings.context, dtype, settings.device) + _LOGITS,
        )

    def _open_decoder(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[Decoder, TokenSampler]":
        from mayabook.engines.sampler import Sampler
        from mayabook.engines.torch_sampler import TorchSampler
        from mayabook.engines.transformers_decoder import TransformersDecoder

        dtype = cast("DType", format)
        need = self._need(weights, settings.model_copy(update={"dtype": dtype}))
        slots = _slots(n_slots, need, on_gpu=self._uses_gpu(settings), context=context)
        decoder = TransformersDecoder(
            weights,
            slots,
            settings.context,
            dtype=dtype,
            quantisation=settings.quantisation,
            device=settings.device,
        )
        for note in decoder.notes:
            context.note(note)
        device = decoder.logits.device
        if device.type == "cpu":  # NumPy reads the same memory, and is faster there
            return decoder, Sampler(decoder.layout, slots)
        return decoder, TorchSampler(decoder.layout, slots, device)


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


def _best_that_fits(ggufs: Mapping[str, Path], settings: MayaSettings, context: EngineContext) -> str:
    """The format to read with, the smallest where none fits."""
    names = _by_preference(ggufs)
    if len(names) == 1:
        return names[0]
    fitting = _fitting(ggufs, settings)
    if fitting and fitting[0] != names[0]:
        free = format_bytes(_free(on_gpu=_llama_uses_gpu(settings)))
        context.note(f"{names[0]} does not fit into {free} of memory: using {fitting[0]}.")
    return fitting[0] if fitting else min(names, key=lambda name: ggufs[name].stat().st_size)


def _by_preference(ggufs: Mapping[str, Path]) -> list[str]:
    return list(dict.fromkeys(name for name in (*PREFERENCE, *ggufs) if name in ggufs))


def _fitting(ggufs: Mapping[str, Path], settings: MayaSettings) -> list[str]:
    """The formats that fit into memory, the preferred one first."""
    names = _by_preference(ggufs)
    free, per_slot = _free(on_gpu=_llama_uses_gpu(settings)), _bytes_per_slot(ggufs[names[0]], settings)
    return [name for name in names if slots_that_fit(free, MemoryNeed(ggufs[name].stat().st_size, per_slot))]


def _bytes_per_slot(weights: Path, settings: MayaSettings) -> int:
    from mayabook.engines.gguf_decoder import kv_bytes_per_slot

    return kv_bytes_per_slot(weights, settings.context, settings.kv_type) + _LOGITS


def _llama_uses_gpu(settings: MayaSettings) -> bool:
    return bool(gpus()) and _llama_offloads() and settings.gpu_layers != 0


def _free(*, on_gpu: bool) -> int:
    """Bytes of free memory where the model is going to be."""
    return gpus()[0].free if on_gpu else free_memory()


def _slots(n_slots: int, need: MemoryNeed, *, on_gpu: bool, context: EngineContext) -> int:
    free = _free(on_gpu=on_gpu)
    slots, note = choose_slots(n_slots, free, need, MAX_SLOTS["gpu" if on_gpu else "cpu"])
    if note:
        context.note(note)
    return slots


def _only_model() -> str:
    here = installed()
    if not here:
        raise ModelError("No Maya1 model is installed; get one with `mayabook models pull`, or give one with --model.")
    return here[0].name


def _llama_offloads() -> bool:
    from mayabook.models.llama_api import build

    return build()[1]


def _cuda() -> bool:
    if not importlib.util.find_spec("torch"):
        return False
    import torch

    return bool(torch.cuda.is_available())


def _llama() -> str:
    try:
        from mayabook.models.llama_api import build
    except EngineError as error:
        return str(error)
    version, offloads = build()
    if offloads:
        return f"{version}, built with GPU support"
    return f"{version}, built for the CPU only{', although this machine has a GPU' if gpus() else ''}"


def _torch() -> str:
    try:
        import torch
    except ImportError:
        return "not installed: pip install 'mayabook[transformers]'"
    from mayabook.engines.devices import choose_device, device_name, native_dtypes

    device = choose_device("auto")
    return f"{torch.__version__} on {device_name(device)}, computes {', '.join(native_dtypes(device))} natively"


def _models() -> str:
    here = [f"{files.name} ({', '.join(_parts(files))})" for files in installed()]
    return "; ".join(here) or "none; get one: mayabook models pull"


def _parts(files: ModelFiles) -> list[str]:
    tuned = ["tuning profile"] if files.profile_file and files.profile_file.is_file() else []
    return [*(["checkpoint"] if files.checkpoint else []), *files.ggufs, *(["codec"] if files.codec else []), *tuned]
